import { type Bits, bits, bool, cat, component, type IntShape, mux, select } from '../../dsl/index.ts'
import { upTo, type WordStore } from './description.ts'

/** A word begins at a multiple of so many bits of a beat. */
const unitOf = ({ busBits, wordBits }: WordStore): number => commonDivisor(wordBits, busBits)
const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b))

/** In units. */
export const positionShape = (store: WordStore): IntShape => upTo(store.busBits / unitOf(store) - 1)
export const beatShape = ({ beats }: WordStore): IntShape => upTo(beats - 1)

/** A store's memory for one row or column of the array, in block RAM where it is large. `word` is the one that was told two cycles
 * ago. */
export const WordMemory = component('word_memory', ({ name, busBits, wordBits, beats }: WordStore) => {
  const store = { name, busBits, wordBits, beats }
  const unit = unitOf(store)
  const positions = busBits / unit
  const crosses = unit < wordBits
  return {
    name: `${name}_memory`,
    in: {
      write: bool,
      address: beatShape(store),
      data: bits(busBits),
      /** Reads the beat with the word's last bit. */
      read: bool,
      read_address: beatShape(store),
      /** A cycle later: where the word begins. */
      position: positionShape(store),
    },
    out: { word: bits(wordBits) },
    accepted: positions === 1 ? { 'W-UNUSED': { position: 'a beat is one word' } } : {},
    logic(i, { memory, regs, when }) {
      const words = memory('words', { depth: beats, of: bits(busBits), collide: 'never' })
      words.write(i.address, i.data, { enable: i.write })
      const beat = words.read(i.read_address, { enable: i.read })
      const r = regs({ word: bits(wordBits) })
      if (positions === 1) r.word.next = beat
      else if (!crosses)
        r.word.next = select(
          Array.from({ length: positions }, (_, k) => wordAt(store, beat, k * unit)),
          i.position,
        )
      else {
        // What a word may have in the beat before.
        const kept = regs({ tail: bits(wordBits - unit) })
        when(i.read, () => {
          kept.tail.next = beat.slice(busBits - 1, busBits - kept.tail.width)
        })
        r.word.next = select(
          Array.from({ length: positions }, (_, k) => wordAt(store, beat, k * unit, kept.tail)),
          i.position,
        )
      }
      return { word: r.word }
    },
  }
})

/** The word that begins at bit `low` of a beat; one that goes on in the next beat is the `tail` of the one before, and `beat`. */
const wordAt = ({ busBits, wordBits }: WordStore, beat: Bits, low: number, tail = beat): Bits => {
  const over = low + wordBits - busBits
  if (over <= 0) return beat.slice(low + wordBits - 1, low)
  return cat(beat.slice(over - 1, 0), tail.slice(tail.width - 1, tail.width - (busBits - low)))
}

/** Where the next word of a store lies, for the memories of all rows or columns; `load` goes to the first of beat `from`. */
export const WordCursor = component('word_cursor', ({ name, busBits, wordBits, beats }: WordStore) => {
  const store = { name, busBits, wordBits, beats }
  const [beat, position] = [beatShape(store), positionShape(store)]
  const unit = unitOf(store)
  const positions = busBits / unit
  return {
    name: `${name}_cursor`,
    in: { load: bool, from: beat, advance: bool },
    /** `fresh`: another beat than that of the word before. */
    out: { address: beat, position, fresh: bool },
    logic({ load, from, advance }, { regs, when }) {
      const r = regs({ beat })
      if (positions === 1) {
        when(advance, () => {
          r.beat.next = r.beat.add(1).wrap(beat)
        })
        when(load, () => {
          r.beat.next = from
        })
        return { address: r.beat, position: 0, fresh: true }
      }
      const p = regs({ position, fresh: bool })
      const after = p.position.add(wordBits / unit)
      const overflows = after.ge(positions)
      const crosses = unit < wordBits ? after.gt(positions) : undefined
      when(advance, () => {
        r.beat.next = r.beat.add(overflows.int()).wrap(beat)
        p.position.next = after.wrap(position)
        const end = after.add(wordBits / unit)
        // A word that lies in two beats may be followed by another one only where words are longer than half a beat.
        const again = end.shape.max > 2 * positions ? end.gt(2 * positions) : false
        p.fresh.next = crosses ? mux(crosses, again, end.gt(positions)) : overflows
      })
      when(load, () => {
        r.beat.next = from
        p.position.next = 0
        p.fresh.next = true
      })
      const address = crosses ? r.beat.add(crosses.int()).wrap(beat) : r.beat
      return { address, position: p.position, fresh: p.fresh }
    },
  }
})
