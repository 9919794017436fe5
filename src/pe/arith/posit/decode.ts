import { type Bits, type Bool, cat, mux } from '../../../dsl/index.ts'
import type { PositFormat } from '../../../formats/index.ts'
import type { Unpacked } from '../float/unpacked.ts'
import { normaliseLeft } from '../shifters.ts'

/** Most fraction bits a posit can have: all but sign, the shortest regime and the exponent. */
export const fractionBits = ({ bits, es }: Pick<PositFormat, 'bits' | 'es'>): number => Math.max(0, bits - 3 - es)

/** A posit's sign and, for a negative one complemented, its other bits. These are in the order of the magnitudes. */
export const positMagnitude = (code: Bits): { readonly sign: Bool; readonly magnitude: Bits } => {
  const { width } = code
  const sign = code.bit(width - 1)
  const rest = code.slice(width - 2, 0)
  return {
    sign,
    magnitude: mux(
      sign,
      rest
        .unsigned()
        .neg()
        .bits(width - 1),
      rest,
    ),
  }
}

/** The number that a posit's code stands for; NaR is `nan`. */
export const decodePosit = (format: Pick<PositFormat, 'bits' | 'es'>, code: Bits): Unpacked => {
  const { sign, magnitude } = positMagnitude(code)
  return decodeMagnitude(format, sign, magnitude)
}

/**
 * Power of two and significand: the hidden bit and `fractionBits` more, without leading zeros; 0 for zero and NaR.
 *
 * After a regime of ones the bits are turned round, so that a run is zeros in either case, and shifted out together with
 * the bit that ends it. What comes in below is then a turned 0, and the longest run of ones ends where the code ends.
 */
export const decodeMagnitude = (
  { bits, es }: Pick<PositFormat, 'bits' | 'es'>,
  sign: Bool,
  magnitude: Bits,
): Unpacked => {
  const no = sign.and(false)
  const first = magnitude.bit(bits - 2)
  const hidden = magnitude.any()
  const fraction = fractionBits({ bits, es })
  // Sign and hidden bit apart, a posit of two bits has nothing to say.
  const { run, rest } = bits > 2 ? runAndRest(first, magnitude.slice(bits - 3, 0)) : { run: no.bits(), rest: undefined }
  // A run of m ones counts m - 1, one of m zeros -m.
  const regime = cat(first.not().bits(), mux(first, run, run.not()))
  const fields = rest
    ?.unsigned()
    .shl(Math.max(0, es + fraction - rest.width))
    .bits(es + fraction)
  const power =
    fields && es > 0
      ? cat(regime, fields.slice(es + fraction - 1, fraction))
      : regime
          .unsigned()
          .shl(es)
          .bits(regime.width + es)
  return {
    sign,
    exponent: power.signed(),
    significand: fields && fraction > 0 ? cat(hidden.bits(), fields.slice(fraction - 1, 0)) : hidden.bits(),
    zero: hidden.or(sign).not(),
    infinite: no,
    nan: sign.and(hidden.not()),
    bias: fraction,
    leadingZeros: 0,
  }
}

/** Length of the run without its first bit, and what stands behind the bit that ends it. */
const runAndRest = (first: Bool, body: Bits): { readonly run: Bits; readonly rest: Bits | undefined } => {
  const { width } = body
  const turned = mux(first, body.not(), body)
  const { normalised, places } = normaliseLeft(turned, width, { fill: first })
  const run = typeof places === 'number' ? first.and(false).bits() : places.bits()
  if (width === 1) return { run, rest: undefined }
  const behind = normalised.slice(width - 2, 0)
  return { run, rest: mux(first, behind.not(), behind) }
}
