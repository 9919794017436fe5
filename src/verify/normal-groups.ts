/**
 * Groups for a PE that reads floats or posits, with operands of the spread that a model's have: what the groups of the verification
 * are good for, infinities, NaNs and numbers of any size, makes a sum that stands still.
 */
import { createRandom, normal } from '../base/random.ts'
import type { Range } from '../dsl/ir.ts'
import { fromNumber, type ScalarFormat, toNumber } from '../formats/index.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { Group } from '../pe/group.ts'
import type { TiledElement } from '../pe/tile.ts'

/** Numbers of a group, as many as quantisers have a scale for. */
const usualLength = 128
/** About what the largest of so many normal numbers is, in deviations; quantisers put it on a narrow format's largest value. */
const largestDeviations = 2.7

/** Whether a PE reads floats or posits. */
export const readsFloats = (pe: ProcessingElement | TiledElement): boolean =>
  'tile' in pe || (/^(float|posit)$/.test(pe.operands.codes?.activation.kind ?? '') && !pe.operands.scale)

/**
 * Groups whose activations and weights are normally distributed with mean 0, rounded to the PE's formats: with a deviation of 1 in formats of more
 * than 8 bits and in posits, else with the largest of a group about on the format's largest value. Codes of a tile's weights, and what
 * they share, are any.
 */
export function* normalGroups(pe: ProcessingElement | TiledElement, seed: number): Generator<Group> {
  const random = createRandom(seed)
  const within = ({ min, max }: Range): number => Number(min) + Math.floor(random() * (Number(max - min) + 1))
  const coded = ({ encode, bits, kind, max }: ScalarFormat) => {
    const deviation = bits > 8 || kind === 'posit' ? 1 : toNumber(max) / largestDeviations
    return (): number => Number(encode(fromNumber(normal(random) * deviation)))
  }
  const integer = ({ min, max }: Range) => {
    const [least, most] = [Number(min), Number(max)]
    return (): number => Math.min(most, Math.max(least, Math.round((normal(random) * most) / largestDeviations)))
  }
  const length = Math.min(pe.operands.group ?? usualLength, usualLength)
  const each = (number: () => number): readonly number[] => Array.from({ length }, number)
  if ('tile' in pe) {
    const { codes, weight, selector, scale } = pe.operands
    const activation = coded(codes.activation)
    for (;;)
      yield {
        activations: each(activation),
        weights: each(() => within(weight)),
        zero: 0,
        selector: selector ? within(selector) : 0,
        scale: within(scale),
        idle: 0,
      }
  }
  const { codes, weight } = pe.operands
  if (!codes) throw new RangeError(`${pe.spec} reads integers`)
  const [activation, own] = [coded(codes.activation), codes.weight ? coded(codes.weight) : integer(weight)]
  for (;;) yield { activations: each(activation), weights: each(own), zero: 0, idle: 0 }
}
