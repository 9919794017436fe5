import { describe, expect, it } from 'vitest'
import { asyncFifo, clock, mainClock, record, s, u, vec } from '../../src/dsl/index.ts'
import { type Engine, portNamed, readPort, writePort } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomWords } from '../../src/sim/stimulus.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { icarusEngine } from '../fuzz/icarus.ts'
import { verilatorJudge } from '../fuzz/verilator-judge.ts'
import { mistake } from './maker.ts'
import { printed } from './verilog/printed.ts'

const camera = clock('camera')
const has = (...tools: string[]): boolean =>
  tools.every((tool) => versionOf(tool, tool === 'iverilog' || tool === 'vvp' ? '-V' : undefined) !== undefined)
const depths = [2, 4, 16]
const fifo = (depth: number) => asyncFifo({ of: s(16), depth, write: camera, read: mainClock }).module

const engines = [
  ['the interpreter', interpreter],
  ['JavaScript', javascriptEngine],
  ...(has('verilator', 'g++', 'make') ? ([['Verilator', verilatorJudge]] as const) : []),
  ...(has('iverilog', 'vvp') ? ([['Icarus', icarusEngine]] as const) : []),
] as const

/** How often of 16 a side ticks, offers and takes. */
interface Pace {
  readonly write: number
  readonly read: number
  readonly offer: number
  readonly take: number
}
const paces: readonly (readonly [string, Pace])[] = [
  ['clocks of like speed', { write: 8, read: 8, offer: 14, take: 14 }],
  ['a slow reader', { write: 15, read: 2, offer: 15, take: 12 }],
  ['a slow writer', { write: 2, read: 15, offer: 12, take: 15 }],
  ['both always ready on every edge', { write: 16, read: 16, offer: 16, take: 16 }],
]

/** Random ticks and wishes; the data counts up from 1 whenever a word goes in, so every word names its place. */
const play = (engine: Engine, pace: Pace, cycles: number, seed: number) => {
  const { ports } = engine
  const random = randomWords(seed)
  const chance = (of16: number): number => (random() % 16 < of16 ? 1 : 0)
  const at = (name: string): number => portNamed(ports.inputs, name).offset
  const stimulus = new Int32Array(cycles * ports.inputWords)
  for (let k = 0; k < cycles; k++) {
    const row = k * ports.inputWords
    stimulus[row + at('in_valid')] = chance(pace.offer)
    stimulus[row + at('in_data')] = (random() << 16) >> 16
    stimulus[row + at('out_ready')] = chance(pace.take)
    stimulus[row + at('camera_tick')] = chance(pace.write)
    stimulus[row + at('clk_tick')] = chance(pace.read)
  }
  const response = new Int32Array(cycles * ports.outputWords)
  engine.replay(stimulus, cycles, response)
  const output = (name: string, k: number): number =>
    response[k * ports.outputWords + portNamed(ports.outputs, name).offset]!
  const input = (name: string, k: number): number => stimulus[k * ports.inputWords + at(name)]!
  const put: number[] = []
  const got: number[] = []
  let most = 0
  for (let k = 0; k < cycles; k++) {
    if (input('camera_tick', k) && input('in_valid', k) && output('in_ready', k)) put.push(input('in_data', k))
    if (input('clk_tick', k) && input('out_ready', k) && output('out_valid', k)) got.push(output('out_data', k))
    most = Math.max(most, put.length - got.length)
  }
  return { put, got, most }
}

describe.each(engines)('an asyncFifo in %s', (name, start) => {
  it.each(paces)(
    'loses nothing, doubles nothing, keeps the order and never holds more than its depth and one, with %s',
    (_, pace) => {
      for (const depth of name === 'Verilator' ? [4] : depths) {
        const engine = start(fifo(depth))
        try {
          const { put, got, most } = play(engine, pace, 3000, depth)
          expect(got).toEqual(put.slice(0, got.length))
          expect(put.length - got.length).toBeLessThanOrEqual(depth + 1)
          expect(most).toBeLessThanOrEqual(depth + 1)
          expect(got.length).toBeGreaterThan(150)
          expect(engine.failedChecks).toBe(0)
        } finally {
          engine.close()
        }
      }
    },
  )
})

describe('an asyncFifo', () => {
  it('fills up to its depth and one where nobody reads, and then says that it is full', () => {
    const { put, most } = play(interpreter(fifo(4)), { write: 12, read: 12, offer: 16, take: 0 }, 200, 1)
    expect([put.length, most]).toEqual([5, 5])
  })

  it('gives every word it holds where nobody writes any more', () => {
    const engine = interpreter(fifo(8))
    const { put, got } = play(engine, { write: 16, read: 3, offer: 16, take: 3 }, 200, 1)
    const rest = play(engine, { write: 8, read: 8, offer: 0, take: 16 }, 200, 2).got
    expect([...got, ...rest]).toEqual(put)
  })

  it('is silent in the linters, and keeps its words in a memory that one clock writes and the other reads', async () => {
    const text = await printed(fifo(4))
    expect(text).toContain('(* no_rw_check *) reg signed [15:0] words [0:3];')
    const blocks = text.split('always ').filter((block) => /^@.*\n +if \(!.*words\[/.test(block))
    expect(blocks.map((block) => block.split('\n').slice(0, 2))).toMatchInlineSnapshot(`
      [
        [
          "@(posedge camera_clk) begin",
          "    if (!camera_rst && write_pointer_enable_and) words[write_pointer[1:0]] <= in_data;",
        ],
        [
          "@(posedge clk) begin",
          "    if (!rst && read_pointer_enable_and) words_read <= words[read_pointer[1:0]];",
        ],
      ]
    `)
  })

  it('takes records, the word whole', async () => {
    const pair = record({ key: u(3), rest: vec(2, s(4)) })
    const { module } = asyncFifo({ of: pair, depth: 4, write: camera, read: mainClock })
    expect(await printed(module)).toContain('reg [10:0] words [0:3];')
    const engine = interpreter(module)
    const set = (values: Readonly<Record<string, number>>): void => {
      for (const [name, value] of Object.entries(values))
        writePort(engine.inputs, portNamed(engine.ports.inputs, name), BigInt(value))
      engine.step()
    }
    const word = { in_data_key: 5, in_data_rest_0: -8, in_data_rest_1: 7 }
    set({ ...word, in_valid: 1, out_ready: 0, camera_tick: 1, clk_tick: 0 })
    for (let k = 0; k < 4; k++) set({ in_valid: 0, camera_tick: 0, clk_tick: 1 })
    const out = (name: string): bigint => readPort(engine.outputs, portNamed(engine.ports.outputs, name))
    const names = ['out_valid', 'out_data_key', 'out_data_rest_0', 'out_data_rest_1']
    expect(names.map(out)).toEqual([1n, 5n, -8n, 7n])
  })

  it('has a depth that is a power of two', () => {
    expect(mistake(() => asyncFifo({ of: s(16), depth: 12, write: camera, read: mainClock }))).toMatchInlineSnapshot(
      `"E-PARAMETER in async_fifo (async-fifo.test.ts, line '() => asyncFifo({ of: s(16), depth: 12, write: camera, read: mainClock })'): a depth is a power of two from 2 to 65536, so that its pointers wrap as Gray code, got 12; choose the next one up"`,
    )
  })
})
