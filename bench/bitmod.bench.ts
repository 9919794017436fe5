import type { Progress } from '../src/base/progress.ts'
import { toNumber } from '../src/formats/index.ts'
import { type Arithmetic, exactSum, scaledSum } from '../src/pe/bitmod/golden.ts'
import { paperSpecialValues, weightTypes } from '../src/pe/bitmod/terms.ts'
import { float16BitsOf } from '../src/quant/float16.ts'
import { randomWords } from '../src/sim/stimulus.ts'

/** The error of BitMoD's group sum for one accumulator, in percent: rms of the error over rms of the exact sum. */
interface ErrorRow {
  readonly magnitude: number
  readonly guard: number
  readonly shift_percent: number
  readonly exponent_percent: number
  /** As `exponent_percent`, activations aligned once a row. */
  readonly aligned_percent: number
}

export interface BitmodBenchResult {
  readonly rows: readonly ErrorRow[]
  readonly groups: number
  readonly length: number
  readonly seed: number
  readonly data: string
}

const [groups, length, seed] = [1000, 128, 1]

/** Errors of the golden model, which the hardware is bit for bit, on groups of normal activations and uniform FP4 weights. */
export const bitmodBench = async (progress: Progress): Promise<BitmodBenchResult> => {
  const type = weightTypes.fp4
  const specials = paperSpecialValues(type)
  const random = randomWords(seed)
  const uniform = (): number => (random() + 0.5) / 2 ** 32
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  const data = Array.from({ length: groups }, () => {
    const group = {
      activations: Array.from({ length }, () => float16BitsOf(normal())),
      weights: Array.from({ length }, () => random() & 15),
      special: specials[random() & 3]!,
      scale: 1,
    }
    return { group, exact: toNumber(exactSum(type, group)) }
  })
  const squares = data.reduce((sum, { exact }) => sum + exact ** 2, 0)
  const percentOf = (accumulator: Omit<Arithmetic, 'lanes'>): number => {
    const errors = data.map(({ group, exact }) => {
      const found = toNumber(scaledSum({ lanes: 4, ...accumulator }, type, group))
      return (found - exact) ** 2
    })
    const total = errors.reduce((sum, error) => sum + error, 0)
    return Number((100 * Math.sqrt(total / squares)).toPrecision(3))
  }
  const settings = [12, 14, 16, 18, 20].flatMap((magnitude) => [3, 4, 5].map((guard) => ({ magnitude, guard })))
  progress.start('errors of BitMoD group sums', settings.length, 'accumulators')
  const rows = settings.map(({ magnitude, guard }, k) => {
    const row = {
      magnitude,
      guard,
      shift_percent: percentOf({ magnitude, guard, significance: 'shift', alignment: 'terms' }),
      exponent_percent: percentOf({ magnitude, guard, significance: 'exponent', alignment: 'terms' }),
      aligned_percent: percentOf({ magnitude, guard, significance: 'exponent', alignment: 'activations' }),
    }
    progress.update(k + 1)
    return row
  })
  progress.stop()
  return {
    rows,
    groups,
    length,
    seed,
    data: 'activations N(0, 1) rounded to FP16, weights uniform over the codes of FP4, special values of the paper alike',
  }
}

export const printBitmod = ({ rows, groups, length, seed, data }: BitmodBenchResult): string =>
  [
    'magnitude  guard bits  shift, rms %  exponent, rms %  aligned, rms %',
    ...rows.map(({ magnitude, guard, shift_percent, exponent_percent, aligned_percent }) =>
      [
        String(magnitude).padEnd(11),
        String(guard).padEnd(12),
        String(shift_percent).padEnd(14),
        String(exponent_percent).padEnd(17),
        aligned_percent,
      ].join(''),
    ),
    '',
    `${groups} groups of ${length}, seed ${seed}: ${data}`,
  ].join('\n')
