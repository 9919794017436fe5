import { totalmem } from 'node:os'
import type { Progress } from '../../base/progress.ts'
import { UserError } from '../../base/user-error.ts'
import { addInputs, bytesOfStatistics, emptyStatistics, type InputStatistics } from '../../quant/input-statistics.ts'
import { floatLinear } from '../float-linear.ts'
import { createSession, forward, type Linear } from '../forward.ts'
import { linearLayersOf, type Matrix, type Model } from '../model.ts'

/** Statistics of the inputs of each linear layer, by the name of its matrix; layers that read the same inputs share theirs. */
export type ModelStatistics = ReadonlyMap<string, InputStatistics>

/** Gives the statistics of a model for a text; a second call for the same model gives the first one's. */
export interface Calibration {
  /** Tokens of the text. */
  readonly tokens: number
  readonly statisticsOf: (model: Model, progress: Progress) => Promise<ModelStatistics>
}

/** Calibration with a text, as windows of tokens that the model can hold. */
export const calibrationWith = (windows: readonly (readonly number[])[]): Calibration => {
  const known = new WeakMap<Model, ModelStatistics>()
  return {
    tokens: windows.reduce((sum, { length }) => sum + length, 0),
    statisticsOf: async (model, progress) => {
      const found = known.get(model) ?? (await calibrate(model, windows, progress))
      known.set(model, found)
      return found
    },
  }
}

/** Tokens that go through the model in one pass. */
const batchTokens = 64

/** Share of the machine's memory that statistics may take. */
const mostOfMemory = 0.5

/**
 * Runs a text, as windows of tokens that the model can hold, through the float32 model and keeps second moments, mean and largest
 * magnitudes of what goes into every linear layer (of the classifier too, whose product is left out). Inputs are those of the float32
 * model; GPTQ's and AWQ's programs go block by block and take the inputs behind quantised ones (ours: one pass).
 */
export const calibrate = async (
  model: Model,
  windows: readonly (readonly number[])[],
  progress: Progress,
): Promise<ModelStatistics> => {
  const readers = readersOf(model)
  refuseBeyondMemory(model, readers)
  const statistics = new Map<string, InputStatistics>()
  for (const names of readers) {
    const shared = emptyStatistics(inputsOf(model, names[0]!))
    for (const name of names) statistics.set(name, shared)
  }
  const firsts = new Set(readers.map(([first]) => first!))
  const noting: Linear = (matrix, input, tokens) => {
    if (firsts.has(matrix.name)) addInputs(statistics.get(matrix.name)!, input, tokens)
    return matrix.name === model.classifier.name
      ? new Float32Array(tokens * matrix.outputs)
      : floatLinear(matrix, input, tokens)
  }
  const total = windows.reduce((sum, { length }) => sum + length, 0)
  progress.start(`calibrate ${model.name}`, total, 'tokens')
  let done = 0
  for (const window of windows) {
    const session = createSession(model, window.length)
    for (let from = 0; from < window.length; from += batchTokens) {
      const tokens = window.slice(from, from + batchTokens)
      await forward(session, tokens, noting, { all: true })
      done += tokens.length
      progress.update(done)
    }
  }
  return statistics
}

/** Names of the matrices that read the same inputs, in the order of a forward pass. */
export const readersOf = (model: Model): readonly (readonly string[])[] => [
  ...model.layers.flatMap(({ query, key, value, output, gate, up, down, feedForwardNorm }) => {
    const attention = [query, key, value].map(({ name }) => name)
    const feedForward = [...(gate ? [gate] : []), up].map(({ name }) => name)
    return [
      ...(feedForwardNorm ? [attention] : [[...attention, ...feedForward]]),
      [output.name],
      ...(feedForwardNorm ? [feedForward] : []),
      [down.name],
    ]
  }),
  [model.classifier.name],
]

const inputsOf = (model: Model, name: string): number => matrixOf(model, name).inputs

/** The linear layer of that name. */
export const matrixOf = (model: Model, name: string): Matrix => {
  const found = linearLayersOf(model).find((matrix) => matrix.name === name)
  if (!found) throw new RangeError(`${model.name} has no matrix ${name}`)
  return found
}

const refuseBeyondMemory = (model: Model, readers: readonly (readonly string[])[]): void => {
  const needed = readers.reduce((sum, [first]) => sum + bytesOfStatistics(inputsOf(model, first!)), 0)
  const most = mostOfMemory * totalmem()
  if (needed <= most) return
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
  throw new UserError(
    'E-QUANT-MEMORY',
    `calibrating ${model.name} takes ${gigabytes(needed)} for second moments, and ${gigabytes(most)} of this machine may be used; take a quantiser without calibration or a smaller model`,
  )
}
