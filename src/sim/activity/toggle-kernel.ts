import { moduleOf } from '../wasm/encoding.ts'
import { simd } from '../wasm/simd-instructions.ts'
import { webAssembly, withoutSimd } from '../wasm/web-assembly.ts'
import { type Local, Writer } from '../wasm/writer.ts'
import { planes, planesAtHand, type ToggleKernel, type ToggleMemory } from './toggle-memory.ts'

/** Words of one vector, and its bytes. */
const [vectorWords, vectorBytes] = [4, 16]

/**
 * The kernel over four words at a time in WebAssembly; undefined where there is none. A vector that reaches beyond the last word
 * counts what is there, the next row or nothing, in places that nobody reads.
 */
export const simdKernel = (
  words: number,
  rowCapacity: number,
): { readonly memory: ToggleMemory; readonly kernel: ToggleKernel } | undefined => {
  if (withoutSimd() !== undefined) return undefined
  const padded = Math.ceil(words / vectorWords) * vectorWords
  const before = 0
  const planesAt = before + 4 * padded
  const rowsAt = planesAt + 4 * padded * planes
  const bytes = rowsAt + 4 * words * rowCapacity + vectorBytes
  const memory = new webAssembly!.Memory({ initial: Math.ceil(bytes / 65536) })
  const code = kernelCode({ before, planesAt, padded, words })
  const compiled = new webAssembly!.Module(
    moduleOf([{ parameters: ['i32', 'i32'], results: [], locals: code.locals, code: code.code }]),
  )
  const run = new webAssembly!.Instance(compiled, { host: { memory, failed: () => {} } }).exports.run as (
    row: number,
    rowCount: number,
  ) => void
  const at = (byte: number, length: number): Int32Array => new Int32Array(memory.buffer, byte, length)
  return {
    memory: {
      rows: at(rowsAt, words * rowCapacity),
      before: at(before, words),
      planes: at(planesAt, padded * planes),
    },
    kernel: (from, rowCount) => run(rowsAt + 4 * words * from, rowCount),
  }
}

interface Places {
  readonly before: number
  readonly planesAt: number
  readonly padded: number
  readonly words: number
}

/** `run(first row in bytes, rows)`. */
const kernelCode = ({ before, planesAt, padded, words }: Places): Writer => {
  const writer = new Writer(2)
  const [firstRow, rowCount]: readonly Local[] = [
    { index: 0, type: 'i32' },
    { index: 1, type: 'i32' },
  ]
  const [at, row, left] = [writer.lasting('i32'), writer.lasting('i32'), writer.lasting('i32')]
  const vector = (): Local => writer.lasting('v128')
  const [last, carry, held, next] = [vector(), vector(), vector(), vector()]
  const atHand = Array.from({ length: planesAtHand }, vector)
  const zero = (to: Local): void => {
    writer.simd(simd.constant, ...new Array<number>(vectorBytes).fill(0))
    writer.set(to)
  }
  const combine = (a: Local, b: Local, opcode: number): void => {
    writer.get(a)
    writer.get(b)
    writer.simd(opcode)
  }
  const add = (to: Local, amount: number): void => {
    writer.get(to)
    writer.i32(amount)
    writer.calculate('i32', 'add')
    writer.tee(to)
  }

  writer.i32(0)
  writer.set(at)
  writer.repeat(() => {
    writer.get(at)
    writer.simdAccess(simd.load, before)
    writer.set(last)
    for (const plane of atHand) zero(plane)
    writer.get(firstRow!)
    writer.get(at)
    writer.calculate('i32', 'add')
    writer.set(row)
    writer.get(rowCount!)
    writer.set(left)
    writer.repeat(() => {
      writer.get(row)
      writer.simdAccess(simd.load, 0)
      writer.set(next)
      combine(next, last, simd.xor)
      writer.set(carry)
      writer.get(next)
      writer.set(last)
      for (const plane of atHand) {
        combine(plane, carry, simd.and)
        combine(plane, carry, simd.xor)
        writer.set(plane)
        writer.set(carry)
      }
      add(row, 4 * words)
      writer.set(row)
      add(left, -1)
    })
    writer.get(at)
    writer.get(last)
    writer.simdAccess(simd.store, before)

    zero(carry)
    for (let k = 0; k < planes; k++) {
      const place = planesAt + 4 * padded * k
      writer.get(at)
      writer.get(at)
      writer.simdAccess(simd.load, place)
      writer.set(held)
      const more = atHand[k]
      if (more) {
        combine(held, more, simd.xor)
        writer.tee(next)
        writer.get(carry)
        writer.simd(simd.xor)
        writer.simdAccess(simd.store, place)
        combine(held, more, simd.and)
        combine(next, carry, simd.and)
        writer.simd(simd.or)
      } else {
        combine(held, carry, simd.xor)
        writer.simdAccess(simd.store, place)
        combine(held, carry, simd.and)
      }
      writer.set(carry)
    }
    add(at, vectorBytes)
    writer.i32(4 * padded)
    writer.calculate('i32', 'lt_s')
  })
  writer.put(0x0b)
  return writer
}
