import { type BlockFormat, blockFormat, type powerRules } from './block-format.ts'
import type { FloatFormat, IntegerFormat } from './format.ts'
import { integerFormat } from './integer.ts'
import { floatOf, knownFloats } from './known-floats.ts'

type PowerRule = (typeof powerRules)[number]

const named = (id: string): FloatFormat => {
  const found = knownFloats.find((format) => format.id === id)
  if (!found) throw new RangeError(`there is no floating-point format ${id}`)
  return found
}

/** Nothing of the parts that only some block formats have. */
const plain = { unit: 0, zero: undefined, outer: undefined, product: undefined }

/** Element formats of MX by the name that begins its id. */
export const mxElements = {
  mxfp4: ['fp4'],
  mxfp6: ['e3m2', 'e2m3'],
  mxfp8: ['e4m3', 'e5m2'],
  mxint8: ['int8'],
} as const
export type MxName = keyof typeof mxElements
export type MxElement = (typeof mxElements)[MxName][number]
export const mxBlock = 32

/**
 * A concrete MX format: blocks with one E8M0 scale. 32 elements and the scale rule `floor` are the standard's; it leaves other
 * rules to the implementation. MXINT8 counts in 64ths (section 5.3.4).
 */
export const mxFormat = (
  name: MxName,
  element: MxElement = mxElements[name][0],
  { block = mxBlock, rule = 'floor' }: { readonly block?: number; readonly rule?: PowerRule } = {},
): BlockFormat => {
  const inner = [
    mxElements[name].length > 1 ? element : '',
    block === mxBlock ? '' : `block=${block}`,
    rule === 'floor' ? '' : `rule=${rule}`,
  ].filter((text) => text !== '')
  return blockFormat({
    ...plain,
    kind: 'block',
    id: inner.length > 0 ? `${name}(${inner.join(',')})` : name,
    summary: `blocks of ${block} ${element === 'int8' ? 'INT8 in 64ths' : element === 'fp4' ? 'E2M1' : element.toUpperCase()}, one E8M0 scale each`,
    source: `OCP Microscaling Formats (MX) Specification v1.0, sections 5.2 and 6.3${rule === 'floor' ? '' : `; scale rule ${rule}: left to the implementation`}`,
    block,
    element: element === 'int8' ? integerFormat(8) : named(element),
    unit: element === 'int8' ? -6 : 0,
    scale: named('e8m0'),
    rule,
  })
}

export const nvBlock = 16

/** NVFP4 or NVINT4: E2M1 or INT4 elements, an E4M3 scale a block and an FP32 scale of the tensor. */
export const nvFormat = (name: 'nvfp4' | 'nvint4', block: number = nvBlock): BlockFormat =>
  blockFormat({
    ...plain,
    kind: 'block',
    id: block === nvBlock ? name : `${name}(block=${block})`,
    summary: `blocks of ${block} ${name === 'nvfp4' ? 'E2M1' : 'INT4'}, one E4M3 scale each, an FP32 scale for the tensor`,
    source:
      name === 'nvfp4'
        ? 'NVIDIA, Pretraining Large Language Models with NVFP4, arXiv 2509.25149, section 2 and appendix on quantisation'
        : 'INT v.s. FP, arXiv 2510.25602 (NVINT4: NVFP4 with INT4 elements, -7 to 7)',
    block,
    element: name === 'nvfp4' ? named('fp4') : integerFormat(4),
    scale: named('e4m3'),
    outer: named('fp32'),
    rule: 'absmax',
  })

/**
 * Dynamic fixed point: integers with a shared power of two of `exponent` bits, 2 to 8. The exponent is stored with a bias of
 * 2^(exponent - 1) - 1 and the smallest power is taken at which nothing saturates (both ours: the papers adapt it over time).
 */
export const dynamicFixedPoint = (
  bits: number,
  { block = mxBlock, exponent = 8 }: { readonly block?: number; readonly exponent?: number } = {},
): BlockFormat => {
  if (!Number.isInteger(exponent) || exponent < 2 || exponent > 8)
    throw new RangeError(`a shared exponent has 2 to 8 bits, got ${exponent}`)
  const element = integerFormat(bits)
  return blockFormat({
    ...plain,
    kind: 'block',
    id: `dfp(${element.id},block=${block},exponent=${exponent})`,
    summary: `blocks of ${block} ${element.id} with a shared exponent of ${exponent} bits`,
    source:
      'dynamic fixed point: Courbariaux et al., arXiv 1412.7024, section 5; Flexpoint, arXiv 1711.02213; exponent rule: ours',
    block,
    element,
    scale: floatOf({
      signed: false,
      exponentBits: exponent,
      mantissaBits: 0,
      bias: 2 ** (exponent - 1) - 1,
      lowest: 'normal',
      special: 'finite',
    }),
    rule: 'rceil',
  })
}

/** Formats that a group's scale can have. */
export const groupScales = ['fp16', 'bf16', 'fp32', 'e4m3', 'ue5m3', 'e8m0'] as const

/**
 * Integers in groups: symmetric without a zero point, else unsigned (or, for ONNX, signed) codes with a zero point of the same
 * format. The scale is rounded first, and the codes are those for the rounded scale.
 */
export const groupFormat = (
  element: IntegerFormat,
  {
    group = 128,
    scale = 'fp16',
    zero = false,
  }: { readonly group?: number; readonly scale?: (typeof groupScales)[number]; readonly zero?: boolean } = {},
): BlockFormat =>
  blockFormat({
    ...plain,
    kind: 'block',
    id: `group(${element.id},g=${group},scale=${scale},zero=${zero ? element.id : 'none'})`,
    summary: `groups of ${group} ${element.id}, one ${scale} scale${zero ? ` and zero point` : ''} each`,
    source:
      'group-wise integers as in GPTQ, arXiv 2210.17323, and AWQ, arXiv 2306.00978; rounding of the scale first: ours',
    block: group,
    element,
    scale: named(scale),
    zero: zero ? element : undefined,
    rule: zero ? 'range' : 'absmax',
  })

/**
 * Dual-grained integers: groups with an integer scale inside a channel with a floating-point scale. An element times its scale
 * is an INT8 number of the channel, so that one INT8 product serves all groups; codes that would leave INT8 are not given (ours).
 */
export const dualGrained = (
  element: IntegerFormat,
  {
    group = 128,
    zero = true,
    outer = 'fp16',
  }: { readonly group?: number; readonly zero?: boolean; readonly outer?: (typeof outerScales)[number] } = {},
): BlockFormat =>
  blockFormat({
    ...plain,
    kind: 'block',
    id: `dual(${element.id},g=${group},zero=${zero ? element.id : 'none'},outer=${outer})`,
    summary: `groups of ${group} ${element.id} with uint8 scales within INT8 channels, one ${outer} scale a channel`,
    source:
      'Dual Grained Quantization, arXiv 2310.04836, section 3 (scales found by search there; the rule here: ours)',
    block: group,
    element,
    scale: integerFormat(8, 'unsigned'),
    zero: zero ? element : undefined,
    outer: named(outer),
    product: integerFormat(8),
    rule: zero ? 'range' : 'absmax',
  })

/** Formats that the scale of a channel can have. */
export const outerScales = ['fp16', 'bf16', 'fp32'] as const
