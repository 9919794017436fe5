import type { BitSource } from '../../src/formats/index.ts'

/** Repeatable random bits: xorshift32 (Marsaglia 2003), up to 32 bits a call. */
export const randomBits = (seed: number): BitSource => {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  return (count) => {
    state ^= state << 13
    state ^= state >>> 17
    state = (state ^ (state << 5)) >>> 0
    return BigInt(count === 32 ? state : state >>> (32 - count))
  }
}
