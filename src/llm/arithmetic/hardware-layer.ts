import { UserError } from '../../base/user-error.ts'
import { codecOf, type FloatFormat, type ScalarFormat, scalarFormatOf } from '../../formats/index.ts'
import { fp16 } from '../../pe/arith/float/usual.ts'
import type { ElementDescription, ProcessingElement } from '../../pe/family.ts'
import type { TiledElement } from '../../pe/tile.ts'
import { modes } from '../../pe/xrnpe/modes.ts'
import { type Activations, describeActivations } from '../../quant/activations.ts'
import { type CodedMatrix, describeCoded } from '../../quant/coded.ts'
import { roundToNearest } from '../../quant/fitted.ts'
import { applyGroupScales, applyTokenScales } from '../../quant/integer-reference.ts'
import { levelsOf } from '../../quant/levels.ts'
import { quantiseTokens } from '../../quant/token-integer.ts'
import { fitTyped } from '../../quant/typed-groups.ts'
import type { HardwareWeights } from './product.ts'

/** Activations as a PE reads them. */
export interface HardwareInputs {
  /** tokens x K. */
  readonly codes: ArrayLike<number>
  /** One a token; undefined where codes have none. */
  readonly scales: Float32Array | undefined
}

/** What stands around a PE's arithmetic in a linear layer: activations become codes, results become float32. */
export interface HardwareLayer {
  readonly weights: HardwareWeights
  readonly inputs: (input: Float32Array, tokens: number) => HardwareInputs
  /** Results of `HardwareProduct.run` to tokens x N. */
  readonly outputs: (results: Int32Array, tokens: number, scales: Float32Array | undefined) => Float32Array
}

/** What becomes of a layer's inputs for a PE. */
export type PeActivations =
  | { readonly kind: 'integer'; readonly bits: number }
  | { readonly kind: 'float16' }
  | { readonly kind: 'format'; readonly format: ScalarFormat }

/** The same as one phrase. */
export const describeRead = (read: PeActivations): string =>
  describeActivations(read.kind === 'format' ? { kind: 'format', format: read.format.id } : read)

/** What a PE reads of activations. */
export const activationsOfPe = (pe: ProcessingElement | TiledElement): PeActivations => {
  const { activation, codes, lanes } = pe.operands
  const reason = whyNoCodes(pe)
  if (reason !== undefined) throw withoutModel(pe, reason)
  if (!codes)
    return { kind: 'integer', bits: Math.min(8, (typeof lanes === 'object' ? lanes.activation : activation).width) }
  const format = codes.activation
  const weight = 'weight' in codes ? codes.weight : undefined
  if (format.id === 'fp16' && !weight) return { kind: 'float16' }
  return format.kind === 'integer' ? { kind: 'integer', bits: format.bits } : { kind: 'format', format }
}

/** The format of weights that are float codes as they come, without a scale, for which there is no quantiser; else undefined. */
export const plainFloatOf = ({ operands: { codes } }: ProcessingElement | TiledElement): FloatFormat | undefined => {
  const weight = codes && 'weight' in codes ? codes.weight : undefined
  return weight?.kind === 'float' && (weight.bits > 8 || weight.lowest === 'flush') ? weight : undefined
}

/** Why no quantiser makes the codes that a PE reads; undefined where one does. */
export const whyNoCodes = (pe: ProcessingElement | TiledElement): string | undefined => {
  if (pe.family === 'olive') return 'no quantiser makes pairs of activations'
  const float = plainFloatOf(pe)
  if (float) return `no quantiser makes codes of ${float.id}`
  if ('tile' in pe || pe.operands.codes) return undefined
  const sides = pe.operands.lanes ?? pe.operands
  if (sides.activation.min === 0n) return 'its activations have no sign'
  return sides.weight.min === 0n && !pe.operands.zero ? 'its weights have neither a sign nor a zero point' : undefined
}

