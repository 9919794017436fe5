import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Module } from '../../dsl/ir.ts'
import { strip } from '../vector/lane-type.ts'
import { stripCode } from '../wasm/strip-code.ts'
import { bytesOfStrips } from '../wasm/strip-instance.ts'
import { checkLane, checkResponse, type LaneEngine, type LaneFailure, laneRowCount, laneWords } from './engine.ts'
import type { LaneAnswer, LaneShare, LaneTask } from './lane-worker.ts'

/**
 * The lanes of a design that has a vector program, shared out over threads in whole strips. Rows in shared memory are read and
 * written where they are; others are copied.
 */
export const threadedLanes = (module: Module, lanes: number, checks: boolean, threads: number): LaneEngine => {
  const strips = Math.ceil(lanes / strip)
  const count = Math.min(threads, strips)
  const edge = (k: number): number => Math.min(lanes, strip * Math.round((k * strips) / count))
  const shares = Array.from({ length: count }, (_, k) => ({ first: edge(k), lanes: edge(k + 1) - edge(k) }))
  const largest = Math.max(...shares.map((share) => share.lanes))
  const code = stripCode(module, checks)
  bytesOfStrips(code, largest)
  const { ports } = code
  const workers = shares.map((share) => {
    const data: LaneShare = { code, ...share }
    const worker = new Worker(fileURLToPath(new URL('./lane-worker.js', import.meta.url)), { workerData: data })
    worker.unref()
    return { worker, ...share }
  })
  const ask = async (worker: Worker, task: LaneTask): Promise<LaneAnswer> => {
    worker.postMessage(task)
    worker.ref()
    const [answer] = (await once(worker, 'message')) as [LaneAnswer]
    worker.unref()
    return answer
  }
  let failures: readonly LaneFailure[] = []
  let cycle = 0
  return {
    name: 'wasm',
    ports,
    lanes,
    async replay(stimulus, cycles, response) {
      const rows = laneRowCount(ports, lanes, stimulus)
      checkResponse(ports, lanes, cycles, response)
      const source = isShared(stimulus) ? stimulus : copyOf(stimulus)
      const shared = response && (isShared(response) ? response : sharedWords(response.length))
      const answers = await Promise.all(
        workers.map(({ worker, first, lanes }) => {
          const part = (words: Int32Array, row: number): Int32Array =>
            words.subarray(first * row, first * row + laneWords(lanes, 1, row))
          return ask(worker, {
            kind: 'replay',
            stimulus: part(source, rows * ports.inputWords),
            rows,
            cycles,
            ...(shared && { response: part(shared, cycles * ports.outputWords) }),
          })
        }),
      )
      if (response && shared && shared !== response) response.set(shared)
      failures = answers.flatMap((answer) => answer.failures)
      cycle += cycles
    },
    async reset() {
      await Promise.all(workers.map(({ worker }) => ask(worker, { kind: 'reset' })))
    },
    async register(path, lane) {
      checkLane(lanes, lane)
      const { worker, first } = workers.find((share) => lane < share.first + share.lanes)!
      return (await ask(worker, { kind: 'register', path, lane: lane - first })).register
    },
    get failures() {
      return failures
    },
    get cycle() {
      return cycle
    },
    async close() {
      await Promise.all(workers.map(({ worker }) => worker.terminate()))
    },
  }
}

const isShared = ({ buffer }: Int32Array): boolean => buffer instanceof SharedArrayBuffer
const sharedWords = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * length))
const copyOf = (words: Int32Array): Int32Array => {
  const copy = sharedWords(words.length)
  copy.set(words)
  return copy
}
