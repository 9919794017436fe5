import { describe, expect, test } from 'vitest'
import { UserError } from '../../../src/base/user-error.ts'
import {
  type Architecture,
  llamaArchitecture,
  optArchitecture,
  phiArchitecture,
} from '../../../src/llm/architecture.ts'
import { type Backend, cpuBackend } from '../../../src/llm/backend.ts'
import { threadedBackend } from '../../../src/llm/cpu/backend.ts'
import { openArena } from '../../../src/llm/cpu/memory.ts'
import { mostRows, openPass, scratchBytesOf } from '../../../src/llm/cpu/pass.ts'
import { placeModel } from '../../../src/llm/cpu/placed-model.ts'
import { openTeam } from '../../../src/llm/cpu/threads.ts'
import { floatLinear } from '../../../src/llm/float-linear.ts'
import { createSession } from '../../../src/llm/forward.ts'
import { surprises } from '../../../src/llm/likelihood.ts'
import { linearLayersOf, type Matrix, type Model, type ModelConfig, withLinearLayers } from '../../../src/llm/model.ts'
import { calibrationWith } from '../../../src/llm/quantised/calibration.ts'
import { quantiserOf } from '../../../src/llm/quantised/quantisers.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { float32Weights, floatsOf, type Weights } from '../../../src/llm/weights.ts'
import { int8Groups } from '../files/write-model.ts'
import { perTensor } from '../files/write-onnx.ts'
import { asDtype } from '../files/write-safetensors.ts'

const config: ModelConfig = {
  dimension: 64,
  hidden: 96,
  layers: 2,
  heads: 8,
  keyValueHeads: 2,
  vocabulary: 101,
  sequence: 300,
  sharedClassifier: false,
}
const equalHeads = { ...config, keyValueHeads: 8 }
const ragged: ModelConfig = {
  ...config,
  dimension: 54,
  hidden: 43,
  heads: 3,
  keyValueHeads: 1,
  headSize: 10,
  vocabulary: 47,
}

const shapes: readonly (readonly [string, ModelConfig, Architecture])[] = [
  ['Llama with grouped-query attention', config, llamaArchitecture({ headSize: 8 })],
  [
    'Llama of ragged sizes, pairs of halves, with biases',
    ragged,
    llamaArchitecture({
      headSize: 10,
      pairs: 'halves',
      base: 500,
      biases: { queryKeyValue: true, attentionOutput: true, feedForward: true },
    }),
  ],
  [
    'Llama with wide heads',
    { ...config, heads: 2, keyValueHeads: 1, headSize: 80 },
    llamaArchitecture({ headSize: 80 }),
  ],
  [
    'OPT of ragged sizes',
    { ...equalHeads, dimension: 54, headSize: 8, hidden: 45, vocabulary: 38, sharedClassifier: true },
    optArchitecture,
  ],
  [
    'OPT whose rows end within a four',
    { ...ragged, headSize: 18, keyValueHeads: 3, sharedClassifier: true },
    optArchitecture,
  ],
  ['Phi-2', equalHeads, phiArchitecture({ rotaryWidth: 4 })],
]

const tokensOf = (count: number, vocabulary: number, start = 0): number[] =>
  Array.from({ length: count }, (_, k) => ((k + start) * (k + start) * 7 + 3) % vocabulary)

const threaded = (model: Model, threads = 1): Backend => threadedBackend(model, { threads })!

/** The largest difference, as a share of the largest value where that is above 1. */
const distance = (found: Float32Array, wanted: Float32Array): number => {
  expect(found.length).toBe(wanted.length)
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  return found.reduce((most, value, at) => Math.max(most, Math.abs(value - wanted[at]!)), 0) / largest
}

/** A prompt, then one token and a few more, against the forward pass in JavaScript. */
const compare = async (model: Model, prompt: number): Promise<void> => {
  const backend = threaded(model)
  const one = backend.open(300)
  const other = cpuBackend(model, floatLinear).open(300)
  for (const count of [prompt, 1, 2, 7]) {
    const tokens = tokensOf(count, model.config.vocabulary, count)
    expect(distance(await one.next(tokens, { all: true }), await other.next(tokens, { all: true }))).toBeLessThan(2e-5)
  }
}

const stored = (model: Model, form: (values: Float32Array, matrix: Matrix) => Weights): Model =>
  withLinearLayers(model, (matrix) => ({ ...matrix, weights: form(floatsOf(matrix.weights), matrix) }))

