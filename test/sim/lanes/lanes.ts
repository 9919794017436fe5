import type { Module } from '../../../src/dsl/index.ts'
import { portLayout, readPort } from '../../../src/sim/engine.ts'
import { flatten } from '../../../src/sim/flatten.ts'
import { interpreter } from '../../../src/sim/interpret.ts'
import { type LaneEngine, laneRows, laneWords, rowsOfLane } from '../../../src/sim/lanes/engine.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'

export interface LaneTrial {
  readonly cycles: number
  readonly seed: number
  /** Lanes that the interpreter looks at; all unless said. */
  readonly looks?: readonly number[]
  /** Registers are compared at the end where asked for. */
  readonly registers?: boolean
  readonly stimulus?: (lane: number) => Int32Array
}

/**
 * Where lanes and the interpreter, given each lane's stimulus alone, differ: outputs of every cycle, the first failed check,
 * registers at the end. Runs in two replays, since what lasts must last. Undefined where they agree.
 */
export const laneDifference = async (
  module: Module,
  engine: LaneEngine,
  {
    cycles,
    seed,
    looks,
    registers = false,
    stimulus = (lane) => randomStimulus(portLayout(module), cycles, seed * 1000 + lane),
  }: LaneTrial,
): Promise<string | undefined> => {
  const { lanes, ports } = engine
  const { inputWords, outputWords } = ports
  const stimuli = Array.from({ length: lanes }, (_, lane) => stimulus(lane))
  const first = Math.floor(cycles / 3)
  const responses = new Map<number, Int32Array>()
  for (const [from, to] of [
    [0, first],
    [first, cycles],
  ] as const) {
    const part = stimuli.map((words) => words.subarray(from * inputWords, to * inputWords))
    const response = new Int32Array(laneWords(lanes, to - from, outputWords))
    await engine.replay(laneRows(part), to - from, response)
    responses.set(from, response)
  }
  const responseOf = (lane: number): Int32Array => {
    const own = new Int32Array(cycles * outputWords)
    for (const [from, response] of responses) {
      const rows = from === 0 ? first : cycles - first
      own.set(rowsOfLane(response, rows * outputWords, lane), from * outputWords)
    }
    return own
  }
  const paths = registers ? flatten(module).registers.map(({ path }) => path) : []
  for (const lane of looks ?? stimuli.keys()) {
    const definition = interpreter(module)
    const expected = new Int32Array(cycles * outputWords)
    definition.replay(stimuli[lane]!, cycles, expected)
    const failure = definition.failures[0]
    const found = engine.failures.find((one) => one.lane === lane)
    // Checks of one cycle may come in any order.
    if (failure?.cycle !== found?.cycle)
      return `lane ${lane}: first failed check in cycle ${failure?.cycle}, ${engine.name} says ${found?.cycle}`
    const messages = definition.failures.filter(({ cycle }) => cycle === failure?.cycle).map(({ message }) => message)
    if (found && !messages.includes(found.message)) return `lane ${lane}: no check '${found.message}' failed`
    const own = responseOf(lane)
    for (let k = 0; k < cycles * outputWords; k++)
      if (own[k] !== expected[k]) {
        const cycle = Math.floor(k / outputWords)
        const port = ports.outputs.findLast(({ offset }) => offset <= k % outputWords)!
        const [want, got] = [expected, own].map((words) => readPort(words, port, cycle * outputWords))
        return `lane ${lane}, cycle ${cycle}, ${port.name}: interpreter says ${want}, ${engine.name} says ${got}`
      }
    for (const path of paths) {
      const [want, got] = [definition.register(path), await engine.register(path, lane)]
      if (want !== got) return `lane ${lane}, ${path}: interpreter says ${want}, ${engine.name} says ${got}`
    }
  }
  return undefined
}
