import type { Layer, Matrix, Model, Norm } from '../model.ts'
import type { Weights } from '../weights.ts'
import type { Arena } from './memory.ts'
import { type StoredForm, storedKinds } from './step.ts'

/** A matrix in the memory of the threads: addresses of what it has, 0 for what it has not. */
export interface PlacedMatrix {
  readonly outputs: number
  readonly inputs: number
  readonly kind: number
  readonly weights: number
  readonly scales: number
  readonly group: number
  readonly zero: number
  readonly bias: number
}

export interface PlacedNorm {
  readonly weight: number
  readonly bias: number
}

export interface PlacedLayer {
  readonly attentionNorm: PlacedNorm
  readonly query: PlacedMatrix
  readonly key: PlacedMatrix
  readonly value: PlacedMatrix
  readonly output: PlacedMatrix
  readonly feedForwardNorm?: PlacedNorm
  readonly gate?: PlacedMatrix
  readonly up: PlacedMatrix
  readonly down: PlacedMatrix
}

export interface PlacedModel {
  readonly layers: readonly PlacedLayer[]
  readonly finalNorm: PlacedNorm
  readonly classifier: PlacedMatrix
}

/** Copies what the layers and the classifier need, as it is stored; undefined, and nothing copied, where it does not fit. */
export const placeModel = (arena: Arena, model: Model): PlacedModel | undefined => {
  let fits = true
  const known = new Map<ArrayBufferView, number>()
  const place = (data: ArrayBufferView): number => {
    const there = known.get(data)
    if (there !== undefined) return there
    // Behind a vector zeros fill up a four, which kernels read.
    const address = arena.take(data.byteLength + 16)
    if (address === undefined) {
      fits = false
      return 0
    }
    known.set(data, address)
    return address
  }
  const matrix = ({ outputs, inputs, weights, bias }: Matrix): PlacedMatrix => ({
    outputs,
    inputs,
    kind: storedKinds.indexOf(formOf(weights)),
    weights: place(weights.kind === 'int8' ? weights.codes : weights.data),
    scales: weights.kind === 'int8' ? place(weights.scales) : 0,
    group: weights.kind === 'int8' ? weights.group : 1,
    zero: weights.kind === 'int8' ? weights.zero : 0,
    bias: bias ? place(bias) : 0,
  })
  const norm = ({ weight, bias }: Norm): PlacedNorm => ({ weight: place(weight), bias: bias ? place(bias) : 0 })
  const layer = (one: Layer): PlacedLayer => ({
    attentionNorm: norm(one.attentionNorm),
    query: matrix(one.query),
    key: matrix(one.key),
    value: matrix(one.value),
    output: matrix(one.output),
    ...(one.feedForwardNorm ? { feedForwardNorm: norm(one.feedForwardNorm) } : {}),
    ...(one.gate ? { gate: matrix(one.gate) } : {}),
    up: matrix(one.up),
    down: matrix(one.down),
  })
  const placed = {
    layers: model.layers.map(layer),
    finalNorm: norm(model.finalNorm),
    classifier: matrix(model.classifier),
  }
  if (!fits) return undefined
  for (const [data, address] of known)
    arena.bytes(address, data.byteLength).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return placed
}

const formOf = (weights: Weights): StoredForm => {
  if (weights.kind !== 'int8') return weights.kind
  return weights.codes instanceof Int8Array ? 'int8' : 'uint8'
}
