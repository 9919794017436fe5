import type { EnumShape } from '../../dsl/enumeration.ts'
import type { FixedShape } from '../../dsl/fixed.ts'
import type { BoolShape, RecordShape, ScalarShape, Shape, VectorShape } from '../../dsl/shape.ts'

/**
 * What reading a port gives: a flag as a boolean, an enumeration as its name, fixed point as a number, integers and fields as
 * bigints; vectors and records of these.
 */
export type ReadingOf<S> = S extends BoolShape
  ? boolean
  : S extends EnumShape<infer Name>
    ? Name
    : S extends FixedShape
      ? number
      : S extends VectorShape<infer Element>
        ? readonly ReadingOf<Element>[]
        : S extends RecordShape<infer Fields>
          ? { readonly [K in keyof Fields]: ReadingOf<Fields[K]> }
          : bigint

/** The literals of a value, scalar by scalar as `scalarsOf` lists them. */
export const flat = (name: string, shape: Shape, value: unknown): unknown[] => {
  if (shape.kind === 'vector') {
    if (!Array.isArray(value) || value.length !== shape.length)
      throw new RangeError(`'${name}' takes ${shape.length} elements, got ${shown(value)}`)
    return value.flatMap((element, k) => flat(`${name}_${k}`, shape.element, element))
  }
  if (shape.kind !== 'record') return [value]
  if (typeof value !== 'object' || value === null)
    throw new RangeError(`'${name}' takes a record of ${Object.keys(shape.fields).join(', ')}, got ${shown(value)}`)
  const given: { readonly [field: string]: unknown } = { ...value }
  return Object.entries(shape.fields).flatMap(([field, inner]) => flat(`${name}_${field}`, inner, given[field]))
}

/** The integer that goes over the wires. */
export const codeOf = (name: string, shape: ScalarShape, value: unknown): bigint => {
  const wrong = (allowed: string): RangeError => new RangeError(`'${name}' takes ${allowed}, got ${shown(value)}`)
  switch (shape.kind) {
    case 'bool':
      if (typeof value === 'boolean') return BigInt(value)
      throw wrong('true or false')
    case 'enum':
      if (typeof value === 'string' && shape.names.includes(value)) return BigInt(shape.code(value))
      throw wrong(`one of ${shape.names.join(', ')}`)
    case 'fixed': {
      if (typeof value === 'bigint') return value << BigInt(shape.fraction)
      const scaled = typeof value === 'number' ? value * 2 ** shape.fraction : Number.NaN
      if (Number.isSafeInteger(scaled)) return BigInt(scaled)
      throw wrong(`multiples of 2^-${shape.fraction}`)
    }
    default:
      if (typeof value === 'bigint') return value
      if (Number.isSafeInteger(value)) return BigInt(Number(value))
      throw wrong('an integer')
  }
}

export const readingOf = (shape: ScalarShape, code: bigint): unknown => {
  if (shape.kind === 'bool') return code === 1n
  if (shape.kind === 'enum') return shape.names[Number(code)]
  // A double times a power of two is exact, as far as 53 bits go.
  return shape.kind === 'fixed' ? Number(code) / 2 ** shape.fraction : code
}

const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' ? 'an object' : String(value)
}
