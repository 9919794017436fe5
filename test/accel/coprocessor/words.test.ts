import { describe, expect, it } from 'vitest'
import { WordCursor, WordMemory } from '../../../src/accel/coprocessor/words.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { testbench } from '../../../src/sim/testbench/index.ts'

const stores = [
  [32, 32],
  [64, 8],
  [64, 3],
  [64, 12],
  [32, 24],
  [128, 20],
  [64, 48],
] as const

describe.each(stores)('words in beats of %i bits, %i bits each,', (busBits, wordBits) => {
  const store = { name: 'store', busBits, wordBits, beats: 64 }

  it('are found one after the other, a beat read when its first word that ends in it is', () => {
    const bench = testbench(WordCursor(store))
    for (const from of [0, 7, 50]) {
      bench.step({ load: true, from, advance: false })
      let before = -1
      for (let k = 0; k < 60; k++) {
        const [begin, end] = [k * wordBits, (k + 1) * wordBits - 1]
        const beat = Math.floor(end / busBits)
        // Looking on changes nothing.
        for (const advance of [false, true]) {
          const { address, position, fresh } = bench.step({ load: false, advance })
          expect(Number(address)).toBe((from + beat) % 64)
          expect(position === 0n).toBe(begin % busBits === 0)
          expect(fresh).toBe(beat !== before)
        }
        before = beat
      }
    }
  })

  it('come out of memory two cycles later', () => {
    const seed = busBits * wordBits
    const random = randomWords(seed)
    const beats = Array.from({ length: 20 }, () => {
      let beat = 0n
      for (let k = 0; k < busBits; k += 32) beat = (beat << 32n) | BigInt(random() >>> 0)
      return beat
    })
    const all = beats.reduceRight((rest, beat) => (rest << BigInt(busBits)) | beat, 0n)
    const cursor = testbench(WordCursor(store))
    const memory = testbench(WordMemory(store))
    const idle = { write: false, address: 0, data: 0n, read: false, read_address: 0, position: 0 } as const
    for (const [address, data] of beats.entries()) memory.step({ ...idle, write: true, address, data })
    const seen: bigint[] = []
    let told: { readonly position: bigint; readonly works: boolean } = { position: 0n, works: false }
    let asked = told
    cursor.step({ load: true, from: 0, advance: false })
    const count = Math.floor((beats.length * busBits) / wordBits)
    for (let k = 0; seen.length < count; ) {
      const works = k < count && (random() & 1) === 1
      const { address, position, fresh } = cursor.step({ load: false, advance: works })
      const { word } = memory.step({
        ...idle,
        read: works && fresh,
        read_address: Number(address),
        position: Number(asked.position),
      })
      if (told.works) seen.push(word)
      told = asked
      asked = { position, works }
      if (works) k++
    }
    const mask = (1n << BigInt(wordBits)) - 1n
    expect(seen, `seed ${seed}`).toEqual(Array.from({ length: count }, (_, k) => (all >> BigInt(k * wordBits)) & mask))
    expect(memory.engine.failedChecks).toBe(0)
  })
})
