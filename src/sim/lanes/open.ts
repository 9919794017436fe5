import { knownName } from '../../base/suggestion.ts'
import { UserError } from '../../base/user-error.ts'
import type { Module } from '../../dsl/ir.ts'
import { ownEngineNames } from '../own-engines.ts'
import { unsupported } from '../vector/supported.ts'
import { withoutSimd } from '../wasm/web-assembly.ts'
import type { LaneEngine } from './engine.ts'
import { oneByOne } from './one-by-one.ts'
import { wasmLanes } from './wasm.ts'
import { webgpuLanes } from './webgpu/engine.ts'

/** The engines that run lanes, the default first. */
export const laneEngineNames = [...ownEngineNames, 'webgpu'] as const
export type LaneEngineName = (typeof laneEngineNames)[number]

export interface LaneOptions {
  /** Independent stimuli, 1 to 2^20; `wasm` is fastest where they are a multiple of 16. */
  readonly lanes: number
  /** Evaluate checks (default true). */
  readonly checks?: boolean
}

const mostLanes = 2 ** 20

/**
 * Opens a design under many stimuli; `close` it afterwards. `wasm` computes them side by side where the design has a vector
 * program; what has none runs lane after lane, and `fallback` says why. `webgpu` runs them on a graphics processor; where no
 * adapter opens, and for black boxes and very large designs, it is a UserError.
 */
export const openOwnLanes = async (
  name: LaneEngineName,
  module: Module,
  { lanes, checks = true }: LaneOptions,
): Promise<LaneEngine> => {
  checkLanes(lanes)
  knownName('E-ENGINE', 'engine', name, laneEngineNames)
  if (name === 'webgpu') return webgpuLanes(module, lanes, checks)
  if (name !== 'wasm') return oneByOne(name, module, lanes, checks)
  const reason = withoutLanes(module)
  if (reason === undefined) return wasmLanes(module, lanes, checks)
  return Object.assign(oneByOne('js', module, lanes, checks), { fallback: reason })
}

/** Why `wasm` runs lane after lane, one clause; undefined where it need not. */
export const withoutLanes = (module: Module): string | undefined => withoutSimd() ?? unsupported(module)

export const checkLanes = (lanes: number): void => {
  if (!Number.isInteger(lanes) || lanes < 1 || lanes > mostLanes)
    throw new UserError(
      'E-LANES',
      `lanes are a whole number from 1 to ${mostLanes}, got ${lanes}; take that many at a time`,
    )
}
