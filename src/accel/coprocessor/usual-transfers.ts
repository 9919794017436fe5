import type { ProcessingElement } from '../../pe/family.ts'
import type { TiledElement } from '../../pe/tile.ts'
import type { ArraySize } from '../output-stationary.ts'
import type { TransferShape } from '../transfers.ts'
import { computeArray } from './compute-array.ts'

/**
 * Transfers where none are said (ours): beats of 64 bits, or of as many as a word of the array and its groups' fields need, and
 * addresses of 40 bits, those of a Zynq UltraScale+.
 */
export const usualTransfers = (pe: ProcessingElement | TiledElement, size: ArraySize): TransferShape => {
  const { activation, weight } = computeArray([pe], size)
  const widest = Math.max(64, activation.wordBits, weight.wordBits)
  return { busBits: 2 ** Math.ceil(Math.log2(widest)), addressBits: 40, mostBeats: 4095 }
}
