/** Widths that have a name, in bits: `int2` to `int32`, `uint2` to `uint32`. */
export const integerWidths = { least: 2, most: 32 };
/** The two's-complement or unsigned integer format of that many bits, 1 to 64. */
export const integerFormat = (bits, signed) => {
    if (!Number.isInteger(bits) || bits < 1 || bits > 64)
        throw new RangeError(`an integer format has 1 to 64 bits, got ${bits}`);
    const id = `${signed ? 'int' : 'uint'}${bits}`;
    const codes = 1n << BigInt(bits);
    const min = signed ? -codes / 2n : 0n;
    const max = min + codes - 1n;
    return {
        kind: 'integer',
        id,
        bits,
        signed,
        min,
        max,
        summary: `${bits}-bit ${signed ? "two's-complement" : 'unsigned'} integer, ${min} to ${max}`,
        source: 'IEEE Std 1800-2017, 6.11 (integer types and two-state vectors)',
        decode: (code) => {
            if (code < 0n || code >= codes)
                throw new RangeError(`${id} has codes 0 to ${codes - 1n}, got ${code}`);
            return signed ? BigInt.asIntN(bits, code) : code;
        },
        encode: (value, overflow = 'error') => {
            const inside = value >= min && value <= max;
            if (!inside && overflow === 'error')
                throw new RangeError(`${id} holds ${min} to ${max}, got ${value}`);
            if (!inside && overflow === 'saturate')
                value = value < min ? min : max;
            return BigInt.asUintN(bits, value);
        },
    };
};
