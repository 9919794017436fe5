import { expect } from 'vitest'
import { createRandom } from '../../../src/base/random.ts'
import { UserError } from '../../../src/base/user-error.ts'
import { type ByteSource, bytesSource } from '../../../src/llm/files/byte-source.ts'

/** Numbers that sizes and counts may be changed to. */
const absurd = [0n, 1n, 0x7fn, 0x7fff_ffffn, 0xffff_ffffn, 2n ** 53n, 2n ** 62n, 2n ** 64n - 1n]

/** What may stand at a wrong place of a JSON text. */
const odd = [
  '-1',
  '0',
  '1e308',
  '1e999',
  '99999999999999999999',
  'null',
  'true',
  '""',
  '[',
  '{',
  '}',
  ',',
  '\\',
  '\0',
  '\u{1f600}',
]

/** A damaged copy of a JSON text: cut off, with other characters, or with a value of its own for a key, which stays JSON. */
export const damagedText = (text: string, random: () => number): string => {
  const below = (limit: number): number => Math.floor(random() * limit)
  const at = below(text.length)
  switch (below(3)) {
    case 0:
      return text.slice(0, at)
    case 1:
      return text.slice(0, at) + odd[below(odd.length)] + text.slice(at + below(6))
    default: {
      const values = [...text.matchAll(/:\s*("[^"]*"|[-\d.e]+|true|false|null)/g)]
      const { index, 0: found } = values[below(values.length)]!
      const value = ['-1', '0', '0.5', '1e15', '"x"', 'null', 'true', '[]', '{}', '[1]', '{"toString":1}'][below(11)]
      return `${text.slice(0, index)}: ${value}${text.slice(index + found.length)}`
    }
  }
}

/** 200 damaged copies of a text. */
export const damagedTexts = (text: string, seed: number): readonly string[] => {
  const random = createRandom(seed)
  return Array.from({ length: 200 }, () => damagedText(text, random))
}

/** A damaged copy: cut off, lengthened, with flipped bits, or with an absurd number somewhere. */
export const damaged = (bytes: Uint8Array, random: () => number, front: number): Uint8Array => {
  const below = (limit: number): number => Math.floor(random() * limit)
  // Most damage goes where the sizes are.
  const place = (): number => (random() < 0.8 ? below(Math.min(front, bytes.length)) : below(bytes.length))
  const copy = bytes.slice()
  switch (below(4)) {
    case 0:
      return copy.subarray(0, place())
    case 1:
      return Uint8Array.from([...copy, ...Array.from({ length: 1 + below(40) }, () => below(256))])
    case 2:
      for (let flip = below(3); flip >= 0; flip--) copy[place()]! ^= 1 << below(8)
      return copy
    default: {
      const view = new DataView(copy.buffer)
      const at = Math.min(place(), copy.length - 8)
      const value = absurd[below(absurd.length)]!
      if (random() < 0.5) view.setBigUint64(at, value, true)
      else view.setUint32(at, Number(value & 0xffff_ffffn), true)
      return copy
    }
  }
}

/** A source that counts the bytes given out: every array that a reader makes of a file comes from here. */
export const countingSource = (bytes: Uint8Array, where: string): ByteSource & { readonly given: () => number } => {
  const source = bytesSource(bytes, where)
  let given = 0
  const read: ByteSource['read'] = async (offset, length) => {
    const piece = await source.read(offset, length)
    given += length
    return piece
  }
  return { ...source, read, given: () => given }
}

/**
 * Reads 200 damaged copies: each is read, or refused in one sentence, in little time and without more memory than four times the
 * file. Damage goes mostly into the first `front` bytes. Gives the number that was refused.
 */
export const readDamaged = async (
  bytes: Uint8Array,
  read: (source: ByteSource) => Promise<unknown>,
  { seed, front }: { readonly seed: number; readonly front: number },
): Promise<number> => {
  const random = createRandom(seed)
  let refused = 0
  for (let round = 0; round < 200; round++) {
    const source = countingSource(damaged(bytes, random, front), 'damaged.file')
    const at = `seed ${seed}, round ${round}`
    const started = performance.now()
    try {
      await read(source)
    } catch (error) {
      if (!(error instanceof UserError)) throw new Error(`${at}: ${String(error)}`, { cause: error })
      expect(error.message, at).toMatch(/^(damaged\.file|tensor|cannot)[^\n]*; give [^\n]*$/)
      refused++
    }
    expect(source.given(), at).toBeLessThanOrEqual(4 * source.size)
    expect(performance.now() - started, at).toBeLessThan(2_000)
  }
  return refused
}