describe('the threads in WebAssembly give the logits of the forward pass in JavaScript', () => {
  test.each(shapes)(
    '%s: prompts of 1, 2, 3, 31, 128 and 200 tokens, then one by one',
    async (_, shape, architecture) => {
      const model = randomModel(shape, 5, architecture)
      for (const prompt of [1, 2, 3, 31, 128, 200]) await compare(model, prompt)
    },
  )

  test.each(['q8_0', 'q4_0'] as const)('weights in blocks %s', async (kind) => {
    await compare(randomModel(config, 6, llamaArchitecture({ headSize: 8 }), kind), 9)
  })

  test('weights in float16 with its smallest and largest values, bfloat16, int8 in groups and per tensor, uint8', async () => {
    const uneven = { ...config, dimension: 48, hidden: 42, heads: 4, keyValueHeads: 2 }
    for (const [shape, groups] of [
      [config, [16, 64]],
      [uneven, [16, 6]],
    ] as const) {
      const model = randomModel(shape, 7)
      const small = stored(model, (data) => ({
        kind: 'float16',
        data: asDtype(
          data.map((value, at) => (at % 7 === 0 ? value * 2 ** -22 : value)),
          'F16',
        ) as Uint16Array,
      }))
      await compare(small, 5)
      await compare(
        stored(model, (data) => ({ kind: 'bfloat16', data: asDtype(data, 'BF16') as Uint16Array })),
        5,
      )
      for (const type of ['int8', 'uint8'] as const)
        await compare(
          stored(model, (data) => {
            const { codes, scale, zero } = perTensor(data, type)
            return { kind: 'int8', codes, zero, scales: Float32Array.of(scale), group: data.length }
          }),
          5,
        )
      for (const group of groups)
        await compare(
          stored(model, (data) => {
            const [codes, scales] = int8Groups(data, group)
            return { kind: 'int8', codes, zero: 0, scales, group }
          }),
          5,
        )
    }
  })
})

describe('weights of 4 bits', () => {
  // Rows of one block and of several, sizes of which no four rows come out even, and of several pieces a thread.
  const even: ModelConfig = { ...config, dimension: 160, hidden: 288, heads: 4, keyValueHeads: 2, vocabulary: 203 }
  const model = randomModel({ ...even, sharedClassifier: true }, 11, llamaArchitecture({ headSize: 40 }))
  const floats = (of: Model): Model => stored(of, (data) => float32Weights(data))
  const next = async (of: Model, threads: number): Promise<Float32Array[]> => {
    const backend = threaded(of, threads)
    const conversation = backend.open(300)
    const results: Float32Array[] = []
    for (const count of [1, 1, 7, 2, 1, 60, 1])
      results.push(await conversation.next(tokensOf(count, 203, results.length), { all: true }))
    backend.close()
    return results
  }

  test.each([
    'group-integer(w=int4, group=96)',
    'group-integer(w=int3, group=32, weights=symmetric)',
    'group-integer(w=int4, per=channel)',
    'bitmod(w=fp4, group=128)',
    'bitmod(w=fp3, group=32)',
    'block(w=mxfp4)',
    'gptq(of=bitmod(group=64))',
  ])('%s gives the bits that its weights give in float32, one token or many, in 1 and 2 threads', async (spec) => {
    const calibration = calibrationWith([tokensOf(9, 203)])
    const run = await quantiserOf(spec).prepare(model, { calibration })
    expect(new Set(linearLayersOf(run.model).map(({ weights }) => weights.kind))).toEqual(new Set(['four-bit']))
    const wanted = await next(floats(run.model), 1)
    for (const threads of [1, 2]) expect(await next(run.model, threads)).toEqual(wanted)
    await compare(run.model, 9)
  })

  test('so do blocks of Q4_0 and layers with biases, and rows that fill no block stay float32', async () => {
    const blocks = randomModel(even, 6, llamaArchitecture({ headSize: 40 }), 'q4_0')
    expect(await next(blocks, 1)).toEqual(await next(floats(blocks), 1))
    const opt = randomModel({ ...even, keyValueHeads: 4, dimension: 64, headSize: 16, hidden: 99 }, 3, optArchitecture)
    const run = await quantiserOf('bitmod(group=32)').prepare(opt)
    const kinds = linearLayersOf(run.model).map(({ weights, inputs }) => [weights.kind, inputs % 32 === 0])
    expect(kinds).toContainEqual(['four-bit', true])
    expect(kinds).toContainEqual(['float32', false])
    for (const [kind, whole] of kinds) expect(kind === 'four-bit').toBe(whole)
    expect(await next(run.model, 1)).toEqual(await next(floats(run.model), 1))
  })
})

const large: ModelConfig = { ...config, dimension: 132, hidden: 252, heads: 6, headSize: 22, vocabulary: 1003 }
const largeModel = randomModel(large, 9, llamaArchitecture({ headSize: 22 }))

