import { widthOf } from '../dsl/ir.ts'
import type { Port, Watched } from './engine.ts'
import type { Flat } from './flatten.ts'

/** What one call of an engine's `watch` looks at, and what fills its words in every cycle. */
export interface Watch extends Watched {
  readonly writes: readonly { readonly port: Port; readonly value: number }[]
}

/** Places watched values in a row of words; what is one value in as many words has one place. */
export const layOut = (watched: Flat['watched']): Watch => {
  const writes = new Map<string, { readonly port: Port; readonly value: number }>()
  let length = 0
  const signals = watched.map(({ path, value, range }): Port => {
    const words = Math.ceil(widthOf(range) / 32)
    const key = `${value} ${words}`
    const known = writes.get(key)
    const port = { name: path, range, offset: known?.port.offset ?? length, words }
    if (!known) {
      writes.set(key, { port, value })
      length += words
    }
    return port
  })
  return { signals, words: new Int32Array(length), writes: [...writes.values()] }
}
