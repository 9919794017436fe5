import { refuse } from '../../dsl/error.ts'
import type { TransferShape } from '../transfers.ts'
import { boundary } from './burst.ts'
import type { AxiShape } from './channels.ts'

/** A bus master of one direction. */
export interface MasterParameters extends TransferShape {
  /** Width of its IDs, 1 to 16. */
  readonly idBits: number
  /** The ID of all its bursts. */
  readonly id: number
  /** Most beats of a burst, a power of two from 2 to 256; 16 is what AXI3 can do. */
  readonly burstBeats: number
  /** Most bursts that are open at a time, 1 to 256; `outstanding` times `burstBeats` beats are what hides the latency of memory. */
  readonly outstanding: number
}

/** What follows from the parameters. */
export interface MasterShape {
  readonly bytes: number
  /** log2 of the bytes of a beat: AxSIZE, and the bits of an address that are always 0. */
  readonly size: number
  /** Beats of the blocks, multiples of their size, at whose ends transfers are cut. */
  readonly block: number
  readonly axi: AxiShape
}

/** The shape, or an error that says which parameter it cannot be. */
export const masterShape = (where: string, p: MasterParameters): MasterShape => {
  const whole = (what: string, value: number, least: number, most: number, powerOfTwo = false): void => {
    const fits = Number.isSafeInteger(value) && value >= least && value <= most
    if (!fits || (powerOfTwo && Math.log2(value) % 1 !== 0))
      refuse(
        'E-PARAMETER',
        where,
        `${what} is a ${powerOfTwo ? 'power of two' : 'whole number'} from ${least} to ${most}, got ${value}; choose one of those`,
      )
  }
  whole('busBits', p.busBits, 32, 512, true)
  whole('addressBits', p.addressBits, 12, 64)
  whole('mostBeats', p.mostBeats, 1, 2 ** 24 - 1)
  whole('idBits', p.idBits, 1, 16)
  whole('id', p.id, 0, 2 ** p.idBits - 1)
  whole('burstBeats', p.burstBeats, 2, 256, true)
  whole('outstanding', p.outstanding, 1, 256)
  const bytes = p.busBits / 8
  return {
    bytes,
    size: Math.log2(bytes),
    // Blocks that divide 4096 bytes: cut at their ends, no burst crosses that boundary.
    block: Math.min(p.burstBeats, boundary / bytes),
    axi: { addressBits: p.addressBits, busBits: p.busBits, idBits: p.idBits },
  }
}

/** AxCACHE of normal memory that is neither cached nor held back, 0b0011 (A4.4); what FPGA memory controllers expect. */
export const normalMemory = 3
