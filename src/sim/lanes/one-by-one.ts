import type { Module } from '../../dsl/ir.ts'
import type { Engine } from '../engine.ts'
import { type OwnEngineName, openOwnEngine } from '../own-engines.ts'
import { strip } from '../vector/lane-type.ts'
import { checkLane, checkResponse, firstWord, type LaneEngine, laneRowCount, rowsOfLane } from './engine.ts'

/** Lanes one after the other, each on an engine of its own: for any design, and the definition of what lanes are. */
export const oneByOne = (name: OwnEngineName, module: Module, lanes: number, checks: boolean): LaneEngine => {
  const engines = Array.from({ length: lanes }, (): Engine => openOwnEngine(name, module, { checks }))
  const { ports } = engines[0]!
  return {
    name: engines[0]!.name,
    ports,
    lanes,
    async replay(stimulus, cycles, response) {
      const rows = laneRowCount(ports, lanes, stimulus)
      checkResponse(ports, lanes, cycles, response)
      const own = new Int32Array(response ? cycles * ports.outputWords : 0)
      engines.forEach((engine, lane) => {
        engine.replay(rowsOfLane(stimulus, rows * ports.inputWords, lane), cycles, response && own)
        const first = firstWord(lane, own.length)
        own.forEach((word, k) => {
          response![first + k * strip] = word
        })
      })
    },
    async reset() {
      for (const engine of engines) engine.reset()
    },
    async register(path, lane) {
      checkLane(lanes, lane)
      return engines[lane]!.register(path)
    },
    get failures() {
      return engines.flatMap(({ failures: [first] }, lane) => (first ? [{ lane, ...first }] : []))
    },
    get cycle() {
      return engines[0]!.cycle
    },
    async close() {
      for (const engine of engines) engine.close()
    },
  }
}
