/**
 * How often every net of a mapped netlist toggles under a stimulus, while its outputs are compared with those of the
 * description in every cycle: a figure of a netlist that computes something else would be worth nothing. Without delays
 * there are no glitches, so toggles of logic are the least there can be.
 */
import { UserError } from '../base/user-error.ts'
import type { Port, PortLayout } from '../sim/engine.ts'
import { type ClockNets, type GateProgram, gateProgram } from './gate-program.ts'
import type { Library } from './library/library.ts'
import type { Bit, Netlist } from './netlist.ts'

/** One stimulus from reset on, as `Engine.replay` takes and answers it. */
export interface ActivityLane {
  /** Rows of `ports.inputWords`, one a cycle. */
  readonly stimulus: Int32Array
  /** Rows of `ports.outputWords`: what the description answers, each cycle before its edge. */
  readonly response: Int32Array
}

export interface ActivityStimulus {
  /** Of the description that the netlist was made of. */
  readonly ports: PortLayout
  /** 1 to 32, of equally many cycles, at least two; they run side by side and their toggles add up. */
  readonly lanes: readonly ActivityLane[]
}

export interface Activity {
  readonly netlist: Netlist
  readonly library: Library
  readonly clocks: ClockNets
  /** Stimuli that ran side by side. */
  readonly lanes: number
  /** Cycles of each that count: all but the first, into which reset leads. */
  readonly cycles: number
  /** By net, over all lanes and cycles. A clock toggles twice in a cycle, behind a clock gate where that is open. */
  readonly toggles: Float64Array
}

/** Transposes 32 words of 32 bits in place: word k then holds bit k of each (Warren, Hacker's Delight, section 7-3). */
const transpose = (words: Int32Array): void => {
  let mask = 0x0000ffff
  for (let width = 16; width > 0; width >>= 1, mask ^= mask << width)
    for (let k = 0; k < 32; k = (k + width + 1) & ~width) {
      const swapped = ((words[k]! >>> width) ^ words[k + width]!) & mask
      words[k + width]! ^= swapped
      words[k]! ^= swapped << width
    }
}

export interface PlacedPort {
  readonly port: Port
  readonly bits: readonly Bit[]
}

/** The nets of the description's ports; a netlist of another design is refused. */
export const placePorts = (netlist: Netlist, ports: readonly Port[], direction: 'input' | 'output'): PlacedPort[] =>
  ports.map((port) => {
    const found = netlist.ports.find((each) => each.name === port.name && each.direction === direction)
    if (!found || Math.ceil(found.bits.length / 32) !== port.words)
      throw new RangeError(
        `the netlist has no ${direction} '${port.name}' of ${port.words} words; it is another design's`,
      )
    return { port, bits: found.bits }
  })

const cyclesOf = ({ ports, lanes }: ActivityStimulus): number => {
  if (lanes.length < 1 || lanes.length > 32) throw new RangeError(`1 to 32 lanes run side by side, got ${lanes.length}`)
  const cycles = lanes[0]!.response.length / ports.outputWords
  if (!(Number.isInteger(cycles) && cycles >= 2))
    throw new RangeError(`a response holds two or more whole rows of ${ports.outputWords} words`)
  for (const { stimulus, response } of lanes)
    if (stimulus.length !== cycles * ports.inputWords || response.length !== cycles * ports.outputWords)
      throw new RangeError(
        `lanes hold ${cycles} rows of ${ports.inputWords} and of ${ports.outputWords} words each, ` +
          `got ${stimulus.length} and ${response.length} words`,
      )
  return cycles
}

/** Where outputs are not the description's: the first such port and lane. */
const refuseDifference = (
  { port, bits }: PlacedPort,
  { values }: GateProgram,
  lanes: readonly ActivityLane[],
  { outputWords }: PortLayout,
  cycle: number,
  differing: number,
): never => {
  const lane = 31 - Math.clz32(differing & -differing)
  const seen = bits.reduce((sum, bit, at) => sum | ((BigInt(bitAt(values, bit) >>> lane) & 1n) << BigInt(at)), 0n)
  const row = cycle * outputWords + port.offset
  const words = [...lanes[lane]!.response.subarray(row, row + port.words)]
  const wanted = words.reduce((sum, word, at) => sum | (BigInt(word >>> 0) << BigInt(32 * at)), 0n)
  const code = (value: bigint): string => `0x${BigInt.asUintN(bits.length, value).toString(16)}`
  throw new UserError(
    'E-NETLIST',
    `the netlist does not compute what its description does: ${port.name} is ${code(seen)} and should be ${code(wanted)} in ` +
      `cycle ${cycle} of lane ${lane}; give the stimulus and response of the design it was made of`,
  )
}

const bitAt = (values: Int32Array, bit: Bit): number => (typeof bit === 'number' ? values[bit]! : bit === '1' ? -1 : 0)

/**
 * Runs the netlist from one cycle of reset on. RangeError for a stimulus that does not fit, UserError for a netlist whose
 * outputs are not those expected, that is clocked by more than one input or in which logic makes a clock.
 */
export const measureActivity = (netlist: Netlist, library: Library, stimulus: ActivityStimulus): Activity => {
  const { ports, lanes } = stimulus
  const cycles = cyclesOf(stimulus)
  const counted = lanes.length === 32 ? -1 : (1 << lanes.length) - 1
  const program = gateProgram(netlist, library, counted)
  const inputs = placePorts(netlist, ports.inputs, 'input')
  const outputs = placePorts(netlist, ports.outputs, 'output')
  const resetName = ports.clocks?.[0]?.rst ?? 'rst'
  const reset = netlist.ports.find(({ name, direction }) => name === resetName && direction === 'input')?.bits[0]
  const setReset = (on: boolean): void => {
    if (typeof reset === 'number') program.setInput(reset, on ? -1 : 0)
  }
  const words = new Int32Array(32)
  /** The 32 bits of a word of every lane in one cycle, each with all lanes. */
  const gather = (pick: (lane: ActivityLane) => Int32Array, at: number): void => {
    words.fill(0)
    lanes.forEach((lane, index) => {
      words[index] = pick(lane)[at]!
    })
    transpose(words)
  }
  const drive = (cycle: number): void => {
    for (const { port, bits } of inputs)
      for (let word = 0; word < port.words; word++) {
        gather((lane) => lane.stimulus, cycle * ports.inputWords + port.offset + word)
        bits.slice(32 * word, 32 * word + 32).forEach((bit, index) => {
          if (typeof bit === 'number') program.setInput(bit, words[index]!)
        })
      }
  }
  const compare = (cycle: number): void => {
    for (const placed of outputs)
      for (let word = 0; word < placed.port.words; word++) {
        gather((lane) => lane.response, cycle * ports.outputWords + placed.port.offset + word)
        let differing = 0
        placed.bits.slice(32 * word, 32 * word + 32).forEach((bit, index) => {
          differing |= bitAt(program.values, bit) ^ words[index]!
        })
        if ((differing & counted) !== 0) refuseDifference(placed, program, lanes, ports, cycle, differing & counted)
      }
  }

  drive(0)
  setReset(true)
  program.settle()
  program.pulse()
  setReset(false)
  program.settle()
  compare(0)
  program.toggles.fill(0)
  for (let cycle = 1; cycle < cycles; cycle++) {
    program.pulse()
    drive(cycle)
    program.settle()
    compare(cycle)
  }
  return {
    netlist,
    library,
    clocks: program.clocks,
    lanes: lanes.length,
    cycles: cycles - 1,
    toggles: program.toggles,
  }
}
