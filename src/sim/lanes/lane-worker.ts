import { parentPort, workerData } from 'node:worker_threads'
import type { StripCode } from '../wasm/strip-code.ts'
import { stripInstance } from '../wasm/strip-instance.ts'
import type { LaneFailure } from './engine.ts'

/** The lanes of one thread. */
export interface LaneShare {
  readonly code: StripCode
  readonly first: number
  readonly lanes: number
}

/** What a thread is asked to do. Rows are in shared memory, and those of its own lanes. */
export type LaneTask =
  | {
      readonly kind: 'replay'
      readonly stimulus: Int32Array
      readonly rows: number
      readonly cycles: number
      readonly response?: Int32Array
    }
  | { readonly kind: 'reset' }
  | { readonly kind: 'register'; readonly path: string; readonly lane: number }

export interface LaneAnswer {
  readonly failures: readonly LaneFailure[]
  readonly register?: bigint | undefined
}

const { code, first, lanes } = workerData as LaneShare
const instance = stripInstance(code, lanes)
const failures = (): readonly LaneFailure[] =>
  instance.failures().map((failure) => ({ ...failure, lane: failure.lane + first }))

const answer = (task: LaneTask): LaneAnswer => {
  if (task.kind === 'register') return { failures: [], register: instance.register(task.path, task.lane) }
  if (task.kind === 'reset') instance.reset()
  else instance.replay(task.stimulus, task.rows, task.cycles, task.response)
  return { failures: failures() }
}
parentPort!.on('message', (task: LaneTask) => {
  parentPort!.postMessage(answer(task))
})
