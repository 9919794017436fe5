import { type Backend, type Conversation, oneByOne } from '../backend.ts'
import { checkTokens, embed, turnsOf } from '../forward.ts'
import { headSizeOf, keyValueWidthOf, type Layer, type Matrix, type Model, type Norm, queryWidthOf } from '../model.ts'
import type { Gpu } from './device.ts'
import {
  activationKernel,
  attentionKernel,
  elementThreads,
  mostAlongX,
  normKernel,
  rotaryKernel,
  tiledProduct,
  tileSize,
  vectorProduct,
  vectorRows,
} from './kernels.ts'
import { type Dispatch, pipelinesOf, type Recorder, readBack, recorderOf } from './recorder.ts'
import { type GpuMatrix, uploadArray, uploadMatrix } from './upload.ts'

/** Most tokens that go through the layers at once. */
const mostRows = 128
/** Tokens from which a tile is worth its shared memory. */
const tiledFrom = 4

interface GpuNorm {
  readonly weight: GPUBuffer
  readonly bias: GPUBuffer | undefined
}

interface GpuLayer {
  readonly attentionNorm: GpuNorm
  readonly query: GpuMatrix
  readonly key: GpuMatrix
  readonly value: GpuMatrix
  readonly output: GpuMatrix
  readonly feedForwardNorm: GpuNorm | undefined
  readonly gate: GpuMatrix | undefined
  readonly up: GpuMatrix
  readonly down: GpuMatrix
}

/** A model on a GPU: weights as they are stored, everything else in float32; only token embeddings are looked up on the CPU. */
export const gpuBackend = (gpu: Gpu, model: Model): Backend => {
  const buffers: GPUBuffer[] = []
  const array = (data: Float32Array, name: string): GPUBuffer => {
    const buffer = uploadArray(gpu, data, name)
    buffers.push(buffer)
    return buffer
  }
  const matrix = (one: Matrix): GpuMatrix => {
    const uploaded = uploadMatrix(gpu, one)
    buffers.push(...[uploaded.weights, uploaded.bias, uploaded.scales].filter((buffer) => buffer !== undefined))
    return uploaded
  }
  const norm = ({ weight, bias }: Norm): GpuNorm => ({
    weight: array(weight, 'a norm'),
    bias: bias && array(bias, 'a norm'),
  })
  const layerOf = (layer: Layer): GpuLayer => ({
    attentionNorm: norm(layer.attentionNorm),
    query: matrix(layer.query),
    key: matrix(layer.key),
    value: matrix(layer.value),
    output: matrix(layer.output),
    feedForwardNorm: layer.feedForwardNorm && norm(layer.feedForwardNorm),
    gate: layer.gate && matrix(layer.gate),
    up: matrix(layer.up),
    down: matrix(layer.down),
  })
  const pipelines = pipelinesOf(gpu)
  const uploaded = {
    layers: model.layers.map(layerOf),
    finalNorm: norm(model.finalNorm),
    classifier: matrix(model.classifier),
  }
  return {
    name: `webgpu (${gpu.name})`,
    model,
    open: (sequence) => openConversation(gpu, model, uploaded, pipelines, Math.min(sequence, model.config.sequence)),
    ...oneByOne(model),
    close: () => {
      for (const buffer of buffers) buffer.destroy()
      gpu.device.destroy()
    },
  }
}

interface Uploaded {
  readonly layers: readonly GpuLayer[]
  readonly finalNorm: GpuNorm
  readonly classifier: GpuMatrix
}