/** What goes into the hardware of a linear layer; a UserError where the PE cannot read its codes. */
export const hardwareOperands = (
  pe: ProcessingElement | TiledElement,
  name: string,
  coded: CodedMatrix,
  activations: Activations,
): Pick<HardwareLayer, 'weights' | 'inputs'> => {
  const read = activationsOfPe(pe)
  refuseOther(pe, name, read, activations)
  const most = pe.operands.group
  if (most !== undefined && coded.group > most)
    throw new UserError(
      'E-ARITHMETIC-GROUP',
      `${name} has groups of ${coded.group} weights, and a group of ${pe.spec} has at most ${most}; give the quantiser group=${most} or the PE a larger one`,
    )
  return { weights: weightsFor(pe, name, coded), inputs: inputsFor(pe, read, coded.inputs) }
}

/** A linear layer in a PE's arithmetic; a UserError where the PE cannot read its codes. */
export const hardwareLayer = (
  pe: ProcessingElement | TiledElement,
  name: string,
  coded: CodedMatrix,
  activations: Activations,
): HardwareLayer => {
  const common = hardwareOperands(pe, name, coded, activations)
  const { outputs, groups } = coded
  if ('tile' in pe) {
    if (coded.kind !== 'bitmod') throw otherCodes(pe, name, coded)
    return {
      ...common,
      outputs: (results, tokens) => {
        const sums = new Float32Array(results.buffer, results.byteOffset, tokens * outputs)
        return sums.map((sum, at) => sum * coded.channelScales[at % outputs]!)
      },
    }
  }
  const { scales } = coded
  if (!(scales instanceof Float32Array)) throw otherCodes(pe, name, coded)
  const valuesOf = resultsFor(pe)
  return {
    ...common,
    outputs: (results, tokens, tokenScales) => {
      const sums = applyGroupScales(valuesOf(results), scales, tokens, outputs, groups)
      return tokenScales ? applyTokenScales(sums, tokenScales, outputs) : sums
    },
  }
}

/** The layer's quantiser may leave activations as they are, since the PE says how it reads them; else both must agree. */
const refuseOther = (pe: ElementDescription, name: string, read: PeActivations, said: Activations): void => {
  if (said.kind === 'float32') return
  if (read.kind === 'integer' && said.kind === 'integer' && said.bits <= read.bits) return
  if (read.kind === 'float16' && said.kind === 'float16') return
  if (read.kind === 'format' && said.kind === 'format' && scalarOr(said.format) === read.format.id) return
  const wanted = read.kind === 'integer' ? `int${read.bits}` : read.kind === 'float16' ? 'fp16' : read.format.id
  throw new UserError(
    'E-ARITHMETIC-ACTIVATIONS',
    `${name} is quantised with activations ${describeActivations(said)}, and ${pe.spec} reads ${wanted}; give the quantiser a=${wanted}, or none`,
  )
}

const scalarOr = (text: string): string => {
  try {
    return scalarFormatOf(text).id
  } catch {
    return text
  }
}

const otherCodes = ({ spec }: ElementDescription, name: string, coded: CodedMatrix): UserError => {
  const { kind, formats } = describeCoded(coded)
  return new UserError(
    'E-ARITHMETIC-CODES',
    `the codes of ${name} are ${kind === 'pairs' ? 'pairs' : formats.join(', ')}, which ${spec} does not read; give --quant the PE's own quantiser (bitloom list quantisers)`,
  )
}

const withoutModel = ({ spec }: ElementDescription, why: string): UserError =>
  new UserError(
    'E-ARITHMETIC-PE',
    `no model runs in the arithmetic of ${spec}: ${why}; take another PE of bitloom list pes`,
  )

