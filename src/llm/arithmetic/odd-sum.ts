import type { Local } from '../../sim/wasm/writer.ts'
import type { Assembly, Value } from '../cpu/assembly.ts'

/**
 * `a + b` of doubles, rounded to odd: to the one of the two doubles about the exact sum whose last bit is 1, so that rounding to at most 51 bits
 * once more is rounding the exact sum once (Boldo and Melquiond 2008). What the sum lost is found as Knuth does (TwoSum).
 */
export const oddSum = (asm: Assembly, a: Local, b: Local): Value => {
  const { v, set, locals } = asm
  const [sum, other, lost] = locals(['v128', 'v128', 'v128'])
  set(sum, v.addDoubles(a, b))
  set(other, v.subDoubles(sum, a))
  set(lost, v.addDoubles(v.subDoubles(a, v.subDoubles(sum, other)), v.subDoubles(b, other)))
  // One up where the exact sum is further from 0, else one down; of an even sum only, and only where something was lost.
  set(other, v.or(v.shiftLongsRight(v.xor(sum, lost), 63), v.twoLongs(1n)))
  set(other, v.and(other, v.isMoreDouble(v.magnitudeOfDoubles(lost), v.zero)))
  set(other, v.and(other, v.subLongs(v.and(sum, v.twoLongs(1n)), v.twoLongs(1n))))
  return v.addLongs(sum, other)
}
