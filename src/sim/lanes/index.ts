import { UserError } from '../../base/user-error.ts'
import type { Module } from '../../dsl/ir.ts'
import type { LaneEngine } from './engine.ts'
import { checkLanes, type LaneEngineName, type LaneOptions, openOwnLanes, withoutLanes } from './open.ts'
import { threadedLanes } from './threads.ts'

export interface ThreadedLaneOptions extends LaneOptions {
  /** Threads that share the lanes of `wasm`; default 1, which stays in this thread. Rows in shared memory are not copied. */
  readonly threads?: number
}

/** As `openOwnLanes`, in Node, where threads can share the lanes. */
export const openLanes = async (
  name: LaneEngineName,
  module: Module,
  { threads = 1, ...options }: ThreadedLaneOptions,
): Promise<LaneEngine> => {
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads)
    throw new UserError(
      'E-THREADS',
      `threads are a whole number from 1 to ${mostThreads}, got ${threads}; take one a core`,
    )
  if (name !== 'wasm' || threads === 1 || withoutLanes(module)) return openOwnLanes(name, module, options)
  checkLanes(options.lanes)
  return threadedLanes(module, options.lanes, options.checks ?? true, threads)
}

const mostThreads = 256
