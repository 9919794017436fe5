import { weightTypes } from '../pe/bitmod/terms.ts'
import type { BitmodOptions, BitmodQuantised } from './bitmod.ts'
import { float16BitsOf, float16FromBits } from './float16.ts'

/** The size of a matrix of BitMoD weights and how they are stored. */
export interface BitmodShape extends BitmodOptions {
  readonly outputs: number
  readonly inputs: number
}

const channelScaleBits = 16
const scaleBits = 8

const selectorBitsOf = ({ weights }: BitmodOptions): number => (weightTypes[weights].kind === 'float' ? 2 : 0)

/** Bits of a group's scale and selector, beside its weights: 10 for FP4 and FP3, 8 for integers (BitMoD, HPCA 2025, III-C). */
export const groupOverheadBits = (options: BitmodOptions): number => scaleBits + selectorBitsOf(options)

/** Bytes of one row of weights, its last bits unused. */
export const rowBytes = (shape: BitmodShape): number => {
  const groups = Math.ceil(shape.inputs / shape.group)
  const bits = channelScaleBits + groups * groupOverheadBits(shape) + shape.inputs * weightTypes[shape.weights].bits
  return Math.ceil(bits / 8)
}

/** Bits a weight of a matrix costs in memory, all scales included. */
export const bitsPerWeight = (shape: BitmodShape): number => (8 * rowBytes(shape)) / shape.inputs

/**
 * Weights in memory, row after row (the layout is ours): the FP16 scale of the channel, then each group as scale, selector where the
 * format has special values, and codes. Fields follow each other without gaps, the first in the lowest bits of the first byte; a
 * row begins at a byte.
 */
export const packBitmod = (quantised: BitmodQuantised): Uint8Array => {
  const { weights, group, outputs, inputs, groups, codes, selectors, scales, channelScales } = quantised
  const { bits } = weightTypes[weights]
  const selectorBits = selectorBitsOf(quantised)
  const stride = rowBytes(quantised)
  const bytes = new Uint8Array(outputs * stride)
  for (let row = 0; row < outputs; row++) {
    let place = 8 * row * stride
    const put = (value: number, width: number): void => {
      for (let bit = 0; bit < width; bit++, place++) bytes[place >> 3]! |= ((value >> bit) & 1) << (place & 7)
    }
    put(float16BitsOf(channelScales[row]!), channelScaleBits)
    for (let index = 0; index < groups; index++) {
      put(scales[row * groups + index]!, scaleBits)
      put(selectors[row * groups + index]!, selectorBits)
      const to = Math.min((index + 1) * group, inputs)
      for (let k = index * group; k < to; k++) put(codes[row * inputs + k]!, bits)
    }
  }
  return bytes
}

/** The matrix of `packBitmod`; another number of bytes than the shape has is a RangeError. */
export const unpackBitmod = (bytes: Uint8Array, shape: BitmodShape): BitmodQuantised => {
  const { weights, group, outputs, inputs } = shape
  const { bits } = weightTypes[weights]
  const stride = rowBytes(shape)
  if (bytes.length !== outputs * stride)
    throw new RangeError(
      `${outputs} x ${inputs} ${weights} weights in groups of ${group} are ${outputs * stride} bytes, got ${bytes.length}`,
    )
  const groups = Math.ceil(inputs / group)
  const selectorBits = selectorBitsOf(shape)
  const codes = new Uint8Array(outputs * inputs)
  const selectors = new Uint8Array(outputs * groups)
  const scales = new Uint8Array(outputs * groups)
  const channelScales = new Float32Array(outputs)
  for (let row = 0; row < outputs; row++) {
    let place = 8 * row * stride
    const take = (width: number): number => {
      let value = 0
      for (let bit = 0; bit < width; bit++, place++) value |= ((bytes[place >> 3]! >> (place & 7)) & 1) << bit
      return value
    }
    channelScales[row] = float16FromBits(take(channelScaleBits))
    for (let index = 0; index < groups; index++) {
      scales[row * groups + index] = take(scaleBits)
      selectors[row * groups + index] = take(selectorBits)
      const to = Math.min((index + 1) * group, inputs)
      for (let k = index * group; k < to; k++) codes[row * inputs + k] = take(bits)
    }
  }
  return { weights, group, outputs, inputs, groups, codes, selectors, scales, channelScales }
}
