import type { Range } from '../../dsl/ir.ts'
import type { Flat } from '../flatten.ts'
import type { LoweredMemory } from '../lowering.ts'
import { initialWords } from '../memory.ts'
import { literal, type Representation, representationOf } from './expression.ts'

/** The words of a memory while JavaScript runs; the narrowest array that holds every word. */
export type Words = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Float64Array | bigint[]

export const wordsOf = (memory: LoweredMemory): Words => {
  const words = initialWords(memory)
  const { min, max } = memory.word
  const fits = (low: number, high: number): boolean => min >= BigInt(low) && max <= BigInt(high)
  if (representationOf(memory.word) === 'big') return words
  const numbers = words.map(Number)
  if (fits(-128, 127)) return Int8Array.from(numbers)
  if (fits(0, 255)) return Uint8Array.from(numbers)
  if (fits(-32768, 32767)) return Int16Array.from(numbers)
  if (fits(0, 65535)) return Uint16Array.from(numbers)
  return representationOf(memory.word) === 'i32' ? Int32Array.from(numbers) : Float64Array.from(numbers)
}

/** The word at an address; 0 outside, where only a failed check can lead. */
export const wordText = (memory: number, word: Range, address: string): string => {
  const kind = representationOf(word)
  const text = `M_${memory}[${address}]`
  return kind === 'i32' ? `${text} | 0` : `(${text} ?? ${literal(0n, kind)})`
}

/** Texts of the values and places a memory's edge reads and writes. */
export interface EdgeTexts {
  value(value: number): string
  /** What read port `read`, counted over all memories, shows now. */
  now(read: number): string
  /** The statement that says what it shows next. */
  next(read: number, text: string): string
}

/** The statements of every memory's clock edge; they read no memory or port that they have already changed. */
export const memoryEdges = (flat: Flat, texts: EdgeTexts): string[] => {
  const when = (enable: number, then: string): string | undefined => {
    const { op, value } = flat.values[enable]!
    if (op === 'const') return value === 1n ? then : undefined
    return `if (${texts.value(enable)}) ${then}`
  }
  const reads: string[] = []
  const writes: string[] = []
  let port = 0
  // Reads of 'new' come after the writes of their own memory; no statement changes what an address or enable is made of.
  for (const [k, memory] of flat.memories.entries()) {
    const kind = representationOf(memory.word)
    const own = memory.writes.flatMap(({ address, value, enable }) => {
      const at = texts.value(address)
      const word = converted(texts.value(value), representationOf(flat.values[value]!), kind)
      const store = `M_${k}[${at}] = ${word};`
      return when(enable, kind === 'big' ? `if (${at} < ${memory.depth}) ${store}` : store) ?? []
    })
    const shown = memory.reads.map(({ address, enable }) => {
      const word = wordText(k, memory.word, texts.value(address))
      const read = port++
      const { op, value } = flat.values[enable]!
      if (op === 'const') return texts.next(read, value === 1n ? word : texts.now(read))
      return texts.next(read, `${texts.value(enable)} ? ${word} : ${texts.now(read)}`)
    })
    if (memory.collide === 'new') reads.push(...own, ...shown)
    else {
      reads.push(...shown)
      writes.push(...own)
    }
  }
  return [...reads, ...writes]
}

const converted = (text: string, from: Representation, to: Representation): string =>
  to === 'big' && from !== 'big' ? `BigInt(${text})` : text
