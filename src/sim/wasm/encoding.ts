/** The binary format of WebAssembly (core specification 2.0, section 5): numbers, sections, whole modules. */

export const types = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const
export type ValueType = keyof typeof types

/** An unsigned number in 7-bit groups, the lowest first. */
export const unsignedLeb = (value: number): number[] => {
  const bytes: number[] = []
  let rest = value
  do {
    const low = rest & 127
    rest >>>= 7
    bytes.push(rest ? low | 128 : low)
  } while (rest)
  return bytes
}

export const signedLeb = (value: bigint): number[] => {
  const bytes: number[] = []
  for (let rest = value; ; ) {
    const low = Number(rest & 127n)
    rest >>= 7n
    const done = (rest === 0n && !(low & 64)) || (rest === -1n && (low & 64) !== 0)
    bytes.push(done ? low : low | 128)
    if (done) return bytes
  }
}

/** A function of a module: what it takes and gives, its local variables beyond that, its instructions. */
export interface FunctionCode {
  readonly parameters: readonly ValueType[]
  readonly results: readonly ValueType[]
  readonly locals: readonly ValueType[]
  readonly code: readonly number[]
}

const section = (id: number, body: readonly number[]): number[] => [id, ...unsignedLeb(body.length), ...body]
const text = (value: string): number[] => [...unsignedLeb(value.length), ...new TextEncoder().encode(value)]
const vector = (items: readonly (readonly number[])[]): number[] => [...unsignedLeb(items.length), ...items.flat()]

/** What a module shows, and how it takes its memory. */
export interface ModuleOptions {
  /** Indices of exported functions by name; the last function as `run` unless given. */
  readonly exports?: Readonly<Record<string, number>>
  /** Most pages of a memory that threads share; without it memory belongs to one. */
  readonly sharedPages?: number
}

/**
 * A module that imports `host.memory` and `host.failed`, a function of two i32, which is function 0; its own functions are 1
 * and up.
 */
export const moduleOf = (
  functions: readonly FunctionCode[],
  { exports = { run: functions.length }, sharedPages }: ModuleOptions = {},
): Uint8Array<ArrayBuffer> => {
  const signature = ({ parameters, results }: Pick<FunctionCode, 'parameters' | 'results'>): number[] => [
    0x60,
    ...vector(parameters.map((type) => [types[type]])),
    ...vector(results.map((type) => [types[type]])),
  ]
  const failed = signature({ parameters: ['i32', 'i32'], results: [] })
  const head = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([failed, ...functions.map(signature)])),
    ...section(
      2,
      vector([
        [...text('host'), ...text('failed'), 0, 0],
        [
          ...text('host'),
          ...text('memory'),
          2,
          ...(sharedPages === undefined ? [0, 1] : [3, 1, ...unsignedLeb(sharedPages)]),
        ],
      ]),
    ),
    ...section(3, vector(functions.map((_, k) => unsignedLeb(k + 1)))),
    ...section(7, vector(Object.entries(exports).map(([name, index]) => [...text(name), 0, ...unsignedLeb(index)]))),
  ]
  const bodies = functions.map(({ locals, code }) => {
    const declared = vector(runs(locals).map(([type, count]) => [...unsignedLeb(count), types[type]]))
    return { length: declared.length + code.length, declared, code }
  })
  const count = unsignedLeb(functions.length)
  const size = bodies.reduce((sum, { length }) => sum + unsignedLeb(length).length + length, count.length)
  const parts: (readonly number[])[] = [head, [10, ...unsignedLeb(size), ...count]]
  for (const { length, declared, code } of bodies) parts.push(unsignedLeb(length), declared, code)
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const runs = (locals: readonly ValueType[]): [ValueType, number][] => {
  const found: [ValueType, number][] = []
  for (const type of locals) {
    const last = found[found.length - 1]
    if (last?.[0] === type) last[1]++
    else found.push([type, 1])
  }
  return found
}
