/**
 * Energy of the memories around an array, which is in none of the figures of its netlist: what a run moves, times the models of
 * `src/synth/memory`. The two memories are ours: weights come from outside the chip, all else stays in a buffer on it.
 */
import type { ArraySize } from '../accel/output-stationary.ts'
import type { Operands } from '../pe/family.ts'
import { type DramEnergy, dramEnergy } from '../synth/memory/dram.ts'
import { sramFigures } from '../synth/memory/sram.ts'

/** A linear layer over all its calls, each of as many tokens. */
export interface LayerTraffic {
  readonly inputs: number
  readonly outputs: number
  readonly calls: number
  readonly macs: number
  readonly groupSums: number
}

/** What goes between an array and the memories. */
export interface MemoryTraffic {
  /** Read from outside the chip: weights, scales and zero points, anew for each tile of tokens. */
  readonly dram_bytes: number
  readonly sram_read_bytes: number
  readonly sram_write_bytes: number
}

export interface MemoryEnergy extends MemoryTraffic {
  readonly dram: DramEnergy & { readonly id: string }
  readonly sram: { readonly uj: number; readonly low_uj: number; readonly high_uj: number }
  /** Of the array and both memories. */
  readonly total_uj: number
  readonly low_uj: number
  readonly high_uj: number
  readonly provenance: Readonly<Record<string, string>>
}

/** Of a group's scale, which the host or the array applies. */
const scaleBits = 16
/** Of an output that the array scaled itself. */
const outputBits = 32

/** The buffer on the chip, at the node of `generic45`: devices for the low end, in the middle and for the high end. */
const buffer = { kilobytes: 32, wordBits: 64 } as const
const devices = { low: 'cacti45-lop', middle: 'cacti45-hp', high: 'cacti45-lstp' } as const

/** Memory outside the chip where none is named. */
export const usualDram = 'lpddr4'

/**
 * What layers move on an output-stationary array of that size. Weights of a tile of outputs come in once for each tile of tokens, go into the
 * buffer and out of it; activations are written once and read once for each tile of outputs; what leaves the array is written, and read by whoever scales it.
 */
export const trafficOf = (
  layers: readonly LayerTraffic[],
  { rows, columns }: ArraySize,
  { weight, activation, zero, scale, result }: Pick<Operands, 'weight' | 'activation' | 'zero' | 'scale' | 'result'>,
): MemoryTraffic => {
  let [weightBits, activationReads, activationWrites, resultBits] = [0, 0, 0, 0]
  for (const { inputs, outputs, calls, macs, groupSums } of layers) {
    const tokens = macs / (inputs * outputs)
    const groups = groupSums / tokens
    const tilesOfTokens = calls * Math.ceil(tokens / calls / rows)
    weightBits += tilesOfTokens * (inputs * outputs * weight.width + groups * (scaleBits + (zero?.width ?? 0)))
    activationWrites += tokens * inputs * activation.width
    activationReads += Math.ceil(outputs / columns) * tokens * inputs * activation.width
    resultBits += scale ? tokens * outputs * outputBits : groupSums * result.width
  }
  return {
    dram_bytes: weightBits / 8,
    sram_read_bytes: (weightBits + activationReads + resultBits) / 8,
    sram_write_bytes: (weightBits + activationWrites + resultBits) / 8,
  }
}

/** The energy of that traffic beside what the array takes, in a band of its own. An unknown memory is a `UserError` that lists what there is. */
export const memoryEnergy = (
  traffic: MemoryTraffic,
  array: { readonly total_uj: number; readonly low_uj: number; readonly high_uj: number },
  id: string = usualDram,
): MemoryEnergy => {
  const sramAt = (technology: string): number => {
    const { read_pj, write_pj } = sramFigures({ technology, ...buffer })
    const words = (bytes: number): number => (bytes * 8) / buffer.wordBits
    return (words(traffic.sram_read_bytes) * read_pj + words(traffic.sram_write_bytes) * write_pj) * 1e-6
  }
  const sram = { uj: sramAt(devices.middle), low_uj: sramAt(devices.low), high_uj: sramAt(devices.high) }
  const dram = dramEnergy(id, traffic.dram_bytes, array.total_uj + sram.uj)
  return {
    ...traffic,
    dram: { id, ...dram },
    sram,
    total_uj: array.total_uj + sram.uj + dram.uj,
    low_uj: array.low_uj + sram.low_uj + dram.low_uj,
    high_uj: array.high_uj + sram.high_uj + dram.high_uj,
    provenance: {
      dram: `${id}, ${dram.provenance.pj_per_bit} pJ a bit (${dram.provenance.source})`,
      dram_traffic: `weights, ${scaleBits}-bit scales and zero points of each layer, once for each tile of tokens; no caches, no refresh`,
      sram: `${buffer.kilobytes} KB of ${buffer.wordBits}-bit words, ${devices.middle} (${devices.low} to ${devices.high}; CACTI 7); ours`,
      sram_traffic:
        'weights and activations written once, weights read once, activations once for each tile of outputs, results written and read once; ours',
      bar: 'the part of the memory outside the chip of all energy: # at its low end, + up to its high end',
      left_out: 'leakage of memories, their controllers and interfaces beyond pJ a bit, key-value cache and embedding',
    },
  }
}

/** What fetching one weight takes, beside the multiply-accumulate that uses it once. */
export interface WeightEnergy {
  readonly bits: number
  readonly on_chip_pj: { readonly low: number; readonly middle: number; readonly high: number }
  readonly dram: { readonly id: string; readonly pj: number; readonly low_pj: number; readonly high_pj: number }
  /** The part of the memory outside the chip of all three. */
  readonly bar: string
  readonly provenance: string
}

/** Of a weight of so many bits, its share of a word of the buffer, and a multiply-accumulate in pJ. */
export const weightEnergy = (bits: number, pj_per_mac: number, id: string = usualDram): WeightEnergy => {
  const readOf = (technology: string): number => sramFigures({ technology, ...buffer }).read_pj_per_bit * bits
  const on_chip_pj = { low: readOf(devices.low), middle: readOf(devices.middle), high: readOf(devices.high) }
  const { uj, low_uj, high_uj, bar, provenance } = dramEnergy(id, bits / 8, (pj_per_mac + on_chip_pj.middle) * 1e-6)
  return {
    bits,
    on_chip_pj,
    dram: { id, pj: uj * 1e6, low_pj: low_uj * 1e6, high_pj: high_uj * 1e6 },
    bar,
    provenance: `one read of ${buffer.kilobytes} KB, ${devices.middle} (${devices.low} to ${devices.high}), and ${id}, ${provenance.pj_per_bit} pJ a bit; no reuse, no scales`,
  }
}