/** The weights of a layer as the PE reads them. */
const weightsFor = (pe: ProcessingElement | TiledElement, name: string, coded: CodedMatrix): HardwareWeights => {
  const { outputs, inputs, group, codes } = coded
  const shape = { outputs, inputs, group, codes }
  if ('tile' in pe) {
    if (coded.kind !== 'bitmod' || coded.weights !== pe.parameters.w) throw otherCodes(pe, name, coded)
    return { ...shape, selectors: coded.selectors, scales: coded.scales }
  }
  const { zero, lanes } = pe.operands
  const weight = lanes?.weight ?? pe.operands.weight
  const format = pe.operands.codes?.weight
  if (format) {
    const same = coded.kind === 'typed' && coded.formats.length === 1 && coded.formats[0] === format.id
    if (same) return shape
    if (coded.kind !== 'integer' || !coded.signed || format.kind !== 'integer' || coded.bits > format.bits)
      throw otherCodes(pe, name, coded)
    return { ...shape, codes: withoutSign(codes, format.bits) }
  }
  if (coded.kind !== 'integer') throw otherCodes(pe, name, coded)
  const { bits, signed, zeros } = coded
  const fits = (least: number, most: number): boolean => least >= Number(weight.min) && most <= Number(weight.max)
  const highest = 2 ** bits - 1
  if (signed && !zero && fits(-(2 ** (bits - 1) - 1), 2 ** (bits - 1) - 1)) return shape
  if (!signed && zero && fits(0, highest)) return { ...shape, zeros }
  // A PE whose weights are codes less zero points takes these.
  if (!signed && !zero && fits(-highest, highest)) return { ...shape, codes: lessZeros(coded) }
  throw otherCodes(pe, name, coded)
}

/** Beyond the largest number FP16 saturates (ours). */
const float16Codec = codecOf(fp16, 'saturate')

const lessZeros = ({ inputs, group, groups, codes, zeros }: CodedMatrix & { readonly kind: 'integer' }): Int16Array =>
  Int16Array.from(codes, (code, at) => {
    const row = Math.floor(at / inputs)
    return code - zeros[row * groups + Math.floor((at - row * inputs) / group)]!
  })

/** Two's complement as unsigned codes. */
const withoutSign = (integers: ArrayLike<number>, bits: number): Uint8Array =>
  Uint8Array.from(integers, (integer) => integer & (2 ** bits - 1))

const inputsFor =
  ({ operands }: Pick<ProcessingElement | TiledElement, 'operands'>, read: PeActivations, inputs: number) =>
  (input: Float32Array, tokens: number): HardwareInputs => {
    switch (read.kind) {
      case 'integer': {
        const { codes, scales } = quantiseTokens(input, tokens, inputs, { bits: read.bits })
        return { codes: operands.codes ? withoutSign(codes, read.bits) : codes, scales }
      }
      case 'float16':
        return { codes: float16Codec.encode(input), scales: undefined }
      case 'format': {
        const matrix = { data: input, outputs: tokens, inputs, name: 'the activations' }
        const options = { formats: [read.format], per: 'channel', group: inputs, clip: 'none' } as const
        const { codes, scales } = roundToNearest(matrix, fitTyped(matrix, options))
        return { codes, scales }
      }
    }
  }

/** The numbers of a PE's results. */
const resultsFor = (pe: ProcessingElement): ((results: Int32Array) => ArrayLike<number>) => {
  const { codes, result } = pe.operands
  const words = Math.ceil(result.width / 32)
  if (pe.family === 'xrnpe') {
    if (pe.parameters.lanes === 'separate') throw withoutModel(pe, 'the sums of its lanes stay apart')
    if (!codes?.result) return quireValues(modes[pe.parameters.mode as keyof typeof modes].fractionBits, words)
  }
  if (!codes?.result) return (results) => (words === 1 ? results : results.filter((_, at) => at % words === 0))
  const format = codes.result
  if (format.id === 'fp32') return (results) => new Float32Array(results.buffer, results.byteOffset, results.length)
  const mask = 2 ** format.bits - 1
  const { values } = levelsOf(format)
  return (results) => Float32Array.from(results, (word) => values[word & mask]!)
}

/** A quire read as it is, its lowest 128 bits in two's complement, to the nearest double. */
const quireValues =
  (fractionBits: number, words: number) =>
  (results: Int32Array): Float64Array =>
    Float64Array.from({ length: results.length / words }, (_, at) => {
      let value = results[at * words + 3]!
      for (let word = 2; word >= 0; word--) value = value * 2 ** 32 + (results[at * words + word]! >>> 0)
      return value * 2 ** -fractionBits
    })
