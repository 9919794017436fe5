/**
 * A mapped netlist as generated JavaScript: levelised, zero delay, 32 independent stimuli side by side, one in each bit of a
 * word. What cells compute is their own function strings. A flip-flop moves where the clock gates before it are open; an
 * asynchronous clear is followed within the cycle.
 */
import { UserError } from '../base/user-error.ts'
import { type Followed, inOrder } from './cell-order.ts'
import { type Connectivity, connect, type Placed } from './connectivity.ts'
import { cellsByName, type Library } from './library/library.ts'
import { type Bit, highestNet, type Netlist, netName, pinBit } from './netlist.ts'

/** Where the clock arrives: the port's net, and behind each clock gate. */
export interface ClockNets {
  /** Undefined where nothing is clocked. */
  readonly root: number | undefined
  /** Clock gates by the net they drive. */
  readonly gated: ReadonlyMap<number, Placed>
}

export interface GateProgram {
  readonly connectivity: Connectivity
  readonly clocks: ClockNets
  /** The 32 values of every net; those of inputs are set by `setInput`. */
  readonly values: Int32Array
  /** Toggles of every net since they were last set to 0, over all lanes. */
  readonly toggles: Float64Array
  /** Puts a net to a value and counts what changes. */
  setInput(net: number, value: number): void
  /** All nets from inputs and registers. */
  settle(): void
  /** One clock pulse: its toggles, and registers from the settled nets. */
  pulse(): void
}

/** Statements of one generated function; V8 optimises no function that is too long. */
const statementsEach = 200

