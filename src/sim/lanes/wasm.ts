import type { Module } from '../../dsl/ir.ts'
import { stripCode } from '../wasm/strip-code.ts'
import { stripInstance } from '../wasm/strip-instance.ts'
import { checkLane, checkResponse, type LaneEngine, laneRowCount } from './engine.ts'

/** The lanes of a design that has a vector program, in this thread. */
export const wasmLanes = (module: Module, lanes: number, checks: boolean): LaneEngine => {
  const code = stripCode(module, checks)
  const instance = stripInstance(code, lanes)
  const { ports } = code
  let cycle = 0
  return {
    name: 'wasm',
    ports,
    lanes,
    async replay(stimulus, cycles, response) {
      const rows = laneRowCount(ports, lanes, stimulus)
      checkResponse(ports, lanes, cycles, response)
      instance.replay(stimulus, rows, cycles, response)
      cycle += cycles
    },
    reset: async () => instance.reset(),
    async register(path, lane) {
      checkLane(lanes, lane)
      return instance.register(path, lane)
    },
    get failures() {
      return instance.failures()
    },
    get cycle() {
      return cycle
    },
    close: async () => {},
  }
}
