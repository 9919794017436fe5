const number = new Float64Array(1)
const words = new Uint32Array(number.buffer)
const [lowWord, highWord] = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? ([0, 1] as const) : ([1, 0] as const)

/** High words of 2^-126, the smallest normal float32 number, and of the largest double below 2^128. */
const smallestNormal = 0x3810_0000
const largest = 0x47ef_ffff

/**
 * The float32 bits of a double, rounded to odd: cut, to 20 mantissa bits or to the last place of a subnormal, and the last bit set
 * where that lost anything. Such a number lies on the same side of every threshold of fewer bits as the double, so that `codeOfBits`
 * gives the double's code. What is 2^128 or more becomes the largest number; NaN is not for here.
 */
export const oddBits = (x: number): number => {
  number[0] = x
  const high = words[highWord]!
  const magnitude = (high & 0x7fff_ffff) | (words[lowWord]! === 0 ? 0 : 1)
  const sign = high & 0x8000_0000
  if (magnitude < smallestNormal) {
    const places = Math.abs(x) * 2 ** 149
    const whole = Math.trunc(places)
    return (sign | whole | (whole === places ? 0 : 1)) >>> 0
  }
  return (sign | ((Math.min(magnitude, largest) - 0x3800_0000) << 3)) >>> 0
}
