import { Worker } from 'node:worker_threads'
import { webAssembly } from '../../sim/wasm/web-assembly.ts'
import { type Kernels, kernelModule } from './kernels.ts'
import type { Arena } from './memory.ts'
import { common, mostWords, stepAddress } from './step.ts'

/** Runs steps, alone or with other threads. */
export interface Team {
  readonly threads: number
  /** A step by its words (`stepWords`), in a number of pieces that take about `work` multiplications together. */
  readonly step: (step: Int32Array, pieces: number, work: number) => void
  readonly close: () => void
}

/** Fewer multiplications are done before another thread has looked. */
const worthSharing = 30_000

/** Multiplications for which a thread goes to the pieces that are left: some microseconds. */
const worthTaking = 50_000
/** Times a thread goes there at least. */
const leastRounds = 4

/** What a thread of the team does: it has no other code. */
const helper = `
const { workerData: { module, memory, scratch } } = require('node:worker_threads')
new WebAssembly.Instance(module, { host: { memory, failed() {} } }).exports.help(scratch)`

/** Compiled modules by the function that makes them. */
const compiled = new Map<ModuleMaker, object>()
type ModuleMaker = () => Uint8Array<ArrayBuffer>

/**
 * `threads` with this one, each with `scratchBytes` of its own; the others start with the first step that is worth sharing and hold up
 * no process that would end. `makeModule` makes the kernels, those of a forward pass unless given; a function's module is compiled once.
 * Undefined where memory for them does not fit.
 */
export const openTeam = (
  arena: Arena,
  threads: number,
  scratchBytes: number,
  makeModule: ModuleMaker = kernelModule,
): Team | undefined => {
  const scratches = Array.from({ length: threads }, () => arena.take(scratchBytes))
  if (!webAssembly || !scratches.every((address) => address !== undefined)) return undefined
  const { memory } = arena
  const module = compiled.get(makeModule) ?? new webAssembly.Module(makeModule())
  compiled.set(makeModule, module)
  const instance = new webAssembly.Instance(module, { host: { memory, failed: () => {} } })
  const kernels = instance.exports as unknown as Kernels
  const own = scratches[0]!
  let helpers: readonly Worker[] | undefined
  const startHelpers = (): readonly Worker[] =>
    scratches.slice(1).map((scratch) => {
      const worker = new Worker(helper, { eval: true, execArgv: [], workerData: { module, memory, scratch } })
      worker.unref()
      return worker
    })
  const view = arena.words(stepAddress, mostWords)
  return {
    threads,
    step: (step, pieces, work) => {
      view.set(step)
      view[common.pieces] = pieces
      const together = Math.min((worthTaking / work) * pieces, pieces / (leastRounds * threads))
      view[common.together] = Math.max(1, Math.floor(together))
      if (threads === 1 || pieces === 1 || work < worthSharing) kernels.alone(own)
      else {
        helpers ??= startHelpers()
        kernels.together(own)
      }
    },
    close: () => {
      for (const worker of helpers ?? []) void worker.terminate()
    },
  }
}
