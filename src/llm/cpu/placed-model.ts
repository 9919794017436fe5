import { blockCodes, type FourBitWeights, fourBitOfBlocks } from '../four-bit.ts'
import type { Layer, Matrix, Model, Norm } from '../model.ts'
import { fourBitBytes, placeFourBit } from './four-bit-rows.ts'
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

/**
 * Copies what the layers and the classifier need, as it is stored, Q4_0 as codes with tables (`four-bit-rows.ts`); undefined, and nothing
 * copied, where it does not fit.
 */
export const placeModel = (arena: Arena, model: Model): PlacedModel | undefined => {
  let fits = true
  const known = new Map<object, number>()
  const copies: (() => void)[] = []
  /** Room for some bytes, the address of what was placed before where `of` is known. */
  const room = (of: object, bytes: number, copy: (address: number) => void): number => {
    const there = known.get(of)
    if (there !== undefined) return there
    // Behind a vector zeros fill up a four, which kernels read.
    const address = arena.take(bytes + 16)
    if (address === undefined) {
      fits = false
      return 0
    }
    known.set(of, address)
    copies.push(() => copy(address))
    return address
  }
  const place = (data: ArrayBufferView): number =>
    room(data, data.byteLength, (address) =>
      arena.bytes(address, data.byteLength).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    )
  const fourBit = (weights: FourBitWeights, outputs: number) => {
    const sizes = fourBitBytes(weights, outputs)
    const records = room(weights.scales, sizes.records, () => {})
    const tables = room(weights.values, sizes.tables, () => {})
    const codes = room(weights.codes, sizes.codes, (address) =>
      placeFourBit(arena, weights, outputs, { codes: address, records, tables }),
    )
    return { weights: codes, scales: records, group: weights.group, zero: tables }
  }
  const stored = ({ weights, outputs, inputs }: Matrix) => {
    if (weights.kind === 'four-bit') return { kind: kindOf('four-bit'), ...fourBit(weights, outputs) }
    if (weights.kind === 'q4_0' && inputs % blockCodes === 0)
      return { kind: kindOf('four-bit'), ...fourBit(fourBitOfBlocks(weights.data, inputs), outputs) }
    if (weights.kind !== 'int8')
      return { kind: kindOf(weights.kind), weights: place(weights.data), scales: 0, group: 1, zero: 0 }
    const { codes, scales, group, zero } = weights
    const kind = kindOf(codes instanceof Int8Array ? 'int8' : 'uint8')
    return { kind, weights: place(codes), scales: place(scales), group, zero }
  }
  const matrix = (one: Matrix): PlacedMatrix => ({
    outputs: one.outputs,
    inputs: one.inputs,
    ...stored(one),
    bias: one.bias ? place(one.bias) : 0,
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
  for (const copy of copies) copy()
  return placed
}

const kindOf = (form: StoredForm): number => storedKinds.indexOf(form)
