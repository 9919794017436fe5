/**
 * Energy and peak bandwidth of memories outside the chip. What tools assume for a bit differs 30 times, from 0.63 pJ to 20 pJ, and decides most
 * published energies; so a preset is named with its band, and what is made of it is shown at both ends.
 */
import { unknownName } from '../../base/suggestion.ts'
import { UserError } from '../../base/user-error.ts'

export interface DramPreset {
  readonly id: string
  readonly summary: string
  readonly pj_per_bit: number
  readonly low_pj_per_bit: number
  readonly high_pj_per_bit: number
  /** Peak of the interface in `bandwidth_of`, by its data rate and width. */
  readonly gb_per_s: number
  readonly bandwidth_of: string
  readonly source: string
}

const preset = (
  id: string,
  pj_per_bit: number,
  [low_pj_per_bit, high_pj_per_bit]: readonly [number, number],
  gb_per_s: number,
  bandwidth_of: string,
  source: string,
): DramPreset => ({
  id,
  summary: `${pj_per_bit} pJ/bit (${low_pj_per_bit} to ${high_pj_per_bit}), ${gb_per_s} GB/s from ${bandwidth_of}`,
  pj_per_bit,
  low_pj_per_bit,
  high_pj_per_bit,
  gb_per_s,
  bandwidth_of,
  source,
})

/** Bands span what tools and papers use; where there is one source, 2/3 to 3/2 of it, `ours`. */
export const dramPresets: readonly DramPreset[] = [
  preset('hbm3', 4, [2.7, 6.1], 819.2, 'a stack of 1024 bits at 6.4 Gb/s', 'hwcomponents-cacti: HBM3 4.05; band ours'),
  preset(
    'hbm2',
    4,
    [3.9, 6.25],
    256,
    'a stack of 1024 bits at 2 Gb/s',
    "accelergy-cacti-plug-in 3.9, O'Connor et al. (MICRO 2017) 3.9 to 3.97, hwcomponents-cacti 6.25",
  ),
  preset(
    'lpddr5',
    8,
    [4, 8],
    25.6,
    '32 bits at 6.4 Gb/s',
    'accelergy-cacti-plug-in and hwcomponents-cacti: LPDDR4 8, taken for LPDDR5 too',
  ),
  preset(
    'lpddr4',
    8,
    [4, 8],
    17.1,
    '32 bits at 4.267 Gb/s',
    'accelergy-cacti-plug-in and hwcomponents-cacti: LPDDR4 8',
  ),
  preset('gddr5', 14, [9.3, 21], 32, '32 bits at 8 Gb/s', 'accelergy-cacti-plug-in: GDDR5 14; band ours'),
  preset(
    'ddr4',
    17.5,
    [15, 20],
    25.6,
    '64 bits at 3.2 Gb/s',
    'BitFusion simulator 15, BitMoD simulator 18.75, Horowitz (ISSCC 2014) 20',
  ),
  preset(
    'ddr3',
    70,
    [46.7, 105],
    12.8,
    '64 bits at 1.6 Gb/s',
    'accelergy-cacti-plug-in: DDR3 70, of the system with what it draws in the background; band ours',
  ),
]

/** What single tools have in their source, in pJ a bit: the spread behind the presets. */
export const dramInTools: readonly { readonly tool: string; readonly pj_per_bit: number }[] = [
  { tool: 'ANT and MixPE simulators, breakdown', pj_per_bit: 0.629 },
  { tool: 'ANT and MixPE simulators, total', pj_per_bit: 1.155 },
  { tool: 'ZigZag, TPU-like', pj_per_bit: 10.9 },
  { tool: 'BitFusion simulator', pj_per_bit: 15 },
  { tool: 'BitMoD simulator', pj_per_bit: 18.75 },
  { tool: 'Horowitz, ISSCC 2014', pj_per_bit: 20 },
]

/** The preset of that name; an unknown one is a `UserError` that lists what there is. */
export const dramPreset = (id: string): DramPreset => {
  const found = dramPresets.find((each) => each.id === id)
  if (found) return found
  throw unknownName(
    'E-DRAM',
    'memory',
    id,
    dramPresets.map((each) => each.id),
  )
}

export interface DramEnergy {
  readonly uj: number
  readonly low_uj: number
  readonly high_uj: number
  /** At peak bandwidth. */
  readonly least_ms: number
  /** The part of all energy, at the low end, in the middle and at the high end. */
  readonly share: { readonly low: number; readonly middle: number; readonly high: number }
  /** The same as a line: what `others_uj` stay, and how far the memory's part reaches. */
  readonly bar: string
  readonly provenance: { readonly memory: string; readonly pj_per_bit: string; readonly source: string }
}

const barWidth = 40

const percent = (share: number): string => `${Math.round(100 * share)} %`

/** Energy of moving `bytes`, beside `others_uj` of everything else; neither may be negative, else a `UserError`. */
export const dramEnergy = (id: string, bytes: number, others_uj = 0): DramEnergy => {
  const of = dramPreset(id)
  if (!(bytes >= 0 && others_uj >= 0 && Number.isFinite(bytes + others_uj)))
    throw new UserError('E-DRAM', `${bytes} bytes beside ${others_uj} uJ cannot be; give numbers of at least 0`)
  const at = (pj_per_bit: number): number => bytes * 8 * pj_per_bit * 1e-6
  const [low_uj, uj, high_uj] = [at(of.low_pj_per_bit), at(of.pj_per_bit), at(of.high_pj_per_bit)]
  const shareOf = (part: number): number => (part + others_uj === 0 ? 0 : part / (part + others_uj))
  const share = { low: shareOf(low_uj), middle: shareOf(uj), high: shareOf(high_uj) }
  const [sure, most] = [Math.round(barWidth * share.low), Math.round(barWidth * share.high)]
  return {
    uj,
    low_uj,
    high_uj,
    least_ms: bytes / (of.gb_per_s * 1e6),
    share,
    bar:
      `${of.id} [${'#'.repeat(sure)}${'+'.repeat(most - sure)}${'.'.repeat(barWidth - most)}] ` +
      `${percent(share.middle)} of all energy (${percent(share.low)} to ${percent(share.high)})`,
    provenance: {
      memory: of.id,
      pj_per_bit: `${of.pj_per_bit} (${of.low_pj_per_bit} to ${of.high_pj_per_bit})`,
      source: of.source,
    },
  }
}
