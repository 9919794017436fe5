/** What a value is, in the words of an error; nothing here knows a class, so that any other file may ask. */

/** On every signal and stream, also one of another copy of the package. */
export const signalBrand = Symbol.for('bitloom.Signal')

const kinds = { int: 'an Int', bool: 'a Bool', bits: 'Bits', fixed: 'a Fixed', enum: 'an Enum', stream: 'a Stream' }
export type Kind = keyof typeof kinds

/** The kind of a signal or stream; undefined for anything else. */
export const kindOf = (value: unknown): Kind | undefined =>
  typeof value === 'object' && value !== null && signalBrand in value && 'kind' in value
    ? (value.kind as Kind)
    : undefined

/** What was given, `a Bool`, `'idle'`, `an object`. */
export const describe = (value: unknown): string => {
  const kind = kindOf(value)
  if (kind) return kinds[kind]
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}...` : value}'`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return value.name ? `the function ${value.name}` : 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `an array of ${value.length}`
  if ('kind' in value && value.kind === 'stream' && 'tag' in value) return 'the shape of a stream'
  if ('kind' in value && 'tag' in value) return `the shape ${String(value.tag)}`
  if ('out' in value && 'module' in value) return 'a component'
  if ('then' in value && typeof value.then === 'function') return 'a promise'
  return `an object with ${Object.keys(value).join(', ') || 'nothing in it'}`
}

/** How a signal of one kind is read as one of another. */
const readings: { readonly [wanted in Kind]?: { readonly [found in Kind]?: string } } = {
  int: {
    bool: 'read it as 0 or 1 with .int()',
    bits: 'read it with .unsigned() or .signed()',
    fixed: 'its integer is .raw',
    enum: 'its code is .int()',
    stream: 'its elements are in .data',
  },
  bool: {
    int: 'compare it, as in .ne(0)',
    bits: 'ask for .any() or .bit(0)',
    fixed: 'compare it, as in .ne(0)',
    enum: 'ask which it .is()',
    stream: 'ask for .valid or .fires',
  },
  bits: {
    int: "its two's complement is .bits()",
    bool: 'read it as a field of one bit with .bits()',
    fixed: 'its integer is .bits()',
    enum: 'its code is .bits()',
    stream: 'its elements are in .data',
  },
  fixed: {
    int: 'say where its point is with asFixed()',
    bool: 'say where its point is with asFixed(x.int(), 0)',
    bits: 'read it as an integer and say where its point is with asFixed()',
    stream: 'its elements are in .data',
  },
  enum: {
    int: 'read its codes as names with .of()',
    bits: 'read its codes as names with .of()',
    bool: 'choose with mux() or when()',
  },
}
const literals: { readonly [wanted in Kind]?: string } = {
  int: 'pass an Int or a whole number',
  bool: 'pass a Bool, true or false',
  bits: 'pass Bits or a whole number',
  fixed: 'pass a Fixed or a number',
}

/** The sentence about a place that takes one kind and was given something else. */
export const wrongKind = (wanted: Kind, given: unknown, place = 'this place'): string => {
  const found = kindOf(given)
  const cure = (found && readings[wanted]?.[found]) ?? literals[wanted] ?? `pass ${kinds[wanted]}`
  return `${place} takes ${kinds[wanted]}, got ${describe(given)}; ${cure}`
}