test('1, 2 and 3 threads give the same bits', async () => {
  const prompts = [tokensOf(100, 1003), tokensOf(1, 1003, 7), tokensOf(5, 1003, 3), tokensOf(1, 1003, 90)]
  const run = async (threads: number): Promise<Float32Array[]> => {
    const backend = threaded(largeModel, threads)
    const conversation = backend.open(300)
    const results: Float32Array[] = []
    // Often, so that threads that have started take their part.
    for (let round = 0; round < 2; round++)
      for (const prompt of prompts) results.push(await conversation.next(prompt, { all: true }))
    await new Promise((resolve) => setTimeout(resolve, 100))
    for (const prompt of prompts.slice(1)) results.push(await conversation.next(prompt, { all: true }))
    backend.close()
    return results
  }
  const alone = await run(1)
  for (const threads of [2, 3]) expect(await run(threads)).toEqual(alone)
})

test('a prompt gives bit for bit what token after token gives, for every number of tokens that go together', async () => {
  const blocks = randomModel(config, 6, llamaArchitecture({ headSize: 8 }), 'q8_0')
  for (const model of [largeModel, randomModel(ragged, 3, shapes[1]![2]), blocks]) {
    const backend = threaded(model)
    const { vocabulary } = model.config
    const tokens = tokensOf(11, vocabulary)
    const one = backend.open(300)
    const rows: Float32Array[] = []
    for (const token of tokens) rows.push(await one.next([token]))
    for (const count of [2, 3, 4, 5, 9, 11]) {
      const all = await backend.open(300).next(tokens.slice(0, count), { all: true })
      for (let row = 0; row < count; row++)
        expect(all.subarray(row * vocabulary, (row + 1) * vocabulary)).toEqual(rows[row])
    }
  }
})

test('conversations side by side, of any length and place, give bit for bit what each gives alone', async () => {
  const backend = threaded(largeModel)
  const starts = [tokensOf(3, 1003), tokensOf(150, 1003, 4), tokensOf(1, 1003, 9)]
  const next = [tokensOf(120, 1003, 1), tokensOf(1, 1003, 2), tokensOf(80, 1003, 3)]
  for (const all of [false, true]) {
    const alone: Float32Array[] = []
    for (const [at, start] of starts.entries()) {
      const conversation = backend.open(300)
      await conversation.next(start)
      alone.push(await conversation.next(next[at]!, { all }))
      conversation.close()
    }
    const open = starts.map(() => backend.open(300))
    await backend.next(open.map((conversation, at) => ({ conversation, tokens: starts[at]! })))
    const together = await backend.next(
      open.map((conversation, at) => ({ conversation, tokens: next[at]! })),
      { all },
    )
    expect(together).toEqual(alone)
    for (const conversation of open) conversation.close()
  }
})

test.each([1003, 101, 47, 8, 3])('scores are the logarithms of the softmax of %d logits', async (vocabulary) => {
  const backend = threaded(randomModel({ ...large, vocabulary }, 9, llamaArchitecture({ headSize: 22 })))
  const tokens = tokensOf(130, vocabulary)
  const targets = tokensOf(130, vocabulary, 1)
  const logits = await backend.open(300).next(tokens, { all: true })
  const [found] = await backend.score([{ conversation: backend.open(300), tokens, targets }])
  const wanted = surprises(logits, vocabulary, targets)
  found!.forEach((value, at) => {
    expect(Math.abs(value - wanted[at]!)).toBeLessThan(1e-6)
  })
})

test('what a closed conversation leaves behind changes nothing, and its memory is used again', async () => {
  const backend = threaded(largeModel)
  const tokens = tokensOf(40, 1003)
  const first = await backend.open(300).next(tokens)
  const other = backend.open(300)
  await other.next(tokensOf(299, 1003, 5))
  other.close()
  const again = backend.open(60)
  expect(await again.next(tokens)).toEqual(first)
  await expect(other.next(tokens)).rejects.toThrow(/closed/)
})

test('timers run while a long text goes through, and a conversation with other methods is still the same', async () => {
  const backend = threaded(largeModel)
  const wrapped = { ...backend.open(300) }
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  const [scores] = await backend.score([
    { conversation: wrapped, tokens: tokensOf(290, 1003), targets: tokensOf(290, 1003, 1) },
  ])
  clearInterval(timer)
  expect(scores).toHaveLength(290)
  expect(turns).toBeGreaterThan(0)
  const copy = { ...wrapped }
  const piece = { tokens: [1] }
  await expect(
    backend.next([
      { conversation: wrapped, ...piece },
      { conversation: copy, ...piece },
    ]),
  ).rejects.toThrow(/stands twice/)
})

