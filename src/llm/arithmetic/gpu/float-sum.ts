import type { FloatFormat } from '../../../formats/index.ts'

/**
 * WGSL of exact sums that are rounded once, in integers of 32 bits, since WGSL leaves the rounding and subnormals of float32 open: a number is
 * `Real`, a magnitude times a power of two with a sign, or a kind, 1 infinite and 2 no number.
 */
const reals = `
struct Real { negative: bool, magnitude: u32, exponent: i32, kind: u32 }
const not_a_number = Real(false, 0u, 0i, 2u);
/** 64 bits right, what is lost in the lowest. */
fn right(a: vec2<u32>, places: u32) -> vec2<u32> {
  if (places == 0u) { return a; }
  if (places >= 64u) { return vec2<u32>(0u, select(0u, 1u, (a.x | a.y) != 0u)); }
  if (places >= 32u) {
    let s = places - 32u;
    let lost = a.y | select(0u, a.x << ((32u - s) & 31u), s > 0u);
    return vec2<u32>(0u, (a.x >> s) | select(0u, 1u, lost != 0u));
  }
  let lost = a.y << (32u - places);
  return vec2<u32>(a.x >> places, (a.y >> places) | (a.x << (32u - places)) | select(0u, 1u, lost != 0u));
}
fn less(a: vec2<u32>, b: vec2<u32>) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }
fn plus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let low = a.y + b.y;
  return vec2<u32>(a.x + b.x + select(0u, 1u, low < a.y), low);
}
fn minus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  return vec2<u32>(a.x - b.x - select(0u, 1u, a.y < b.y), a.y - b.y);
}
/** A magnitude's highest bit at bit 61, and its power of two. */
fn placed(a: Real) -> vec2<u32> {
  let top = a.magnitude << countLeadingZeros(a.magnitude);
  return vec2<u32>(top >> 2u, top << 30u);
}
fn power(a: Real) -> i32 { return a.exponent + 31i - i32(countLeadingZeros(a.magnitude)); }
`

/** `encode`, `decode` and `add` of a format, codes as u32; `encode` takes 64 bits that count `2^lowest`. */
export const floatSum = ({ mantissaBits, exponentBits, bias, lowest, bits, nan, infinity }: FloatFormat): string => `
${reals}
const sign_bit = ${2 ** (bits - 1)}u;
const infinity_code = ${infinity}u;
const nan_code = ${nan}u;
const least = ${1 - bias}i;
fn encode(negative: bool, magnitude: vec2<u32>, lowest: i32) -> u32 {
  let sign = select(0u, sign_bit, negative);
  if ((magnitude.x | magnitude.y) == 0u) { return sign; }
  let zeros = select(countLeadingZeros(magnitude.x), 32u + countLeadingZeros(magnitude.y), magnitude.x == 0u);
  let top = lowest + 63i - i32(zeros);
  ${
    lowest === 'flush'
      ? `if (top < least) {
    // Nearer to the smallest number than to zero, to which a tie goes.
    let whole = countOneBits(magnitude.x) + countOneBits(magnitude.y) == 1u;
    return sign | select(0u, ${2 ** mantissaBits}u, top == least - 1i && !whole);
  }`
      : ''
  }
  let quantum = max(top, least) - ${mantissaBits}i;
  let places = quantum - lowest;
  var code = u32(max(top, least) - least) << ${mantissaBits}u;
  if (places <= 0i) { code += magnitude.y << u32(-places); }
  else {
    // Two bits more, the lower one for all that is lost.
    let kept = select(right(magnitude, u32(max(places - 2i, 0i))).y, magnitude.y << 1u, places == 1i);
    code += kept >> 2u;
    let rest = kept & 3u;
    if (rest == 3u || (rest == 2u && (code & 1u) == 1u)) { code++; }
  }
  return sign | min(code, infinity_code);
}
fn decode(code: u32) -> Real {
  let field = (code >> ${mantissaBits}u) & ${2 ** exponentBits - 1}u;
  let fraction = code & ${2 ** mantissaBits - 1}u;
  let negative = (code & sign_bit) != 0u;
  if (field == ${2 ** exponentBits - 1}u) { return Real(negative, 0u, 0i, select(1u, 2u, fraction != 0u)); }
  let hidden = select(0u, ${2 ** mantissaBits}u, field > 0u);
  return Real(negative, fraction | hidden, i32(max(field, 1u)) - ${bias + mantissaBits}i, 0u);
}
fn rounded(a: Real) -> u32 {
  if (a.kind == 2u) { return nan_code; }
  if (a.kind == 1u) { return infinity_code | select(0u, sign_bit, a.negative); }
  return encode(a.negative, vec2<u32>(0u, a.magnitude), a.exponent);
}
fn add(a: Real, b: Real) -> u32 {
  if (a.kind == 2u || b.kind == 2u) { return nan_code; }
  if (a.kind == 1u && b.kind == 1u && a.negative != b.negative) { return nan_code; }
  if (a.kind == 1u) { return rounded(a); }
  if (b.kind == 1u) { return rounded(b); }
  if (a.magnitude == 0u && b.magnitude == 0u) { return select(0u, sign_bit, a.negative && b.negative); }
  if (a.magnitude == 0u) { return rounded(b); }
  if (b.magnitude == 0u) { return rounded(a); }
  let top = max(power(a), power(b));
  let x = right(placed(a), u32(top - power(a)));
  let z = right(placed(b), u32(top - power(b)));
  let lowest = top - 61i;
  if (a.negative == b.negative) { return encode(a.negative, plus(x, z), lowest); }
  if (all(x == z)) { return 0u; }
  if (less(x, z)) { return encode(b.negative, minus(z, x), lowest); }
  return encode(a.negative, minus(x, z), lowest);
}
`
