import { embed, turnsOf } from '../forward.ts'
import { headSizeOf, keyValueWidthOf, type Model, queryWidthOf } from '../model.ts'
import type { Arena } from './memory.ts'
import { packedRows, productScratchBytes, tokensTogether } from './packed-product.ts'
import type { PlacedMatrix, PlacedModel, PlacedNorm } from './placed-model.ts'
import { scoreBytes, scoreRows, scoreScratchBytes } from './score.ts'
import { activations, bitsOf, rowBytes, stepWords, words } from './step.ts'
import type { Team } from './threads.ts'

/** Most tokens that go through the layers at once, of all conversations together. */
export const mostRows = 200
/** Rows whose logits are there at once. */
const logitRows = 20

/** Keys and values of a conversation. */
export interface Cache {
  readonly address: number
  /** Positions that it has room for, a multiple of four. */
  readonly capacity: number
}

/** Tokens of one conversation in a batch, from its `position` on. */
export interface Span {
  readonly cache: Cache
  readonly position: number
  readonly tokens: readonly number[]
}

/** The forward pass over the memory of the threads. */
export interface Pass {
  /** Takes tokens, at most `mostRows`, through the layers; their rows stay until the next batch. */
  readonly run: (spans: readonly Span[]) => void
  /** Logits of rows of that batch, each of `vocabulary`, one after the other. */
  readonly logits: (rows: readonly number[]) => Float32Array
  /** `-log` of the probability of a token behind each row of the batch, in nats. */
  readonly surprises: (targets: readonly number[]) => Float64Array
  readonly openCache: (positions: number) => Cache | undefined
}

const padded = (count: number): number => 4 * Math.ceil(count / 4)

/** Bytes that a thread needs for itself: rows of weights, or a score of each position. */
export const scratchBytesOf = ({ config }: Model): number => {
  const { dimension, hidden, sequence } = config
  const longest = Math.max(dimension, hidden, queryWidthOf(config))
  return Math.max(
    productScratchBytes(padded(longest) / 4),
    scoreScratchBytes(padded(dimension) / 4, mostRows),
    4 * padded(sequence),
  )
}

/** Bytes of weights in a piece that one token is multiplied with: long enough to be read ahead. */
const streamBytes = 2 ** 18
/** Pieces a thread, so that one that is held up keeps the others waiting for a short while only. */
const piecesEach = 8

