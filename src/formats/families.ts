import { type ParameterSchema, SpecError } from '../spec/index.ts'
import { abfloatFormat } from './abfloat.ts'
import { built, nameOf, readArguments } from './arguments.ts'
import { bitmodFormat, specialValueFormat } from './bitmod.ts'
import { blockFamilies } from './block-families.ts'
import { complexUnits } from './complex-units.ts'
import { type FormatFamily, numbered, single } from './family.ts'
import { flintFormat, flintWidths } from './flint.ts'
import type { FloatLayout } from './format.ts'
import { integerFormat, integerPrefixes, integerWidths } from './integer.ts'
import { integerCodebook, nf4, ternary } from './known-codebooks.ts'
import { floatOf, knownFloats, layoutOf, layoutText, usualRules } from './known-floats.ts'
import { outlierVictimFormat, outlierVictimKinds } from './outlier-victim.ts'
import { positFormat, positRange } from './posit.ts'
import { powerOfTwoFormat, powerOfTwoWidths } from './power-of-two.ts'

const integers: readonly FormatFamily[] = [
  {
    examples: ['int2', 'int3', 'int4', 'int6', 'int8', 'int16', 'int32'],
    read: numbered(integerPrefixes['twos-complement'], integerWidths.leastSigned, integerWidths.most, (n) =>
      integerFormat(n),
    ),
  },
  {
    examples: ['uint1', 'uint2', 'uint3', 'uint4', 'uint8', 'uint16'],
    read: numbered(integerPrefixes.unsigned, integerWidths.least, integerWidths.most, (n) =>
      integerFormat(n, 'unsigned'),
    ),
  },
  {
    examples: ['sm4', 'sm8'],
    read: numbered(integerPrefixes['sign-magnitude'], integerWidths.leastSigned, integerWidths.most, (n) =>
      integerFormat(n, 'sign-magnitude'),
    ),
  },
]

const namedFloats: FormatFamily = {
  examples: knownFloats.map(({ id }) => id),
  read: (format) => {
    const { text } = nameOf(format)
    const found = knownFloats.find((known) => known.id === text || layoutText(known) === text)
    if (found) readArguments(format, {})
    return found
  },
}

const layoutTexts = [true, false].flatMap((signed) =>
  Array.from({ length: 11 * 53 }, (_, k) =>
    layoutText({ signed, exponentBits: 1 + Math.floor(k / 53), mantissaBits: k % 53 }),
  ),
)

/** `fp(e4m3)`; the rules of the layout's named format, or IEEE's, hold unless given. */
const floatSchema = (usual: Pick<FloatLayout, 'bias' | 'special' | 'lowest'>) =>
  ({
    layout: { kind: 'choice', allowed: layoutTexts, default: 'e4m3', summary: 'exponent and mantissa bits' },
    bias: { kind: 'integer', min: -2048, max: 2048, default: usual.bias, summary: 'taken from the exponent field' },
    special: {
      kind: 'choice',
      allowed: ['ieee', 'fn', 'fnuz', 'finite'],
      default: usual.special,
      summary: 'codes of infinity and NaN',
    },
    lowest: {
      kind: 'choice',
      allowed: ['subnormal', 'flush', 'normal'],
      default: usual.lowest,
      summary: 'what exponent field 0 holds',
    },
  }) as const satisfies ParameterSchema

const anyFloat: FormatFamily = {
  examples: ['fp(e4m3,special=fnuz)'],
  read: (format) => {
    if (nameOf(format).text !== 'fp') return undefined
    const first = readArguments(format, floatSchema({ bias: 0, special: 'ieee', lowest: 'subnormal' }))
    const fields = layoutOf(first.layout)!
    const { bias, special, lowest } = readArguments(format, floatSchema(usualRules(fields)))
    return built(format, () => floatOf({ ...fields, bias, special, lowest }))
  },
}

const { leastBits, mostBits, mostEs } = positRange
const positSchema = {
  bits: { kind: 'integer', min: leastBits, max: mostBits, default: 16, summary: 'bits' },
  es: { kind: 'integer', min: 0, max: mostEs, default: 2, summary: 'exponent bits, 2 in the standard of 2022' },
} as const satisfies ParameterSchema

const posits: FormatFamily = {
  examples: ['posit(4,1)', 'posit(8,0)', 'posit(8,2)', 'posit(16,1)', 'posit(16,2)', 'posit(32,2)'],
  read: (format) => {
    if (nameOf(format).text !== 'posit') return undefined
    const { bits, es } = readArguments(format, positSchema)
    return positFormat(bits, es)
  },
}

