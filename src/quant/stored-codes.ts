import {
  blockFormatOf,
  outlierVictimFormat,
  outlierVictimKinds,
  type ScalarFormat,
  scalarFormatOf,
} from '../formats/index.ts'
import { weightNames, weightTypes } from '../pe/bitmod/terms.ts'
import { formatsOfBitmod } from './bitmod.ts'
import type { CodedDescription, CodedMatrix, CodedTensor } from './coded.ts'
import { float16FromBits } from './float16.ts'
import { levelsOf } from './levels.ts'

/** Type and shape of a saved array. */
export type TensorShape = Pick<CodedTensor, 'type' | 'shape'>

/** The bytes of the arrays of a matrix by name, each at the start of a buffer of its own, little-endian. */
export type StoredArrays = Readonly<Record<string, Uint8Array<ArrayBuffer>>>

/** How the arrays that `tensorsOf` made become a matrix again. */
export interface StoredCodes {
  /** The arrays that there must be. */
  readonly tensors: Readonly<Record<string, TensorShape>>
  /** The matrix; an array with what its quantiser never writes is refused. */
  readonly read: (arrays: StoredArrays) => CodedMatrix
}

/** Makes the error of a fault, e.g. `its group is 0, allowed are 1 to 4096`. */
type Refuse = (what: string) => never

/** The arrays of a described matrix, which may come from anywhere: all of it is checked before any array is asked for. */
export const storedCodes = (description: CodedDescription, refuse: Refuse): StoredCodes => {
  switch (description.kind) {
    case 'integer':
      return storedIntegers(description, refuse)
    case 'bitmod':
      return storedBitmod(description, refuse)
    case 'typed':
      return storedTyped(description, refuse)
    case 'pairs':
      return storedPairs(description, refuse)
    case 'blocks':
      return storedBlocks(description, refuse)
  }
}

/** Largest group of integers and of BitMoD, as their quantisers have it, and of all others. */
const largestGroup = { integer: 65_536, bitmod: 4096, other: 2 ** 24 }

/** Sizes of a matrix, its group at most `most`. */
const sizesOf = ({ outputs, inputs, group }: CodedDescription, most: number, refuse: Refuse) => {
  if (group > most) refuse(`its group is ${group}, allowed are 1 to ${most}`)
  const groups = Math.ceil(inputs / group)
  return { outputs, inputs, group, groups }
}

const bitsMustBe = (said: number, bits: number, refuse: Refuse): void => {
  if (said !== bits) refuse(`it has ${said} bits where its formats have ${bits}`)
}

const storedIntegers = (description: CodedDescription, refuse: Refuse): StoredCodes => {
  const { bits, formats } = description
  const found = formats.length === 1 ? /^(u?)int([1-8])$/.exec(formats[0]!) : undefined
  if (!found || formats[0] === 'int1')
    return refuse(`its formats are ${shown(formats)}, allowed are int2 to int8 and uint1 to uint8`)
  const signed = found[1] === ''
  bitsMustBe(bits, Number(found[2]), refuse)
  const sizes = sizesOf(description, largestGroup.integer, refuse)
  const { outputs, inputs, groups } = sizes
  const unsignedBytes = bits === 8 && !signed
  const most = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1
  return {
    tensors: {
      codes: { type: unsignedBytes ? 'U8' : 'I8', shape: [outputs, inputs] },
      scales: { type: 'F16', shape: [outputs, groups] },
      ...(signed ? {} : { zeros: { type: 'U8', shape: [outputs, groups] } as const }),
    },
    read: (arrays) => {
      const bytes = arrays.codes!
      const codes = unsignedBytes ? bytes : new Int8Array(bytes.buffer)
      const zeros = signed ? new Uint8Array(outputs * groups) : arrays.zeros!
      refuseBeyond('codes', codes, signed ? -most : 0, most, refuse)
      refuseBeyond('zeros', zeros, 0, signed ? 0 : most, refuse)
      const scales = positiveHalves('scales', arrays.scales!, refuse)
      return { kind: 'integer', ...sizes, bits, signed, codes, scales, zeros }
    },
  }
}