const bitsSet = (word: number): number => {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** An asynchronous clear reaches the output within the cycle, the clock does not. */
const followed: Followed = ({ flipFlop, clockGate, inputs }) => {
  if (clockGate) return undefined
  if (!flipFlop) return inputs.map(({ name }) => name)
  return flipFlop.clearLow === undefined ? [] : [flipFlop.clearLow]
}

const wordOf = (bit: Bit): string => (typeof bit === 'number' ? `v[${bit}]` : bit === '1' ? '-1' : '0')

/** Liberty's `! & | ^` over pins as JavaScript over words; a constant 1 is 1 in every lane. */
const expression = ({ instance }: Placed, formula: string, state: string): string =>
  formula
    .replaceAll('!', '~')
    .replace(/[A-Za-z_]\w*|1/g, (name) =>
      name === 'IQ' ? state : wordOf(name === '1' ? name : pinBit(instance, name)),
    )

const refuseClock = (netlist: Netlist, { instance, cell }: Placed, why: string): never => {
  const output = pinBit(instance, cell.outputs[0]!.name)
  const where = typeof output === 'number' ? netName(netlist, output) : instance.name
  throw new UserError(
    'E-CLOCK',
    `the clock of ${where} ${why}; activity is measured of designs with one clock input, clock gates alone in it`,
  )
}

/** Follows the clock of every register to the one input it comes from. */
const findClocks = (netlist: Netlist, { placed, drivers }: Connectivity): ClockNets => {
  const gated = new Map<number, Placed>()
  const inputs = new Set(netlist.ports.filter(({ direction }) => direction === 'input').flatMap(({ bits }) => bits))
  let root: number | undefined
  for (const register of placed) {
    if (!register.cell.flipFlop) continue
    let clock = pinBit(register.instance, register.cell.flipFlop.clock)
    let gate = gateAt(drivers, clock)
    while (typeof clock === 'number' && gate) {
      gated.set(clock, gate)
      clock = pinBit(gate.instance, gate.cell.clockGate!.clock)
      gate = gateAt(drivers, clock)
    }
    if (typeof clock !== 'number') return refuseClock(netlist, register, 'is constant')
    if (!inputs.has(clock)) return refuseClock(netlist, register, 'is made by logic')
    if (root !== undefined && root !== clock) return refuseClock(netlist, register, 'is a second one')
    root = clock
  }
  return { root, gated }
}

const gateAt = (drivers: Connectivity['drivers'], net: Bit): Placed | undefined => {
  const driver = typeof net === 'number' ? drivers.get(net)?.placed : undefined
  return driver?.cell.clockGate ? driver : undefined
}

/** Functions over `v` (values), `s` (states), `n` (next states), `t` (toggles) that run the statements in order. */
const generate = (statements: readonly string[]): ((...arrays: readonly unknown[]) => void)[] => {
  const functions: ((...arrays: readonly unknown[]) => void)[] = []
  for (let at = 0; at < statements.length; at += statementsEach) {
    const body = statements.slice(at, at + statementsEach).join('\n')
    functions.push(
      new Function('v', 's', 'n', 't', 'lanes', 'bitsSet', `let x = 0, d = 0\n${body}`) as (
        ...arrays: readonly unknown[]
      ) => void,
    )
  }
  return functions
}

/** Cells with a state of their own kind are not simulated. */
const refuseState = ({ instance, cell }: Placed): void => {
  const what = cell.latch ? 'a latch' : cell.flipFlop?.special
  if (what === undefined) return
  throw new UserError(
    'E-ACTIVITY-CELL',
    `activity is not measured with cell ${cell.name} of ${instance.name} (${what}); map onto rising-edge flip-flops that take one data pin`,
  )
}

/** Generates the program of a netlist; of the 32 stimuli those in `lanes` count. All registers start as 0. */
export const gateProgram = (netlist: Netlist, library: Library, lanes: number): GateProgram => {
  const connectivity = connect(netlist, cellsByName(library))
  for (const at of connectivity.placed) refuseState(at)
  const clocks = findClocks(netlist, connectivity)
  const order = inOrder(netlist, connectivity, followed)
  const registers = new Map(connectivity.placed.filter(({ cell }) => cell.flipFlop).map((at, index) => [at, index]))
  const size = highestNet(netlist) + 1
  const values = new Int32Array(size)
  const toggles = new Float64Array(size)
  const states = new Int32Array(registers.size)
  const next = new Int32Array(registers.size)

  const store = (net: number, value: string): string =>
    `x = ${value}; d = (x ^ v[${net}]) & lanes; v[${net}] = x; if (d !== 0) t[${net}] += bitsSet(d)`
  const settling = order.flatMap((at) => {
    const index = registers.get(at)
    const clear = at.cell.flipFlop?.clearLow
    const cleared = clear === undefined ? [] : [`s[${index}] &= ${wordOf(pinBit(at.instance, clear))}`]
    const outputs = at.cell.outputs.flatMap((output) => {
      const net = pinBit(at.instance, output.name)
      return typeof net === 'number' ? [store(net, expression(at, output.function, `s[${index}]`))] : []
    })
    return [...cleared, ...outputs]
  })
  /** Where a clock is let through, from enables as they stand before the edge. */
  const open = (clock: Bit): string => {
    const gate = typeof clock === 'number' ? clocks.gated.get(clock) : undefined
    if (!gate) return '-1'
    const { clock: above, enable } = gate.cell.clockGate!
    const upper = open(pinBit(gate.instance, above))
    const own = wordOf(pinBit(gate.instance, enable))
    return upper === '-1' ? own : `${upper} & ${own}`
  }
  const gating = [...clocks.gated.keys()].map((net) => `t[${net}] += 2 * bitsSet(${open(net)} & lanes)`)
  const moving = [...registers].map(([{ instance, cell }, index]) => {
    const { clock, data, clearLow } = cell.flipFlop!
    const load = open(pinBit(instance, clock))
    const wanted = wordOf(pinBit(instance, data))
    const clear = clearLow === undefined ? '' : ` & ${wordOf(pinBit(instance, clearLow))}`
    const moved = load === '-1' ? wanted : `(x & ${wanted} | ~x & s[${index}])`
    return `x = ${load}; n[${index}] = ${moved}${clear}`
  })
  const [settleAll, pulseAll] = [generate(settling), generate([...gating, ...moving])]
  const clockToggles = 2 * bitsSet(lanes)
  return {
    connectivity,
    clocks,
    values,
    toggles,
    setInput(net, value) {
      const changed = (value ^ values[net]!) & lanes
      values[net] = value
      if (changed !== 0) toggles[net]! += bitsSet(changed)
    },
    settle() {
      for (const run of settleAll) run(values, states, next, toggles, lanes, bitsSet)
    },
    pulse() {
      for (const run of pulseAll) run(values, states, next, toggles, lanes, bitsSet)
      states.set(next)
      if (clocks.root !== undefined) toggles[clocks.root]! += clockToggles
    },
  }
}
