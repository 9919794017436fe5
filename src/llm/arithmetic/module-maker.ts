const makers = new Map<string, () => Uint8Array<ArrayBuffer>>()

/** One function for each kernel, by which its compiled module is known; `key` tells kernels apart. */
export const moduleMaker = <K>(
  moduleOf: (kernel: K) => Uint8Array<ArrayBuffer>,
  kernel: K,
  key: string,
): (() => Uint8Array<ArrayBuffer>) => {
  const found = makers.get(key) ?? (() => moduleOf(kernel))
  makers.set(key, found)
  return found
}