const storedBitmod = (description: CodedDescription, refuse: Refuse): StoredCodes => {
  const { bits, formats } = description
  const weights = weightNames.find((name) => formatsOfBitmod(name).join() === formats.join())
  if (weights === undefined) return refuse(`its formats ${shown(formats)} are none of BitMoD's`)
  const type = weightTypes[weights]
  bitsMustBe(bits, type.bits, refuse)
  const sizes = sizesOf(description, largestGroup.bitmod, refuse)
  const { outputs, inputs, groups } = sizes
  const chosen = type.kind === 'float'
  return {
    tensors: {
      codes: { type: 'U8', shape: [outputs, inputs] },
      scales: { type: 'U8', shape: [outputs, groups] },
      ...(chosen ? { selectors: { type: 'U8', shape: [outputs, groups] } as const } : {}),
      channel_scales: { type: 'F16', shape: [outputs, 1] },
    },
    read: (arrays) => {
      const codes = arrays.codes!
      const selectors = chosen ? arrays.selectors! : new Uint8Array(outputs * groups)
      refuseBeyond('codes', codes, 0, 2 ** bits - 1, refuse)
      // Both signs reach as far: the quantiser leaves the lowest integer unused.
      const lowest = chosen ? -1 : codes.indexOf(2 ** (bits - 1))
      if (lowest >= 0) refuse(`its code ${lowest} is ${-(2 ** (bits - 1))}, which is not used`)
      refuseBeyond('selectors', selectors, 0, formats.length - 1, refuse)
      const channelScales = positiveHalves('channel_scales', arrays.channel_scales!, refuse)
      return { kind: 'bitmod', weights, ...sizes, codes, selectors, scales: arrays.scales!, channelScales }
    },
  }
}

const storedTyped = (description: CodedDescription, refuse: Refuse): StoredCodes => {
  const { bits, formats } = description
  const known = formats.map((id) => scalarNamed(id, refuse))
  if (known.length === 0 || known.length > 256) refuse(`it has ${known.length} formats, allowed are 1 to 256`)
  for (const format of known) bitsMustBe(bits, format.bits, refuse)
  const sizes = sizesOf(description, largestGroup.other, refuse)
  const { outputs, inputs, group, groups } = sizes
  const several = formats.length > 1
  return {
    tensors: {
      codes: { type: bits <= 8 ? 'U8' : 'U16', shape: [outputs, inputs] },
      scales: { type: 'F16', shape: [outputs, groups] },
      ...(several ? { types: { type: 'U8', shape: [outputs, groups] } as const } : {}),
    },
    read: (arrays) => {
      const codes = codesOf(arrays.codes!, bits)
      const types = several ? arrays.types! : new Uint8Array(outputs * groups)
      refuseBeyond('types', types, 0, formats.length - 1, refuse)
      const scales = positiveHalves('scales', arrays.scales!, refuse)
      const values = known.map((format) => levelsOf(format).values)
      refuseNoNumber(
        codes,
        (at) => {
          const row = Math.floor(at / inputs)
          return values[types[row * groups + Math.floor((at - row * inputs) / group)]!]![codes[at]!]
        },
        refuse,
      )
      return { kind: 'typed', formats: known.map(({ id }) => id), bits, ...sizes, codes, scales, types }
    },
  }
}

const storedPairs = (description: CodedDescription, refuse: Refuse): StoredCodes => {
  const { bits, formats } = description
  const normal = outlierVictimKinds.find((kind) => formats.length === 1 && formats[0] === `olive(${kind})`)
  if (normal === undefined)
    return refuse(
      `its formats are ${shown(formats)}, allowed is one of ${outlierVictimKinds.map((kind) => `olive(${kind})`).join(', ')}`,
    )
  bitsMustBe(bits, outlierVictimFormat(normal).bits, refuse)
  const sizes = sizesOf(description, largestGroup.other, refuse)
  const { outputs, inputs, groups } = sizes
  return {
    tensors: {
      codes: { type: 'U8', shape: [outputs, inputs] },
      scales: { type: 'F16', shape: [outputs, groups] },
    },
    read: (arrays) => {
      const codes = arrays.codes!
      refuseBeyond('codes', codes, 0, 2 ** bits - 1, refuse)
      return { kind: 'pairs', normal, bits, ...sizes, codes, scales: positiveHalves('scales', arrays.scales!, refuse) }
    },
  }
}