/** Undefined where its memory does not fit. */
export const openPass = (arena: Arena, team: Team, model: Model, placed: PlacedModel): Pass | undefined => {
  const { config, architecture } = model
  const { heads, keyValueHeads, vocabulary, dimension } = config
  const size = headSizeOf(config)
  const headBytes = 4 * padded(size)
  const { positions } = architecture
  const turns = positions.kind === 'rotary' ? turnsOf(positions, config.sequence) : undefined
  let fits = true
  const room = (bytes: number): number => {
    const address = arena.take(bytes)
    fits &&= address !== undefined
    return address ?? 0
  }
  /** As many rows of `width` floats as a batch has, or fewer, each padded. */
  const rowsOf = (width: number, rows = mostRows) => ({
    address: room(4 * padded(width) * rows),
    stride: 4 * padded(width),
    fours: padded(width) / 4,
    width,
  })
  type Rows = ReturnType<typeof rowsOf>
  const copied = (data: Float32Array): number => {
    const address = room(data.byteLength)
    if (fits) arena.floats(address, data.length).set(data)
    return address
  }
  const stream = rowsOf(dimension)
  const normed = rowsOf(dimension)
  const query = rowsOf(queryWidthOf(config))
  const key = rowsOf(keyValueWidthOf(config))
  const value = rowsOf(keyValueWidthOf(config))
  const turned = room(mostRows * heads * headBytes)
  const mixed = rowsOf(queryWidthOf(config))
  const hidden = rowsOf(config.hidden)
  const raised = placed.layers[0]?.gate ? rowsOf(config.hidden) : hidden
  const widest = Math.max(dimension, config.hidden, queryWidthOf(config))
  const interleaved = room(4 * padded(widest) * mostRows)
  const table = room(mostRows * rowBytes)
  const [all, chosen] = [room(4 * mostRows), room(4 * mostRows)]
  const logits = rowsOf(vocabulary, logitRows)
  const scorePieces = Math.ceil(vocabulary / scoreRows)
  const [wanted, found] = [room(4 * mostRows), room(4 * mostRows)]
  const scores = room(scoreBytes * mostRows * scorePieces)
  const [cosine, sine] = [copied(turns?.cosine ?? new Float32Array(0)), copied(turns?.sine ?? new Float32Array(0))]
  if (!fits) return undefined
  arena.words(all, mostRows).set(Array.from({ length: mostRows }, (_, row) => row))

  /** A step on some rows. */
  interface Step {
    readonly run: (rows: number) => void
  }
  const sideBySide = (x: Rows): Step => {
    const step = stepWords('interleave', {
      ...{ x: x.address, xStride: x.stride, to: interleaved, tokens: 1, fours: x.fours },
    })
    return {
      run: (rows) => {
        step[words.interleave.tokens] = rows
        team.step(step, Math.ceil(rows / tokensTogether), rows * x.width)
      },
    }
  }
  const product = (
    x: Rows,
    results: readonly (readonly [matrix: PlacedMatrix, y: Rows])[],
    accumulate = false,
  ): Step => {
    const made = (from: number, rowsOfPiece: (outputs: number) => number) => {
      const matrices = results.map(([matrix, y]) => {
        const rows = rowsOfPiece(matrix.outputs)
        return { ...matrix, y: y.address, yStride: y.stride, rows, pieces: Math.ceil(matrix.outputs / rows) }
      })
      const numbers = { x: from, tokens: 1, fours: x.fours, accumulate: accumulate ? 1 : 0 }
      return {
        words: stepWords('product', numbers, matrices),
        pieces: matrices.reduce((sum, { pieces }) => sum + pieces, 0),
      }
    }
    const one = made(x.address, (outputs) => Math.min(padded(streamBytes / x.stride), padded(outputs / team.threads)))
    const several = made(interleaved, (outputs) => packedRows(outputs / (piecesEach * team.threads)))
    const aside = sideBySide(x)
    const work = results.reduce((sum, [matrix]) => sum + matrix.outputs, 0) * x.width
    return {
      run: (rows) => {
        if (rows > 1) aside.run(rows)
        const { words: step, pieces } = rows === 1 ? one : several
        step[words.product.tokens] = rows
        team.step(step, pieces, work * rows)
      },
    }
  }
  const step = (words: Int32Array, pieces: number, work: number): Step => ({
    run: (rows) => team.step(words, pieces * rows, work * rows),
  })
  const norm = ({ weight, bias }: PlacedNorm, y: Rows, rows: number): Step =>
    step(
      stepWords('norm', {
        ...{ x: stream.address, xStride: stream.stride, y: y.address, yStride: y.stride, rows, weight, bias },
        ...{ width: dimension, fours: stream.fours, epsilon: bitsOf(architecture.normEpsilon) },
      }),
      1,
      2 * dimension,
    )
  const pairs = positions.kind === 'rotary' ? positions.frequencies.length : 0
  const neighbours = positions.kind === 'rotary' && positions.pairs === 'neighbours'
  const turn = (layer: number): Step =>
    step(
      stepWords('turn', {
        ...{ query: query.address, queryStride: query.stride, key: key.address, value: value.address },
        ...{ keyStride: key.stride, to: turned, rows: table, layer, cosine, sine, pairs },
        ...{ step: neighbours ? 8 : 4, distance: neighbours ? 4 : 4 * pairs },
        ...{ heads, keyHeads: keyValueHeads, size, padded: headBytes },
      }),
      1,
      4 * (query.width + key.width),
    )
  const attend = (layer: number) => ({
    words: stepWords('attend', {
      ...{ query: turned, y: mixed.address, yStride: mixed.stride, rows: table, layer },
      ...{ heads, keyHeads: keyValueHeads, size, padded: headBytes, scale: bitsOf(1 / Math.sqrt(size)) },
    }),
    work: 2 * query.width,
  })
  const activate = step(
    stepWords('activate', {
      ...{ x: hidden.address, up: raised.address, stride: hidden.stride, fours: hidden.fours },
      kind: activations.indexOf(architecture.feedForward),
    }),
    1,
    16 * config.hidden,
  )
  const layers = placed.layers.map((layer, index) => ({
    before: [
      norm(layer.attentionNorm, normed, all),
      product(normed, [
        [layer.query, query],
        [layer.key, key],
        [layer.value, value],
      ]),
      turn(index),
    ],
    attend: attend(index),
    after: [
      product(mixed, [[layer.output, stream]], true),
      ...(layer.feedForwardNorm ? [norm(layer.feedForwardNorm, normed, all)] : []),
      product(
        normed,
        layer.gate
          ? [
              [layer.gate, hidden],
              [layer.up, raised],
            ]
          : [[layer.up, hidden]],
      ),
      activate,
      product(hidden, [[layer.down, stream]], true),
    ],
  }))
  const finalNorm = norm(placed.finalNorm, normed, chosen)

  const classifier = product(normed, [[placed.classifier, logits]])
  const score = stepWords(
    'score',
    {
      ...{ x: interleaved, tokens: 1, fours: normed.fours, accumulate: 0 },
      ...{ targets: wanted, found, y: scores },
    },
    [{ ...placed.classifier, y: 0, yStride: 0, rows: scoreRows, pieces: scorePieces }],
  )
  const normedAside = sideBySide(normed)
  const choose = (rows: readonly number[]): void => {
    arena.words(chosen, rows.length).set(rows)
    finalNorm.run(rows.length)
  }
  return {
    run: (spans) => {
      let row = 0
      let seen = 0
      for (const { cache, position, tokens } of spans) {
        const embedded = embed(model, position, tokens)
        tokens.forEach((_, at) => {
          arena
            .floats(stream.address + (row + at) * stream.stride, dimension)
            .set(embedded.subarray(at * dimension, (at + 1) * dimension))
          arena
            .words(table + (row + at) * rowBytes, rowBytes / 4)
            .set([cache.address, cache.capacity, position + at, 0])
          seen += position + at + 1
        })
        row += tokens.length
      }
      for (const { before, attend, after } of layers) {
        for (const one of before) one.run(row)
        team.step(attend.words, heads * row, attend.work * seen)
        for (const one of after) one.run(row)
      }
    },
    logits: (rows) => {
      const result = new Float32Array(rows.length * vocabulary)
      for (let from = 0; from < rows.length; from += logitRows) {
        const some = rows.slice(from, from + logitRows)
        choose(some)
        classifier.run(some.length)
        some.forEach((_, index) => {
          result.set(arena.floats(logits.address + index * logits.stride, vocabulary), (from + index) * vocabulary)
        })
      }
      return result
    },
    surprises: (targets) => {
      const rows = targets.length
      choose(targets.map((_, row) => row))
      normedAside.run(rows)
      arena.words(wanted, rows).set(targets)
      score[words.score.tokens] = rows
      team.step(score, scorePieces, vocabulary * rows * (dimension + 16))
      const largest = arena.floats(scores, (scoreBytes / 4) * rows * scorePieces)
      const sums = new Float64Array(arena.memory.buffer, scores, (scoreBytes / 8) * rows * scorePieces)
      const ofTargets = arena.floats(found, rows)
      return Float64Array.from(targets, (_, row) => {
        let most = Number.NEGATIVE_INFINITY
        for (let at = row; at < rows * scorePieces; at += rows) most = Math.max(most, largest[(scoreBytes / 4) * at]!)
        let total = 0
        for (let at = row; at < rows * scorePieces; at += rows)
          total += sums[(scoreBytes / 8) * at + 1]! * Math.exp(largest[(scoreBytes / 4) * at]! - most)
        return Math.log(total) + most - ofTargets[row]!
      })
    },
    openCache: (positions) => {
      const capacity = padded(positions)
      const address = arena.take(2 * config.layers * keyValueHeads * capacity * headBytes)
      return address === undefined ? undefined : { address, capacity }
    },
  }
}
