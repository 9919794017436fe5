import { moduleOf } from '../sim/wasm/encoding.ts'
import { unlessTooLarge, webAssembly, withoutSimd } from '../sim/wasm/web-assembly.ts'
import { type Local, Writer } from '../sim/wasm/writer.ts'

/** Rows of weights and tokens that are multiplied at once: eight sums and six operands stay in the 16 registers of x86. */
export const rowsTogether = 4
export const tokensTogether = 2

/** Opcodes of float32 (core specification 2.0, section 5.4). */
const [loadVector, multiplyVectors, addVectors, extractLane] = [0x00, 0xe6, 0xe4, 0x1f]
const [addFloats, storeFloat] = [0x92, 0x38]

/** A product in memory of its own: operands are written into it, sums are read out of it. */
export interface ProductKernel {
  /** Rows of weights, each of `fours` times four float32; tokens behind them, then sums. */
  readonly memory: Float32Array
  /**
   * Multiplies the four rows from float `weights` on with `pairs` times two tokens from `x` on; sums go to `y`, those of a token
   * beside one another, those of the next one `stride` floats further.
   */
  readonly run: (weights: number, x: number, y: number, fours: number, pairs: number, stride: number) => void
}

const pageBytes = 65_536

/** A kernel with memory for `floats` float32 at least; undefined where the machine has no WebAssembly SIMD, or no memory for it. */
export const productKernel = (floats: number): ProductKernel | undefined => {
  const api = webAssembly
  if (!api || withoutSimd() !== undefined) return undefined
  const memory = unlessTooLarge(() => new api.Memory({ initial: Math.ceil((4 * floats) / pageBytes) }))
  if (!memory) return undefined
  compiled ??= new api.Module(productModule())
  const { exports } = new api.Instance(compiled, { host: { memory, failed: () => {} } })
  const run = exports.run as (...words: readonly number[]) => void
  return {
    memory: new Float32Array(memory.buffer),
    run: (weights, x, y, fours, pairs, stride) => run(4 * weights, 4 * x, 4 * y, 16 * fours, pairs, 4 * stride),
  }
}

let compiled: object | undefined

/** Parameters: addresses of weights, tokens and sums; bytes of a row; pairs of tokens; bytes between sums of two tokens. */
const productModule = (): Uint8Array<ArrayBuffer> => {
  const parameters = Array.from({ length: 6 }, (_, index): Local => ({ index, type: 'i32' }))
  const [weights, x, y, row, pairs, stride] = parameters as [Local, Local, Local, Local, Local, Local]
  const writer = new Writer(parameters.length)
  const rows = Array.from({ length: rowsTogether }, () => writer.lasting('i32'))
  const tokens = Array.from({ length: tokensTogether }, () => writer.lasting('i32'))
  const left = writer.lasting('i32')
  const sums = rows.map(() => tokens.map(() => writer.lasting('v128')))
  const fourWeights = rows.map(() => writer.lasting('v128'))
  const fourActivations = writer.lasting('v128')
  /** The local gets the sum of itself, or another, and a local or number. */
  const move = (to: Local, from: Local, by: Local | number): void => {
    writer.get(from)
    if (typeof by === 'number') writer.i32(by)
    else writer.get(by)
    writer.calculate('i32', 'add')
    writer.set(to)
  }
  writer.repeat(() => {
    rows.forEach((place, at) => {
      if (at > 0) move(place, rows[at - 1]!, row)
      else move(place, weights, 0)
    })
    move(tokens[0]!, x, 0)
    move(tokens[1]!, x, row)
    move(left, row, 0)
    for (const sum of sums.flat()) {
      writer.simd(0x0c, ...new Array<number>(16).fill(0))
      writer.set(sum)
    }
    writer.repeat(() => {
      rows.forEach((place, at) => {
        writer.get(place)
        writer.simdAccess(loadVector!, 0)
        writer.set(fourWeights[at]!)
      })
      tokens.forEach((place, token) => {
        writer.get(place)
        writer.simdAccess(loadVector!, 0)
        writer.set(fourActivations)
        sums.forEach((ofRow, at) => {
          const sum = ofRow[token]!
          writer.get(sum)
          writer.get(fourWeights[at]!)
          writer.get(fourActivations)
          writer.simd(multiplyVectors!)
          writer.simd(addVectors!)
          writer.set(sum)
        })
      })
      for (const place of [...rows, ...tokens]) move(place, place, 16)
      move(left, left, -16)
      writer.get(left)
    })
    tokens.forEach((_, token) => {
      sums.forEach((ofRow, at) => {
        writer.get(y)
        const lane = (index: number): void => {
          writer.get(ofRow[token]!)
          writer.simd(extractLane!, index)
        }
        lane(0)
        lane(1)
        writer.put(addFloats!)
        lane(2)
        lane(3)
        writer.put(addFloats!)
        writer.put(addFloats!)
        writer.access(storeFloat!, 4 * at)
      })
      move(y, y, stride)
    })
    move(x, tokens[1]!, 0)
    move(pairs, pairs, -1)
    writer.get(pairs)
  })
  const types = parameters.map(({ type }) => type)
  return moduleOf([{ parameters: types, results: [], locals: writer.locals, code: [...writer.code, 0x0b] }])
}