const storedBlocks = (description: CodedDescription, refuse: Refuse): StoredCodes => {
  const { bits, formats } = description
  const format =
    formats.length === 1 ? blockNamed(formats[0]!, refuse) : refuse(`it has ${formats.length} formats, blocks have one`)
  const { element, scale, block } = format
  bitsMustBe(bits, element.bits, refuse)
  if (description.group !== block)
    refuse(`its group is ${description.group} where a block of ${format.id} has ${block}`)
  const sizes = sizesOf(description, largestGroup.other, refuse)
  const { outputs, inputs, groups } = sizes
  return {
    tensors: {
      codes: { type: bits <= 8 ? 'U8' : 'U16', shape: [outputs, inputs] },
      scales: { type: scale.bits <= 8 ? 'U8' : 'U16', shape: [outputs, groups] },
      ...(format.outer ? { outer: { type: 'F32', shape: [1] } as const } : {}),
    },
    read: (arrays) => {
      const codes = codesOf(arrays.codes!, bits)
      const scales = codesOf(arrays.scales!, scale.bits)
      const { values } = levelsOf(element)
      refuseNoNumber(codes, (at) => values[codes[at]!], refuse)
      const scaleValues = levelsOf(scale).values
      const wrong = scales.findIndex(
        (code) => !(scaleValues[code]! >= 0 && scaleValues[code]! < Number.POSITIVE_INFINITY),
      )
      if (wrong >= 0) refuse(`entry ${wrong} of its scales is code ${scales[wrong]}, which is no scale of ${format.id}`)
      const outer = format.outer ? new Uint32Array(arrays.outer!.buffer)[0]! : undefined
      if (arrays.outer && !(new Float32Array(arrays.outer.buffer)[0]! > 0)) refuse('its outer scale is not above 0')
      return { kind: 'blocks', format: format.id, bits, ...sizes, codes, scales, outer }
    },
  }
}

/** A format that tables have room for. */
const mostBits = 16

const scalarNamed = (id: string, refuse: Refuse): ScalarFormat => {
  const format = named(() => scalarFormatOf(id), id, refuse)
  return format.bits <= mostBits
    ? format
    : refuse(`its format ${shown([id])} has ${format.bits} bits, allowed are 1 to ${mostBits}`)
}

const blockNamed = (id: string, refuse: Refuse) => {
  const format = named(() => blockFormatOf(id), id, refuse)
  if (format.zero || format.scale.bits > mostBits || (format.outer && format.outer.bits !== 32))
    return refuse(`its format ${shown([id])} is none of weights in blocks`)
  return format
}

const named = <T>(find: () => T, id: string, refuse: Refuse): T => {
  try {
    return find()
  } catch {
    return refuse(`its format ${shown([id])} is none of \`bitloom list formats\``)
  }
}

const shown = (formats: readonly string[]): string => formats.join(', ').slice(0, 80) || 'none'

const codesOf = (bytes: Uint8Array<ArrayBuffer>, bits: number): Uint8Array | Uint16Array =>
  bits <= 8 ? bytes : new Uint16Array(bytes.buffer)

const refuseBeyond = (
  name: string,
  codes: Uint8Array | Int8Array,
  least: number,
  most: number,
  refuse: Refuse,
): void => {
  const wrong = codes.findIndex((code) => code < least || code > most)
  if (wrong >= 0) refuse(`entry ${wrong} of its ${name} is ${codes[wrong]}, allowed are ${least} to ${most}`)
}

/** A code that is none of the format's, or stands for no finite number. */
const refuseNoNumber = (
  codes: Uint8Array | Uint16Array,
  valueAt: (at: number) => number | undefined,
  refuse: Refuse,
): void => {
  for (let at = 0; at < codes.length; at++) {
    const value = valueAt(at)
    if (value === undefined || !Number.isFinite(value))
      refuse(`entry ${at} of its codes is ${codes[at]}, which stands for no number`)
  }
}

/** FP16 scales as numbers. */
const positiveHalves = (name: string, bytes: Uint8Array<ArrayBuffer>, refuse: Refuse): Float32Array => {
  const scales = Float32Array.from(new Uint16Array(bytes.buffer), float16FromBits)
  const wrong = scales.findIndex((scale) => !(scale > 0 && scale < Number.POSITIVE_INFINITY))
  if (wrong >= 0) refuse(`entry ${wrong} of its ${name} is ${scales[wrong]}, allowed are finite numbers above 0`)
  return scales
}
