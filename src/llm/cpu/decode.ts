import type { Local } from '../../sim/wasm/writer.ts'
import { type Assembly, type Call, many, type Value } from './assembly.ts'
import { decodeFourBitRow } from './four-bit-rows.ts'
import { type StoredForm, storedKinds } from './step.ts'

/** Weights of a row as float32, up to a whole number of fours, zeros behind the last. */
export interface Decoders {
  /** kind, weights, scales, group, zero, first weight (counted from the start of the matrix), count, address of the result */
  readonly row: Call
}

export const decoders = (asm: Assembly): Decoders => {
  const { define, i, v, load, store, set, local, when, repeat, move, times, choose } = asm

  /** FP16 values as float32: the exponent is set right by a product, which is exact, infinities and NaN by their own. */
  const half = define(
    ['v128'],
    (codes) => {
      const magnitude = local('v128')
      set(magnitude, v.shiftLeft(v.and(codes, v.words(0x7fff, 0x7fff, 0x7fff, 0x7fff)), 13))
      const special = v.and(v.atLeastInteger(magnitude, v.words(...all(0x7c00 << 13))), v.words(...all(0x7f800000)))
      const sign = v.shiftLeft(v.and(codes, v.words(...all(0x8000))), 16)
      asm.result(v.or(v.or(v.mul(magnitude, v.four(2 ** 112)), special), sign))
    },
    ['v128'],
  )
  /** Eight vectors at `to`: `scale` times the 16 codes in `codes`, signed. */
  const sixteen = define(['v128', 'v128', 'i32'], (codes, scale, to) => {
    const halves = [v.lowBytesSigned(codes), v.highBytesSigned(codes)]
    halves.forEach((eight, at) => {
      v.store(to, v.mul(v.floats(v.lowHalvesSigned(eight)), scale), 32 * at)
      v.store(to, v.mul(v.floats(v.highHalvesSigned(eight)), scale), 32 * at + 16)
    })
  })
  const blocks = (bytes: number, body: (from: Local, to: Local, scale: Local) => void): Call =>
    define(['i32', 'i32', 'i32', 'i32'], (weights, first, count, to) => {
      const [from, left, scale] = [local('i32'), local('i32'), local('v128')]
      set(from, i.add(weights, i.mul(i.shiftRight(first, 5), bytes)))
      set(left, i.shiftRight(count, 5))
      times(left, () => {
        set(scale, v.splat(v.lane(half(v.splatInteger(load('loadHalf', from))), 0)))
        body(from, to, scale)
        move(from, bytes)
        move(to, 128)
      })
    })
  const eights = blocks(34, (from, to, scale) => {
    asm.run(sixteen(v.load('vector', from, 2), scale, to))
    asm.run(sixteen(v.load('vector', from, 18), scale, i.add(to, 64)))
  })
  const fours = blocks(18, (from, to, scale) => {
    const codes = local('v128')
    const lessEight = (nibbles: Value): Value => v.subBytes(nibbles, v.words(...all(0x08080808)))
    set(codes, v.load('vector', from, 2))
    asm.run(sixteen(lessEight(v.and(codes, v.words(...all(0x0f0f0f0f)))), scale, to))
    asm.run(sixteen(lessEight(v.shiftBytesRight(codes, 4)), scale, i.add(to, 64)))
  })

  /** Four weights at a time, of `bytes` each; the last four may reach beyond the row. */
  const plain = (bytes: number, four: (from: Local) => Value): Call =>
    define(['i32', 'i32', 'i32', 'i32'], (weights, first, count, to) => {
      const [from, left] = [local('i32'), local('i32')]
      set(from, i.add(weights, i.mul(first, bytes)))
      set(left, i.shiftRight(i.add(count, 3), 2))
      times(left, () => {
        v.store(to, four(from))
        move(from, 4 * bytes)
        move(to, 16)
      })
    })
  const copied = plain(4, (from) => v.load('vector', from))
  const halves = plain(2, (from) => half(v.lowHalves(v.load('half', from))))
  const upperHalves = plain(2, (from) => v.shiftLeft(v.lowHalves(v.load('half', from)), 16))

  /** Codes less a zero point, times the scale of their group. */
  const bytes = (signed: boolean): Call =>
    define(many(7, 'i32'), (weights, scales, group, zero, first, count, to) => {
      const [at, index, end, scale, zeros] = [local('i32'), local('i32'), local('i32'), local('v128'), local('v128')]
      const eight = signed ? v.lowBytesSigned : v.lowBytes
      const byte = signed ? 'loadSignedByte' : 'loadByte'
      set(zeros, v.splat(i.floatOfInteger(zero)))
      set(at, 0)
      const decoded = (codes: Value): Value => v.mul(v.sub(v.floats(codes), zeros), scale)
      const place = (size: Value): Value => i.add(to, size)
      repeat(() => {
        set(index, i.divide(i.add(first, at), group))
        set(scale, v.load('splat', i.add(scales, i.shiftLeft(index, 2))))
        set(end, i.sub(i.mul(i.add(index, 1), group), first))
        set(end, choose(i.less(end, count), end, count))
        when(i.less(i.add(at, 3), end), () =>
          repeat(() => {
            const four = v.lowHalvesSigned(eight(v.load('word', i.add(i.add(weights, first), at))))
            v.store(place(i.shiftLeft(at, 2)), decoded(four))
            move(at, 4)
            return i.less(i.add(at, 3), end)
          }),
        )
        when(i.less(at, end), () =>
          repeat(() => {
            const one = v.splatInteger(load(byte, i.add(i.add(weights, first), at)))
            store('storeFloat', place(i.shiftLeft(at, 2)), v.lane(decoded(one), 0))
            move(at, 1)
            return i.less(at, end)
          }),
        )
        return i.less(at, count)
      })
    })
  const signedBytes = bytes(true)
  const unsignedBytes = bytes(false)
  const fourBit = decodeFourBitRow(asm)

  const row = define(many(8, 'i32'), (kind, weights, scales, group, zero, first, count, to) => {
    const by: Readonly<Record<StoredForm, () => void>> = {
      float32: copied(weights, first, count, to),
      float16: halves(weights, first, count, to),
      bfloat16: upperHalves(weights, first, count, to),
      q8_0: eights(weights, first, count, to),
      q4_0: fours(weights, first, count, to),
      int8: signedBytes(weights, scales, group, zero, first, count, to),
      uint8: unsignedBytes(weights, scales, group, zero, first, count, to),
      'four-bit': fourBit(weights, scales, zero, group, first, count, to),
    }
    storedKinds.forEach((one, at) => {
      when(i.equal(kind, at), by[one])
    })
    const end = local('i32')
    set(end, count)
    when(i.and(end, 3), () =>
      repeat(() => {
        store('storeFloat', i.add(to, i.shiftLeft(end, 2)), asm.float(0))
        move(end, 1)
        return i.and(end, 3)
      }),
    )
  })
  return { row }
}

const all = (word: number): readonly [number, number, number, number] => [word, word, word, word]