const openConversation = (
  gpu: Gpu,
  model: Model,
  { layers, finalNorm, classifier }: Uploaded,
  pipelines: ReturnType<typeof pipelinesOf>,
  sequence: number,
): Conversation => {
  const { config, architecture } = model
  const { device } = gpu
  const made: GPUBuffer[] = []
  const room = (floats: number): GPUBuffer => {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
    const buffer = device.createBuffer({ size: 4 * floats, usage })
    made.push(buffer)
    return buffer
  }
  const rowsThere = Math.min(mostRows, sequence)
  const keyValueWidth = keyValueWidthOf(config)
  const stream = room(rowsThere * config.dimension)
  const normed = room(rowsThere * config.dimension)
  const query = room(rowsThere * queryWidthOf(config))
  const mixed = room(rowsThere * queryWidthOf(config))
  const hidden = room(rowsThere * config.hidden)
  const raised = layers[0]?.gate ? room(rowsThere * config.hidden) : undefined
  const keys = layers.map(() => room(sequence * keyValueWidth))
  const values = layers.map(() => room(sequence * keyValueWidth))
  const { positions } = architecture
  const turns = positions.kind === 'rotary' ? tablesOf(gpu, turnsOf(positions, sequence), made) : undefined
  let position = 0

  const normalise = (one: GpuNorm, rows: number, first: number): Dispatch => ({
    kernel: normKernel(architecture),
    numbers: [config.dimension, first],
    arrays: [stream, normed, one.weight, ...(one.bias ? [one.bias] : [])],
    workgroups: [rows, 1, 1],
  })
  const rotate = (x: GPUBuffer, heads: number, rows: number, offset: number): Dispatch[] => {
    if (positions.kind !== 'rotary' || !turns) return []
    const pairs = positions.frequencies.length
    return [
      {
        kernel: rotaryKernel(positions.pairs),
        numbers: [rows, heads, headSizeOf(config), pairs, position, offset],
        arrays: [x, turns.cosine, turns.sine],
        workgroups: spread(rows * heads * pairs, elementThreads),
      },
    ]
  }
  const block = (layer: GpuLayer, index: number, rows: number): Dispatch[] => {
    const [key, value] = [keys[index]!, values[index]!]
    const offset = position * keyValueWidth
    const activation: Dispatch = {
      kernel: activationKernel(architecture.feedForward),
      numbers: [rows * config.hidden],
      arrays: [hidden, ...(raised ? [raised] : [])],
      workgroups: spread(rows * config.hidden, elementThreads),
    }
    return [
      normalise(layer.attentionNorm, rows, 0),
      product(layer.query, normed, query, rows),
      product(layer.key, normed, key, rows, { offset }),
      product(layer.value, normed, value, rows, { offset }),
      ...rotate(query, config.heads, rows, 0),
      ...rotate(key, config.keyValueHeads, rows, offset),
      {
        kernel: attentionKernel(headSizeOf(config)),
        numbers: [position, config.heads, config.keyValueHeads],
        arrays: [query, key, value, mixed],
        workgroups: [config.heads, rows, 1],
      },
      product(layer.output, mixed, stream, rows, { accumulate: true }),
      // A parallel block feeds both halves from the norm before attention, which is still there.
      ...(layer.feedForwardNorm ? [normalise(layer.feedForwardNorm, rows, 0)] : []),
      ...(layer.gate && raised
        ? [product(layer.gate, normed, hidden, rows), product(layer.up, normed, raised, rows)]
        : [product(layer.up, normed, hidden, rows)]),
      activation,
      product(layer.down, hidden, stream, rows, { accumulate: true }),
    ]
  }
  /** Takes at most `mostRows` tokens through the layers; logits of the last one, of all, or of none. */
  const step = async (tokens: readonly number[], wanted: 'none' | 'last' | 'all'): Promise<Float32Array> => {
    const rows = tokens.length
    device.queue.writeBuffer(stream, 0, embed(model, position, tokens))
    const recorder = recorderOf(gpu, pipelines)
    for (const [index, layer] of layers.entries()) recorder.record(block(layer, index, rows))
    const count = wanted === 'none' ? 0 : wanted === 'last' ? 1 : rows
    position += rows
    if (count === 0) {
      recorder.submit()
      return new Float32Array(0)
    }
    return logitsOf(recorder, rows, count)
  }
  const logitsOf = async (recorder: Recorder, rows: number, count: number): Promise<Float32Array> => {
    const logits = device.createBuffer({
      size: 4 * count * config.vocabulary,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
    })
    try {
      recorder.record([normalise(finalNorm, count, rows - count), product(classifier, normed, logits, count)])
      return await readBack(gpu, recorder, logits)
    } finally {
      logits.destroy()
    }
  }
  return {
    next: async (tokens, { all = false } = {}) => {
      checkTokens(model, position, sequence, tokens)
      const pieces = Array.from({ length: Math.ceil(tokens.length / rowsThere) }, (_, piece) =>
        tokens.slice(piece * rowsThere, (piece + 1) * rowsThere),
      )
      const results: Float32Array[] = []
      for (const [index, piece] of pieces.entries())
        results.push(await step(piece, all ? 'all' : index === pieces.length - 1 ? 'last' : 'none'))
      return joined(results)
    },
    close: () => {
      for (const buffer of made) buffer.destroy()
    },
  }
}

const tablesOf = (gpu: Gpu, turns: ReturnType<typeof turnsOf>, made: GPUBuffer[]) => {
  const cosine = uploadArray(gpu, turns.cosine, 'the table of rotary positions')
  const sine = uploadArray(gpu, turns.sine, 'the table of rotary positions')
  made.push(cosine, sine)
  return { cosine, sine }
}

/** A linear layer with its bias: one token by vectors, many in tiles. */
const product = (
  { outputs, inputs, fours, kind, weights, bias, scales, group4, zero }: GpuMatrix,
  x: GPUBuffer,
  y: GPUBuffer,
  rows: number,
  { offset = 0, accumulate = false } = {},
): Dispatch => {
  const tiled = rows >= tiledFrom
  const [along, deep] = alongX(Math.ceil(outputs / (tiled ? tileSize : vectorRows)))
  return {
    kernel: tiled ? tiledProduct(kind, bias !== undefined) : vectorProduct(kind, bias !== undefined),
    numbers: [outputs, inputs, fours, rows, offset, accumulate ? 1 : 0, group4, zero],
    arrays: [x, y, weights, ...(bias ? [bias] : []), ...(scales ? [scales] : [])],
    workgroups: [along, tiled ? Math.ceil(rows / tileSize) : rows, deep],
  }
}

/** Workgroups for `count` things, `each` a workgroup. */
const spread = (count: number, each: number): readonly [number, number, number] => {
  const [along, deep] = alongX(Math.ceil(count / each))
  return [along, 1, deep]
}

const alongX = (workgroups: number): readonly [number, number] => [
  Math.min(workgroups, mostAlongX),
  Math.ceil(workgroups / mostAlongX),
]

const joined = (pieces: readonly Float32Array[]): Float32Array => {
  if (pieces.length === 1) return pieces[0]!
  const result = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    result.set(piece, at)
    at += piece.length
  }
  return result
}
