import type { ScalarFormat } from '../../../src/formats/index.ts'
import type { HardwareArithmetic, HardwareWeights } from '../../../src/llm/arithmetic/product.ts'
import type { ProcessingElement } from '../../../src/pe/family.ts'
import type { TiledElement } from '../../../src/pe/tile.ts'

/** Sizes of a product. */
export interface Shape {
  readonly tokens: number
  readonly outputs: number
  readonly inputs: number
  readonly group: number
}

/** Ragged in every direction: groups that end anywhere, single tokens, outputs and inputs, and long rows. */
export const raggedShapes: readonly Shape[] = [
  { tokens: 1, outputs: 1, inputs: 1, group: 1 },
  { tokens: 2, outputs: 3, inputs: 5, group: 2 },
  { tokens: 3, outputs: 5, inputs: 7, group: 7 },
  { tokens: 5, outputs: 4, inputs: 33, group: 8 },
  { tokens: 4, outputs: 7, inputs: 100, group: 32 },
  { tokens: 2, outputs: 9, inputs: 300, group: 128 },
  { tokens: 1, outputs: 2, inputs: 700, group: 700 },
]

/** Half of the numbers at random, the others from the ends of what there is, runs of the same among them. */
export const operandsOf = (count: number, lowest: number, highest: number, random: () => number): number[] => {
  const span = highest - lowest + 1
  const extreme = random() % 4
  let held = lowest
  return Array.from({ length: count }, () => {
    const word = random()
    if (word % 8 === 0) held = [lowest, highest, 0, lowest + (random() % span)][random() % 4]!
    if (held < lowest || held > highest) held = lowest
    if (extreme === 0) return held
    return extreme === 1 && word % 2 === 0 ? held : lowest + (random() % span)
  })
}

/**
 * Codes of a float of 16 bits near each other, as a model's are, far apart, or any, infinities and NaN among them now and then; now and then
 * one that is small beside the others, so that ties are not ones.
 */
const floats = (count: number, mantissaBits: number, random: () => number): number[] => {
  const most = 2 ** (15 - mantissaBits) - 1
  const kind = random() % 4
  const special = random() % 16 === 0
  const base = Math.floor(most / 2) - 3
  const mask = random() % 2 === 0 ? 0x83ff : 0x8380
  return Array.from({ length: count }, () => {
    const word = random()
    const exponent = kind === 0 ? base + (random() % 6) : kind === 1 ? random() % 3 : random() % most
    const code = (word & (mask | 0x8000) & (0x8000 | (2 ** mantissaBits - 1))) | (exponent << mantissaBits)
    if (special && random() % 8 === 0) return code | (most << mantissaBits)
    return word % 16 === 0 ? word & 0x8001 : code
  })
}

/** The ends of a single operand. */
export const rangesOf = ({ operands }: ProcessingElement) => {
  const { lanes, activation, weight } = operands
  const range = (shape: { readonly min: bigint; readonly max: bigint }) =>
    [Number(shape.min), Number(shape.max)] as const
  return { activation: range(lanes?.activation ?? activation), weight: range(lanes?.weight ?? weight) }
}

/** Codes of a float of 16 bits, one half of the time any; of anything else between its ends. */
const codesFor = (
  format: ScalarFormat | undefined,
  count: number,
  range: readonly [number, number],
  random: () => number,
): number[] =>
  format?.kind === 'float' && format.bits === 16 && random() % 2 === 0
    ? floats(count, format.mantissaBits, random)
    : operandsOf(count, ...range, random)

/** A product's weights and activations. */
export const randomProduct = (
  pe: ProcessingElement,
  { tokens, outputs, inputs, group }: Shape,
  random: () => number,
) => {
  const { activation, weight } = rangesOf(pe)
  const groups = Math.ceil(inputs / group)
  const weights: HardwareWeights = {
    outputs,
    inputs,
    group,
    codes: codesFor(pe.operands.codes?.weight, outputs * inputs, weight, random),
    ...(pe.operands.zero ? { zeros: operandsOf(outputs * groups, ...weight, random) } : {}),
  }
  return { weights, activations: codesFor(pe.operands.codes?.activation, tokens * inputs, activation, random) }
}

