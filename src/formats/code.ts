/** Throws a RangeError unless `code` is one of the 2^bits codes of the format `id`. */
export const checkCode = (id: string, bits: number, code: bigint): void => {
  if (code < 0n || code >> BigInt(bits) !== 0n)
    throw new RangeError(`${id} has codes 0 to ${(1n << BigInt(bits)) - 1n}, got ${code}`)
}
