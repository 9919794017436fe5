/**
 * Integers as 16-bit digits, so that any exact sum is made of 16-bit products: small ones are one digit, larger ones digits from
 * -2^11 to 2^11 to the base 2^12.
 */

const base = 2 ** 12
const half = base / 2
/** Largest magnitude that is one digit. */
const onePlane = 2 ** 13

/** Digits that integers up to a magnitude have. */
export const digitsOf = (largest: number): number => {
  if (largest <= onePlane) return 1
  let count = 1
  // The highest digit takes what rounding the lower ones hands up.
  for (let rest = largest; rest > half; count++) rest = Math.floor((rest + half) / base)
  return count
}

/** Largest magnitude of a digit. */
export const largestDigit = (largest: number): number => (largest <= onePlane ? largest : half)

/** Power of two of a digit's place. */
export const digitBits = 12

/** Writes an integer's digits, the lowest into the first plane. It may be any double that is an integer. */
export const writeDigits = (integer: number, planes: readonly Int16Array[], at: number): void => {
  let rest = integer
  const last = planes.length - 1
  for (let place = 0; place < last; place++) {
    const above = Math.floor(rest / base + 0.5)
    planes[place]![at] = rest - above * base
    rest = above
  }
  planes[last]![at] = rest
}
