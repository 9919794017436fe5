import { short } from './numbers.ts'
import type { ReportEnergy, ReportMemory } from './schema.ts'

/** A line of the energy with memories, each with its band. */
export interface MemoryRow {
  readonly name: string
  readonly uj: number
  readonly low_uj: number
  readonly high_uj: number
  readonly bytes: string
}

/** The array, both memories and all of them. */
export const memoryRows = (energy: ReportEnergy, memory: ReportMemory): readonly MemoryRow[] => {
  const { dram, sram } = memory
  return [
    { name: 'array', uj: energy.total_uj, low_uj: energy.low_uj, high_uj: energy.high_uj, bytes: '' },
    { ...sram, name: 'on chip', bytes: short(sram.read_bytes + sram.write_bytes) },
    { ...dram, name: `outside, ${dram.id}`, bytes: short(dram.bytes) },
    { name: 'all', uj: memory.total_uj, low_uj: memory.low_uj, high_uj: memory.high_uj, bytes: '' },
  ]
}