/** The first result that differs from the golden model, as a sentence; undefined where none does. */
export const firstDifference = async (
  pe: ProcessingElement,
  arithmetic: HardwareArithmetic,
  { tokens, outputs, inputs, group }: Shape,
  { weights, activations }: ReturnType<typeof randomProduct>,
): Promise<string | undefined> => {
  const found = await arithmetic.load(weights).run(activations, tokens)
  const groups = Math.ceil(inputs / group)
  const { words } = arithmetic
  if (found.length !== tokens * outputs * groups * words) return `${found.length} words`
  for (let token = 0; token < tokens; token++)
    for (let row = 0; row < outputs; row++)
      for (let g = 0; g < groups; g++) {
        const [from, to] = [g * group, Math.min(inputs, (g + 1) * group)]
        const golden = pe.golden(
          activations.slice(token * inputs + from, token * inputs + to),
          Array.from({ length: to - from }, (_, k) => weights.codes[row * inputs + from + k]!),
          Number(weights.zeros?.[row * groups + g] ?? 0),
        )
        const at = words * ((token * outputs + row) * groups + g)
        for (let word = 0; word < words; word++) {
          const wanted = Number(BigInt.asIntN(32, golden >> BigInt(32 * word)))
          if (found[at + word] !== wanted)
            return `token ${token}, output ${row}, group ${g} of ${tokens} x ${outputs} x ${inputs} in groups of ${group}: word ${word} is ${found[at + word]}, the golden model's ${wanted}`
        }
      }
  return undefined
}

export const randomTileProduct = (
  pe: TiledElement,
  { tokens, outputs, inputs, group }: Shape,
  random: () => number,
) => {
  const groups = Math.ceil(inputs / group)
  const bytes = (count: number, span: number): Uint8Array => Uint8Array.from({ length: count }, () => random() % span)
  const scales = bytes(outputs * groups, 256)
  if (random() % 4 === 0) scales.fill(random() % 2 === 0 ? 255 : 0)
  const weights: HardwareWeights = {
    outputs,
    inputs,
    group,
    codes: operandsOf(outputs * inputs, 0, 2 ** pe.operands.weight.width - 1, random),
    selectors: bytes(outputs * groups, 4),
    scales,
  }
  return { weights, activations: floats(tokens * inputs, 10, random) }
}

export const firstTileDifference = async (
  pe: TiledElement,
  arithmetic: HardwareArithmetic,
  { tokens, outputs, inputs, group }: Shape,
  { weights, activations }: ReturnType<typeof randomTileProduct>,
): Promise<string | undefined> => {
  const found = await arithmetic.load(weights).run(activations, tokens)
  const groups = Math.ceil(inputs / group)
  if (found.length !== tokens * outputs) return `${found.length} words`
  for (let token = 0; token < tokens; token++)
    for (let row = 0; row < outputs; row++) {
      let golden = 0n
      for (let g = 0; g < groups; g++) {
        const [from, to] = [g * group, Math.min(inputs, (g + 1) * group)]
        golden = pe.golden(
          {
            activations: activations.slice(token * inputs + from, token * inputs + to),
            weights: Array.from({ length: to - from }, (_, k) => weights.codes[row * inputs + from + k]!),
            selector: weights.selectors![row * groups + g]!,
            scale: weights.scales![row * groups + g]!,
          },
          golden,
        )
      }
      const [is, wanted] = [found[token * outputs + row]!, Number(BigInt.asIntN(32, golden))]
      if (is !== wanted)
        return `token ${token}, output ${row} of ${tokens} x ${outputs} x ${inputs} in groups of ${group}: ${is}, the golden model's ${wanted}`
    }
  return undefined
}
