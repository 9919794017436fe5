import { expect } from 'vitest'
import type { Module } from '../../../src/dsl/index.ts'
import { compareEngines, describeDifference } from '../../../src/sim/compare.ts'
import { portNamed, readPort, writePort } from '../../../src/sim/engine.ts'
import { interpreter } from '../../../src/sim/interpret.ts'
import { javascriptEngine } from '../../../src/sim/javascript/engine.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { versionOf } from '../../../src/sim/verilator/tools.ts'
import { icarusEngine } from '../../fuzz/icarus.ts'
import { verilatorJudge } from '../../fuzz/verilator-judge.ts'

const full = Boolean(process.env.BITLOOM_FULL)

/** How often, of 100 cycles, a producer offers and a consumer takes. */
export interface Pace {
  readonly offers: number
  readonly takes: number
}

/** An element and the cycle at whose edge it was handed over. */
export interface Handover {
  readonly cycle: number
  readonly data: bigint
}

/** What went over every stream port of a run. */
export type Traffic = Readonly<Record<string, readonly Handover[]>>

const absent = (tools: readonly (readonly [string, string?])[]): boolean =>
  tools.some(([tool, flag]) => versionOf(tool, flag) === undefined)
const noIcarus = absent([
  ['iverilog', '-V'],
  ['vvp', '-V'],
])
const noVerilator = absent([['verilator'], ['g++'], ['make']])
if (noIcarus || noVerilator) console.warn('streams are not run in every simulator; run npm run setup:tools')

/**
 * Runs a module whose ports are streams with producers and consumers that come and go at random and keep the handshake; every
 * pace for `cycles` cycles. No promise of the module fails, and all engines and simulators give the same outputs in every
 * cycle of the same inputs; Verilator, which takes seconds to build, where asked for or in the full suite.
 */
export const traffic = (
  module: Module,
  inputs: readonly string[],
  outputs: readonly string[],
  paces: readonly Pace[],
  { cycles = 400, seed = 1, data = (k: number): bigint => BigInt((k * 37) % 200) - 100n, verilator = false } = {},
): Traffic[] => {
  const random = randomWords(seed)
  const engine = interpreter(module)
  const rows = new Int32Array(engine.ports.inputWords * cycles * paces.length)
  const input = (port: string) => portNamed(engine.ports.inputs, port)
  const output = (port: string) => readPort(engine.outputs, portNamed(engine.ports.outputs, port))
  const offered = new Map<string, bigint>()
  const sent = new Map(inputs.map((port) => [port, 0]))
  let cycle = 0
  const runs = paces.map(({ offers, takes }) => {
    const seen: Record<string, Handover[]> = Object.fromEntries([...inputs, ...outputs].map((port) => [port, []]))
    for (const end = cycle + cycles; cycle < end; cycle++) {
      for (const port of inputs) {
        if (!offered.has(port) && random() % 100 < offers) {
          offered.set(port, data(sent.get(port)!))
          sent.set(port, sent.get(port)! + 1)
        }
        writePort(engine.inputs, input(`${port}_valid`), offered.has(port) ? 1n : 0n)
        // Where nothing is offered, data is anything.
        writePort(engine.inputs, input(`${port}_data`), offered.get(port) ?? data(random() % 1000))
      }
      for (const port of outputs) writePort(engine.inputs, input(`${port}_ready`), random() % 100 < takes ? 1n : 0n)
      rows.set(engine.inputs, cycle * engine.ports.inputWords)
      engine.step()
      for (const port of inputs)
        if (offered.has(port) && output(`${port}_ready`) === 1n) {
          seen[port]!.push({ cycle, data: offered.get(port)! })
          offered.delete(port)
        }
      for (const port of outputs)
        if (output(`${port}_valid`) === 1n && readPort(engine.inputs, input(`${port}_ready`)) === 1n)
          seen[port]!.push({ cycle, data: output(`${port}_data`) })
    }
    return seen
  })
  expect(engine.failures).toEqual([])
  const others = [
    javascriptEngine(module),
    ...(noVerilator || !(verilator || full) ? [] : [verilatorJudge(module)]),
    ...(noIcarus ? [] : [icarusEngine(module)]),
  ]
  try {
    const difference = compareEngines([interpreter(module), ...others], rows)
    expect(difference && describeDifference(difference, seed)).toBeUndefined()
    for (const other of others) expect(other.failures).toEqual([])
  } finally {
    for (const other of others) other.close()
  }
  return runs
}

/** The data of all runs in order. */
export const dataOf = (runs: readonly Traffic[], port: string): bigint[] =>
  runs.flatMap((run) => run[port]!.map(({ data }) => data))

/** Paces from always to rarely on either side. */
export const paces: readonly Pace[] = [
  { offers: 100, takes: 100 },
  { offers: 100, takes: 40 },
  { offers: 30, takes: 100 },
  { offers: 60, takes: 60 },
  { offers: 100, takes: 5 },
  { offers: 5, takes: 90 },
  { offers: 100, takes: 100 },
]
