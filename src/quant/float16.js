/** Largest finite FP16 value. */
export const FLOAT16_MAX = 65_504;
/** Smallest positive FP16 value, a subnormal; FP16 subnormals are its multiples. */
export const FLOAT16_MIN_SUBNORMAL = 2 ** -24;
const SMALLEST_NORMAL_EXPONENT = -14;
const FRACTION_BITS = 10;
/** The nearest whole number, ties to the even one. */
export const roundHalfEven = (value) => {
    const rounded = Math.round(value);
    return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
};
const doubleView = new DataView(new ArrayBuffer(8));
/** `floor(log2(|value|))` of a normal double, read from its bits. */
const exponentOf = (value) => {
    doubleView.setFloat64(0, value);
    return ((doubleView.getUint16(0) >> 4) & 0x7ff) - 1023;
};
/**
 * The nearest IEEE 754 binary16 value, ties to even, rounded once from the given double. Finite values beyond the
 * range saturate to +-65,504 (ours: a scale must stay finite); infinities, NaN and the sign of zero are kept.
 */
export const roundToFloat16 = (value) => {
    if (value === 0 || !Number.isFinite(value))
        return value;
    const exponent = Math.max(exponentOf(value), SMALLEST_NORMAL_EXPONENT);
    const quantum = 2 ** (exponent - FRACTION_BITS);
    const rounded = roundHalfEven(value / quantum) * quantum;
    return Math.min(FLOAT16_MAX, Math.max(-FLOAT16_MAX, rounded));
};
/** The 16 bits of `roundToFloat16(value)`; NaN is 0x7e00. */
export const float16BitsOf = (value) => {
    if (Number.isNaN(value))
        return 0x7e00;
    const rounded = roundToFloat16(value);
    const sign = rounded < 0 || Object.is(rounded, -0) ? 0x8000 : 0;
    const magnitude = Math.abs(rounded);
    if (magnitude === Number.POSITIVE_INFINITY)
        return sign | 0x7c00;
    if (magnitude < 2 ** SMALLEST_NORMAL_EXPONENT)
        return sign | (magnitude / FLOAT16_MIN_SUBNORMAL);
    const exponent = exponentOf(magnitude);
    const fraction = (magnitude / 2 ** exponent - 1) * 2 ** FRACTION_BITS;
    return sign | ((exponent + 15) << FRACTION_BITS) | fraction;
};
/** The value of 16 FP16 bits. */
export const float16FromBits = (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> FRACTION_BITS) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0)
        return sign * fraction * FLOAT16_MIN_SUBNORMAL;
    if (exponent === 0x1f)
        return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (1 + fraction / 2 ** FRACTION_BITS) * 2 ** (exponent - 15);
};