/** `fp4(sv=-8)`: without a special value it is the plain format of that name. */
const specialValues: FormatFamily = {
  examples: ['fp3(sv=3)', 'fp3(sv=-6)', 'fp4(sv=5)', 'fp4(sv=-8)'],
  read: (format) => {
    const { text } = nameOf(format)
    if (format.value.kind !== 'call' || (text !== 'fp3' && text !== 'fp4')) return undefined
    const bits = text === 'fp3' ? 3 : 4
    const { sv } = readArguments(format, {
      sv: { kind: 'integer', min: -64, max: 64, default: 0, summary: 'value of the code of -0' },
    })
    return sv === 0 ? knownFloats.find(({ id }) => id === text) : specialValueFormat(bits, sv)
  },
}

const groupSchema = {
  g: { kind: 'integer', min: 1, max: 65_536, default: 128, summary: 'weights in a group' },
} as const satisfies ParameterSchema

const bitmod: FormatFamily = {
  examples: ['bitmod3(g=128)', 'bitmod4(g=128)'],
  read: (format) => {
    const { text } = nameOf(format)
    if (text !== 'bitmod3' && text !== 'bitmod4') return undefined
    return bitmodFormat(text === 'bitmod3' ? 3 : 4, readArguments(format, groupSchema).g)
  },
}

const flints: readonly FormatFamily[] = [
  {
    examples: ['flint4', 'flint8'],
    read: numbered('flint', flintWidths.least, flintWidths.most, (n) => flintFormat(n)),
  },
  {
    examples: ['uflint4'],
    read: numbered('uflint', flintWidths.least, flintWidths.most, (n) => flintFormat(n, false)),
  },
]

const powersOfTwo: FormatFamily = {
  examples: ['pot4'],
  read: numbered('pot', powerOfTwoWidths.least, powerOfTwoWidths.most, powerOfTwoFormat),
}

const smallLayouts = layoutTexts.filter((text) => {
  const { signed, exponentBits, mantissaBits } = layoutOf(text)!
  return signed && exponentBits + mantissaBits <= 7
})
const abfloatSchema = {
  layout: { kind: 'choice', allowed: smallLayouts, default: 'e2m1', summary: 'exponent and mantissa bits' },
  bias: { kind: 'integer', min: -1024, max: 1024, default: 2, summary: 'added to the exponent field' },
} as const satisfies ParameterSchema

const abfloats: FormatFamily = {
  examples: ['abfloat(e2m1,bias=2)'],
  read: (format) => {
    if (nameOf(format).text !== 'abfloat') return undefined
    const { layout, bias } = readArguments(format, abfloatSchema)
    const { exponentBits, mantissaBits } = layoutOf(layout)!
    return abfloatFormat(exponentBits, mantissaBits, bias)
  },
}

const outlierVictims: FormatFamily = {
  examples: outlierVictimKinds.map((kind) => `olive(${kind})`),
  read: (format) => {
    if (nameOf(format).text !== 'olive') return undefined
    const { normal } = readArguments(format, {
      normal: { kind: 'format', allowed: outlierVictimKinds, default: 'int4', summary: 'format of the normal values' },
    })
    return outlierVictimFormat(normal)
  },
}

/** `codebook(0,1,3,-2,exponent=-1)`: the values by code, times 2^exponent. */
const codebooks: FormatFamily = {
  examples: ['codebook(-3,-1,1,3)'],
  read: (format) => {
    const { text, value } = format
    if (nameOf(format).text !== 'codebook') return undefined
    const given = value.kind === 'call' ? value.arguments : []
    const values = given.filter(({ key }) => key === undefined).map(({ value }) => value)
    const wrong = values.find(({ kind }) => kind !== 'integer')
    if (wrong)
      throw new SpecError(
        'E-SPEC-VALUE',
        'a value of a codebook is an integer',
        text,
        wrong,
        'scale all of them with exponent=-1 and the like',
      )
    const { exponent } = readArguments(
      {
        text,
        value: value.kind === 'call' ? { ...value, arguments: given.filter(({ key }) => key !== undefined) } : value,
      },
      { exponent: { kind: 'integer', min: -1024, max: 1024, default: 0, summary: 'power of two of the values' } },
    )
    const integers = values.flatMap((found) => (found.kind === 'integer' ? [found.value] : []))
    return built(format, () => integerCodebook(integers, exponent))
  },
}

/** Every family of formats there is; a new one is a line here. */
export const formatFamilies: readonly FormatFamily[] = [
  ...integers,
  specialValues,
  namedFloats,
  anyFloat,
  posits,
  ...flints,
  powersOfTwo,
  abfloats,
  outlierVictims,
  { examples: ['nf4'], read: single('nf4', () => nf4) },
  { examples: ['ternary'], read: single('ternary', () => ternary) },
  { examples: ['ifairy'], read: single('ifairy', () => complexUnits) },
  bitmod,
  codebooks,
  ...blockFamilies,
]
