/** What `bitloom power` is asked for, and what belongs to which of its two subjects. */
import { UserError } from '../base/user-error.ts'
import type { Library } from '../synth/library/library.ts'
import { findTarget } from '../synth/targets.ts'
import type { Output } from './context.ts'

export interface PowerOptions {
  readonly target: string
  readonly liberty?: readonly string[]
  readonly wireLoad?: string
  /** Cells that the table shows. */
  readonly instances: number
  // Of a netlist.
  readonly netlist?: string
  readonly top?: string
  readonly vcd?: string
  readonly scope?: string
  readonly clock?: readonly string[]
  readonly begin?: number
  readonly end?: number
  // Of a PE.
  readonly workload?: string
  readonly cycles?: number
  readonly frequency?: number
  readonly seed?: number
  // Of the workload `layers`.
  readonly model?: string
  readonly tokenizer?: string
  readonly prompt?: string
}

export const workloads = ['random', 'layers'] as const

export const ofLayers = ['model', 'tokenizer', 'prompt'] as const
export const ofNetlist = ['netlist', 'top', 'vcd', 'scope', 'clock', 'begin', 'end'] as const
export const ofSpec = ['workload', 'cycles', 'frequency', 'seed', 'model', 'tokenizer', 'prompt'] as const

/** An option that does not go with the rest. */
export const refuseOption = (options: PowerOptions, names: readonly (keyof PowerOptions)[], why: string): void => {
  const name = names.find((each) => options[each] !== undefined)
  if (name !== undefined) throw new UserError('E-OPTION', `--${name} ${why}; leave it out`)
}

export const asicLibrary = (target: string): Library => {
  const found = findTarget(target)
  if (found.kind === 'asic') return found.library
  throw new UserError(
    'E-OPTION',
    `power is of standard cells, and ${target} is an FPGA; give --liberty or another --target`,
  )
}

export const complainOf = ({ name, notes = [] }: Library, output: Output): void => {
  for (const note of notes) output.complain(`${name}: ${note}`)
}
