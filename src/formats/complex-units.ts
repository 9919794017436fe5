import { checkCode } from './code.ts'
import { compareExact, type Dyadic, type Finite, finite, magnitudeOf } from './exact.ts'
import type { FormatSummary } from './format.ts'

/** An exact complex number. */
export interface Complex {
  readonly re: Dyadic
  readonly im: Dyadic
}

/** The fourth roots of unity: code k is i^k, so a product of two is the sum of their codes, modulo 4. */
export interface ComplexUnitsFormat extends FormatSummary {
  readonly kind: 'complex-units'
  readonly bits: 2
  readonly decode: (code: bigint) => { readonly re: Finite; readonly im: Finite }
  /** The unit nearest to a value; on a diagonal the real one, and 1 for zero (ours). */
  readonly encode: (value: Complex) => bigint
  readonly mul: (a: bigint, b: bigint) => bigint
}

const units = [
  [1n, 0n],
  [0n, 1n],
  [-1n, 0n],
  [0n, -1n],
] as const

const magnitude = ({ significand, exponent }: Dyadic): Finite => finite(magnitudeOf(significand), exponent)

/** +1, +i, -1, -i in two bits. */
export const complexUnits: ComplexUnitsFormat = {
  kind: 'complex-units',
  id: 'ifairy',
  summary: '+1, +i, -1, -i in 2 bits',
  source: 'iFairy (arXiv 2508.05571), PhaseQuant; codes and ties: ours',
  bits: 2,
  decode: (code) => {
    checkCode('ifairy', 2, code)
    const [re, im] = units[Number(code)]!
    return { re: finite(re), im: finite(im) }
  },
  encode: ({ re, im }) => {
    if (compareExact(magnitude(re), magnitude(im)) >= 0) return re.significand < 0n ? 2n : 0n
    return im.significand < 0n ? 3n : 1n
  },
  mul: (a, b) => {
    checkCode('ifairy', 2, a)
    checkCode('ifairy', 2, b)
    return (a + b) % 4n
  },
}
