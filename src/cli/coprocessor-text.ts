import type { RunCounters } from '../accel/coprocessor/driver.ts'
import type { CoprocessorEnergy, EnergyBand } from '../perf/coprocessor-energy.ts'
import { columns } from './context.ts'

/** What a co-processor spent its cycles on, for people. */
export const coprocessorText = (counters: RunCounters, utilisation: number): string => {
  const part = (count: number): string => `${((100 * count) / counters.cycles).toFixed(1)} %`
  const bytes = (count: number): string => `${count.toLocaleString('en-US')} bytes`
  return columns([
    ['array busy', part(counters.array_busy)],
    ['waits for activations', part(counters.wait_activations)],
    ['waits for weights', part(counters.wait_weights)],
    ['waits for results to leave', part(counters.wait_output)],
    ['waits between groups', part(counters.wait_spacing)],
    ['sets up and ends', part(counters.idle)],
    ['of all multiplications it could do', `${(100 * utilisation).toFixed(1)} %`],
    ['read', bytes(counters.bytes_read)],
    ['written', bytes(counters.bytes_written)],
  ])
}

/** Its energy by what takes it, both ends of the band. */
export const energyText = ({ array, buffers, dram, total }: CoprocessorEnergy): string => {
  const band = ({ low_uj, high_uj }: EnergyBand): string => `${low_uj.toFixed(2)} to ${high_uj.toFixed(2)} uJ`
  const perMac = `${total.pj_per_mac.low.toFixed(2)} to ${total.pj_per_mac.high.toFixed(2)} pJ a multiply-accumulate`
  return columns([
    ['energy of PEs', band(array)],
    ['of buffers', band(buffers)],
    [`of ${dram.id}`, band(dram), dram.bar],
    ['of all', band(total), perMac],
  ])
}
