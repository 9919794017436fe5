/**
 * Energy of a run of the co-processor, from what its counters saw: multiply-accumulates at what the PE takes at gate level, beats into and out of its
 * buffers, and bytes of the memory behind its bus. Control, registers and the bus itself are left out.
 */

import type { CoreDescription, SideDescription } from '../accel/coprocessor/description.ts'
import type { RunCounters } from '../accel/coprocessor/driver.ts'
import { type DramEnergy, dramEnergy } from '../synth/memory/dram.ts'
import { sramFigures } from '../synth/memory/sram.ts'

export interface EnergyBand {
  readonly low_uj: number
  readonly high_uj: number
}

export interface CoprocessorEnergy {
  /** PEs at work; without glitches and with them. */
  readonly array: EnergyBand
  /** Buffers: beats written as they come, read for each row and column. */
  readonly buffers: EnergyBand & { readonly beats_written: number; readonly beats_read: number }
  readonly dram: DramEnergy & { readonly id: string; readonly bytes: number }
  readonly total: EnergyBand & { readonly pj_per_mac: { readonly low: number; readonly high: number } }
  readonly provenance: Readonly<Record<string, string>>
}

/** Devices of the buffers for the two ends; the node of `generic45`. */
const devices = { low: 'cacti45-lop', high: 'cacti45-lstp' } as const

/** `pj_per_mac` is that of a PE; an unknown DRAM preset is a UserError that lists what there is. */
export const coprocessorEnergy = (
  core: CoreDescription,
  { counters, macs }: { readonly counters: RunCounters; readonly macs: number },
  pj_per_mac: { readonly low: number; readonly high: number; readonly provenance: string },
  dram: string,
): CoprocessorEnergy => {
  const bytesPerBeat = core.transfers.busBits / 8
  const beats_written = counters.bytes_read / bytesPerBeat
  const beats_read =
    (counters.array_busy / core.array.cyclesPerStep) * (readsOf(core, 'activation') + readsOf(core, 'weight'))
  const kilobytes = (core.bufferBeats * bytesPerBeat) / 1024
  const bufferAt = (technology: string): number => {
    const { read_pj, write_pj } = sramFigures({ technology, kilobytes, wordBits: core.transfers.busBits })
    return (beats_read * read_pj + beats_written * write_pj) * 1e-6
  }
  const array = { low_uj: macs * pj_per_mac.low * 1e-6, high_uj: macs * pj_per_mac.high * 1e-6 }
  const buffers = { low_uj: bufferAt(devices.low), high_uj: bufferAt(devices.high), beats_written, beats_read }
  const bytes = counters.bytes_read + counters.bytes_written
  const outside = dramEnergy(dram, bytes, array.high_uj + buffers.high_uj)
  const low_uj = array.low_uj + buffers.low_uj + outside.low_uj
  const high_uj = array.high_uj + buffers.high_uj + outside.high_uj
  const perMac = (uj: number): number => (macs === 0 ? 0 : (uj * 1e6) / macs)
  return {
    array,
    buffers,
    dram: { id: dram, bytes, ...outside },
    total: { low_uj, high_uj, pj_per_mac: { low: perMac(low_uj), high: perMac(high_uj) } },
    provenance: {
      array: pj_per_mac.provenance,
      buffers:
        `${core.array.size.rows + core.array.size.columns} memories of ${kilobytes} KB, ${core.transfers.busBits}-bit words, ${devices.low} to ${devices.high} (CACTI 7); ` +
        'a beat written for each one read over the bus, and read once for the words in it by every row and column in busy cycles, those without operands too: an upper bound; ours',
      dram: `${dram}, ${outside.provenance.pj_per_bit} pJ a bit (${outside.provenance.source}); bytes of whole beats by the counters`,
      left_out:
        'controller, registers, unpackers, bus and clock tree; leakage of memories; PEs without operands, as their clocks stand still',
    },
  }
}

/** Beats that a step takes out of the buffers of one side: a beat is read once for all the words in it. */
const readsOf = (core: CoreDescription, name: 'activation' | 'weight'): number => {
  const { lines, wordBits }: SideDescription = core[name]
  return (lines * wordBits) / core.transfers.busBits
}
