import type { LoweredMemory } from './lowering.ts'

/** Every word of a memory at power-up. */
export const initialWords = ({ depth, initial }: LoweredMemory): bigint[] =>
  Array.from({ length: depth }, (_, address) => initial[address] ?? 0n)

/**
 * One clock edge of a memory, the definition: writes change `words`; what each enabled read shows from now on comes back
 * as [value index, word]. `current` has every value of the cycle that ends.
 */
export const memoryEdge = (
  { collide, writes, reads }: LoweredMemory,
  words: bigint[],
  current: readonly bigint[],
): (readonly [number, bigint])[] => {
  const write = (): void => {
    for (const { address, value, enable } of writes) {
      const at = Number(current[address])
      if (current[enable] === 1n && at >= 0 && at < words.length) words[at] = current[value]!
    }
  }
  if (collide === 'new') write()
  const shown = reads
    .filter(({ enable }) => current[enable] === 1n)
    .map(({ value, address }) => [value, words[Number(current[address])] ?? 0n] as const)
  if (collide !== 'new') write()
  return shown
}