test('tokens that are none, a conversation that stands twice, and absurd numbers of threads are refused', async () => {
  const backend = threaded(largeModel)
  const conversation = backend.open(4)
  await expect(conversation.next([1003])).rejects.toThrow(/token 1003 is outside the vocabulary/)
  await expect(conversation.next([])).rejects.toThrow(/no token to process/)
  await expect(conversation.next([1, 2, 3, 4, 5])).rejects.toThrow(/5 tokens do not fit .* holds 4/)
  const piece = { conversation, tokens: [1] }
  await expect(backend.next([piece, piece])).rejects.toThrow(/stands twice/)
  expect(await conversation.next([1, 2, 3, 4])).toHaveLength(1003)
  for (const threads of [0, 1.5, 257]) expect(() => threadedBackend(largeModel, { threads })).toThrow(/give 1 to 256/)
})

test('a conversation whose tokens are on their way takes no others, and is not closed', async () => {
  const backend = threaded(largeModel)
  const [one, other] = [backend.open(300), backend.open(300)]
  const first = one.next(tokensOf(130, 1003))
  await expect(one.next([1])).rejects.toThrow(/on their way/)
  await expect(
    backend.score([other, one].map((conversation) => ({ conversation, tokens: [1], targets: [2] }))),
  ).rejects.toThrow(/on their way/)
  expect(() => one.close()).toThrow(RangeError)
  // Another goes through meanwhile, also after it was refused beside the first.
  expect(await other.next(tokensOf(130, 1003))).toEqual(await first)
  expect(await one.next([1])).toEqual(await other.next([1]))
  await expect(one.next([1003])).rejects.toThrow(/vocabulary/)
  one.close()
  one.close()
  await expect(one.next([1])).rejects.toThrow(/closed/)
})

describe('memory that ends', () => {
  /** An arena that gives so many bytes, and counts what is written. */
  const limited = (most: number) => {
    const arena = openArena()!
    let taken = 0
    let written = 0
    const take = (bytes: number): number | undefined => {
      if (taken + bytes > most) return undefined
      taken += bytes
      return arena.take(bytes)
    }
    const bytes = (address: number, count: number): Uint8Array => {
      written++
      return arena.bytes(address, count)
    }
    return { arena: { ...arena, take, bytes }, taken: () => taken, written: () => written }
  }

  test('a model that does not fit is not copied in part', () => {
    const whole = limited(Number.POSITIVE_INFINITY)
    expect(placeModel(whole.arena, largeModel)).toBeDefined()
    expect(whole.written()).toBeGreaterThan(0)
    const short = limited(whole.taken() - 1)
    expect(placeModel(short.arena, largeModel)).toBeUndefined()
    expect(short.written()).toBe(0)
    expect(placeModel(limited(whole.taken()).arena, largeModel)).toBeDefined()
  })

  test('a conversation that is too large for it is refused in the same words in WebAssembly and in JavaScript', () => {
    // 4 KiB of keys and values a token.
    const wide: ModelConfig = { ...equalHeads, headSize: 32, sequence: 2 ** 21 }
    const model = randomModel(wide, 3, phiArchitecture({ rotaryWidth: 2 }))
    const words = (tokens: number) =>
      new RegExp(`^a conversation of ${tokens} tokens with model .* does not fit the memory that is there; .*--context`)
    const backend = threaded(model)
    expect(() => backend.open(2 ** 20)).toThrow(words(2 ** 20))
    expect(() => backend.open(2 ** 20)).toThrow(UserError)
    backend.open(4).close()
    const endless = { ...model, config: { ...wide, sequence: 2 ** 44 } }
    expect(() => createSession(endless)).toThrow(words(2 ** 44))
    expect(() => createSession(endless)).toThrow(UserError)
    expect(createSession(endless, 4).sequence).toBe(4)
  })

  test('a pass takes all its memory when it is opened', () => {
    const open = (most: number) => {
      const { arena, taken } = limited(most)
      const team = openTeam(arena, 1, scratchBytesOf(largeModel))!
      const pass = openPass(arena, team, largeModel, placeModel(arena, largeModel)!)
      return { pass, taken }
    }
    const whole = open(Number.POSITIVE_INFINITY)
    const before = whole.taken()
    expect(open(before - 1).pass).toBeUndefined()
    const { pass } = open(before)
    pass!.logits(Array.from({ length: mostRows }, (_, row) => row))
    pass!.surprises(tokensOf(mostRows, 1003))
    expect(pass!.openCache(4)).toBeUndefined()
  })
})
