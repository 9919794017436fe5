import { setImmediate as others } from 'node:timers/promises'
import { defaultThreads } from '../../accel/product-runner.ts'
import { UserError } from '../../base/user-error.ts'
import { withoutSimd } from '../../sim/wasm/web-assembly.ts'
import type { Backend, Conversation, Piece } from '../backend.ts'
import { checkTokens, conversationTooLarge } from '../forward.ts'
import type { Model } from '../model.ts'
import { openArena } from './memory.ts'
import { type Cache, mostRows, openPass, type Span, scratchBytesOf } from './pass.ts'
import { placeModel } from './placed-model.ts'
import { openTeam } from './threads.ts'

/** How the CPU runs a model. */
export interface ThreadOptions {
  /** Threads that work together, this one among them; default one a core. Results are the same bits for any number. */
  readonly threads?: number
}

interface Seen {
  readonly cache: Cache
  readonly sequence: number
  position: number
  open: boolean
  /** While tokens of it go through. */
  busy: boolean
}

/** Where a conversation keeps what it has seen: a copy with other methods is still the same conversation. */
const seen = Symbol('seen')
interface OwnConversation extends Conversation {
  readonly [seen]: Seen
}

/**
 * The CPU in WebAssembly: weights, activations, keys and values in one memory that threads share. Undefined where the machine has no
 * WebAssembly SIMD, or the model does not fit into the 4 GiB that it can address.
 */
export const threadedBackend = (
  model: Model,
  { threads = defaultThreads() }: ThreadOptions = {},
): Backend | undefined => {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= mostThreads))
    throw new UserError('E-THREADS', `${threads} threads are not allowed; give 1 to ${mostThreads}`)
  const arena = withoutSimd() === undefined ? openArena() : undefined
  const team = arena && openTeam(arena, threads, scratchBytesOf(model))
  const placed = arena && placeModel(arena, model)
  const pass = arena && team && placed && openPass(arena, team, model, placed)
  if (!pass) return undefined
  /** Runs pieces in batches; `batch` is told whose tokens its rows are. Others have a turn before each, so that Ctrl-C is heard. */
  const inBatches = async (pieces: readonly Piece[], batch: (parts: readonly Part[]) => void): Promise<void> => {
    const all = pieces.map(({ conversation }) => seenBy(conversation))
    if (new Set(all).size < all.length) throw new RangeError('a conversation stands twice in one pass')
    pieces.forEach(({ tokens }, at) => {
      checkTokens(model, all[at]!.position, all[at]!.sequence, tokens)
    })
    for (const one of all) one.busy = true
    try {
      for (const parts of partsOf(pieces)) {
        await others()
        const spans = parts.map(({ piece, from, to }): Span => {
          const { cache, position } = all[piece]!
          return { cache, position, tokens: pieces[piece]!.tokens.slice(from, to) }
        })
        pass.run(spans)
        for (const { piece, from, to } of parts) all[piece]!.position += to - from
        batch(parts)
      }
    } finally {
      for (const one of all) one.busy = false
    }
  }
  const next: Backend['next'] = async (pieces, { all = false } = {}) => {
    const { vocabulary } = model.config
    const results = pieces.map(({ tokens }) => new Float32Array((all ? tokens.length : 1) * vocabulary))
    await inBatches(pieces, (parts) => {
      const rows = rowsOf(parts)
      const wanted = rows.filter(({ piece, token }) => all || token === pieces[piece]!.tokens.length - 1)
      if (wanted.length === 0) return
      const logits = pass.logits(wanted.map(({ row }) => row))
      wanted.forEach(({ piece, token }, at) => {
        results[piece]!.set(logits.subarray(at * vocabulary, (at + 1) * vocabulary), all ? token * vocabulary : 0)
      })
    })
    return results
  }
  return {
    name: 'cpu',
    model,
    open: (wanted) => {
      const sequence = Math.min(wanted, model.config.sequence)
      const cache = pass.openCache(sequence)
      if (!cache) throw conversationTooLarge(model, sequence)
      const own: Seen = { cache, sequence, position: 0, open: true, busy: false }
      const conversation: OwnConversation = {
        [seen]: own,
        next: async (tokens, options) => (await next([{ conversation, tokens }], options))[0]!,
        close: () => {
          refuseBusy(own)
          if (own.open) arena.give(cache.address)
          own.open = false
        },
      }
      return conversation
    },
    next,
    score: async (pieces) => {
      const results = pieces.map(({ tokens }) => new Float64Array(tokens.length))
      await inBatches(pieces, (parts) => {
        const rows = rowsOf(parts)
        const surprises = pass.surprises(rows.map(({ piece, token }) => pieces[piece]!.targets[token]!))
        rows.forEach(({ piece, token, row }) => {
          results[piece]![token] = surprises[row]!
        })
      })
      return results
    },
    close: team.close,
  }
}

const mostThreads = 256

const seenBy = (conversation: Conversation & Partial<OwnConversation>): Seen => {
  const found = conversation[seen]
  if (!found?.open) throw new RangeError('the conversation is closed, or of another backend')
  refuseBusy(found)
  return found
}

const refuseBusy = ({ busy }: Seen): void => {
  if (busy) throw new RangeError('tokens of the conversation are on their way; await what was asked before')
}

/** Tokens `from` to `to` of a piece in a batch. */
interface Part {
  readonly piece: number
  readonly from: number
  readonly to: number
}

/** The pieces' tokens one after the other, cut into batches. */
const partsOf = (pieces: readonly Piece[]): Part[][] => {
  const batches: Part[][] = []
  let room = 0
  pieces.forEach(({ tokens }, piece) => {
    for (let from = 0; from < tokens.length; ) {
      if (room === 0) {
        batches.push([])
        room = mostRows
      }
      const to = Math.min(tokens.length, from + room)
      batches.at(-1)!.push({ piece, from, to })
      room -= to - from
      from = to
    }
  })
  return batches
}

/** The rows of a batch: whose token each of them is. */
const rowsOf = (parts: readonly Part[]): { readonly piece: number; readonly token: number; readonly row: number }[] =>
  parts
    .flatMap(({ piece, from, to }) => Array.from({ length: to - from }, (_, k) => ({ piece, token: from + k })))
    .map((part, row) => ({ ...part, row }))
