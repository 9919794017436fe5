import { codebookFormat } from './codebook.ts'
import type { Dyadic } from './exact.ts'
import type { CodebookFormat } from './format.ts'

const integers = (values: readonly number[]): readonly Dyadic[] =>
  values.map((x) => ({ significand: BigInt(x), exponent: 0 }))

/** The 16 float32 constants of QLoRA's table, exactly: significand and power of two. */
const nf4Table: readonly (readonly [number, number])[] = [
  [-1, 0],
  [-11680177, -24],
  [-550579, -20],
  [-414101, -20],
  [-9544269, -25],
  [-12399935, -26],
  [-12220529, -27],
  [0, 0],
  [10681087, -27],
  [10799843, -26],
  [16516317, -26],
  [5669277, -24],
  [1848471, -22],
  [9439147, -24],
  [12129203, -24],
  [1, 0],
]

/** QLoRA's 4-bit NormalFloat: 16 values of float32, in order; a tie goes to the lower value, as in bitsandbytes. */
export const nf4: CodebookFormat = codebookFormat(
  nf4Table.map(([significand, exponent]) => ({ significand: BigInt(significand), exponent })),
  {
    id: 'nf4',
    summary: '4-bit NormalFloat, quantiles of a normal distribution from -1 to 1 with an exact zero',
    source: 'QLoRA, NeurIPS 2023, appendix E (arXiv 2305.14314); ties: bitsandbytes',
    ties: 'lower',
  },
)

/** -1, 0, 1 in two bits, sign and magnitude: 0, 1, 3; code 2 is a second zero (ours: the papers leave the code open). */
export const ternary: CodebookFormat = codebookFormat(integers([0, 1, 0, -1]), {
  id: 'ternary',
  summary: '-1, 0, 1 in 2 bits',
  source: 'BitNet b1.58 (arXiv 2402.17764), section 2; codes and ties: ours',
  ties: 'lower',
})

/** A codebook of integers times a power of two, by its text. */
export const integerCodebook = (values: readonly number[], exponent: number): CodebookFormat =>
  codebookFormat(
    values.map((x) => ({ significand: BigInt(x), exponent })),
    {
      id: `codebook(${values.join(',')}${exponent === 0 ? '' : `,exponent=${exponent}`})`,
      summary: `${values.length} values from the user`,
      source: 'the user; ties to the lower value: ours',
      ties: 'lower',
    },
  )
