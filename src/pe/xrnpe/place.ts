import { type Bits, bits, bool, cat, component, mux, s, u } from '../../dsl/index.ts'
import { repeated, shiftLeftFilled } from '../arith/shifters.ts'

/** Bits in which words of 16 bits add up their lanes, and in which two products of posit(8,0) fit. */
export const laneBits = 27

/** Bits of the frame below the quire's last place, the same for posit(16,1) and posit(8,0). */
const belowQuire = 25

/** Power of two of a posit(16,1) product plus this is how far it is shifted. */
export const widePlaces = 57

/** A magnitude turned round bit by bit where it is negative: the number then is 1 more. */
const turned = (sign: Bits, magnitude: Bits): Bits => cat(sign, magnitude.xor(repeated(sign.bit(0), magnitude.width)))

/**
 * A product in the quire's places, turned where it is negative: of posit(16,1), or of the upper posit(8,0) above 14 zeros. Bits
 * that are shifted below the last place are none of the product's, because a posit near the smallest has no fraction.
 */
export const WidePlacer = component('xrnpe_wide_placer', ({ width }: { width: number }) => ({
  in: { significand: bits(26), places: u(7), sign: bool },
  out: { placed: s(width) },
  logic({ significand, places, sign }) {
    const shifted = shiftLeftFilled(turned(sign.bits(), significand), places, sign)
    return {
      placed: shifted
        .slice(Math.min(shifted.width, belowQuire + width) - 1, belowQuire)
        .signed()
        .wrap(s(width)),
    }
  },
}))

/** The same for the lower posit(8,0), with a shifter of its own. */
export const BytePlacer = component('xrnpe_byte_placer', (_: object) => ({
  in: { significand: bits(12), places: u(5), sign: bool },
  out: { placed: s(laneBits) },
  logic({ significand, places, sign }) {
    const shifted = shiftLeftFilled(turned(sign.bits(), significand), places, sign)
    return { placed: shifted.slice(laneBits + 10, 11).signed() }
  },
}))

/** Bits of a lane's product and its sign: 16 * 16 in units of 2^-8 at most. */
export const nibbleBits = 18

/**
 * The product of a lane of four bits, turned where it is negative. FP4 gives it as it is, posit(4,1) as its place from 1 upwards, or 0
 * for no product.
 */
export const NibblePlacer = component('xrnpe_nibble_placer', (_: object) => ({
  in: { product: bits(8), posit: bool, sign: bool },
  out: { placed: s(nibbleBits) },
  logic({ product, posit, sign }) {
    const place = product.slice(4, 0)
    const isAt = (k: number): Bits => place.eq(k).bits()
    const power = cat(...Array.from({ length: nibbleBits - 1 }, (_, k) => isAt(k + 1)).reverse())
    const magnitude = mux(posit, power, product.unsigned().bits(nibbleBits - 1))
    return { placed: turned(sign.bits(), magnitude).signed() }
  },
}))
