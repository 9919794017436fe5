import { findLoop } from '../../src/dsl/check/loops.ts'
import { fits, type Module, type Node, widthOf } from '../../src/dsl/ir.ts'
import { bool } from '../../src/dsl/shape.ts'
import { compareEngines, describeDifference } from '../../src/sim/compare.ts'
import { type Engine, type PortLayout, portLayout, readPort, rowsOf, writePort } from '../../src/sim/engine.ts'
import { flatten } from '../../src/sim/flatten.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { sortedFailures } from './failures.ts'
import type { Judge } from './judges.ts'
import { inRange, same } from './settle.ts'

/** Values of inputs in one cycle, ticks of clocks among them, by name; what is missing is 0 or the bound nearest to it. */
export type Row = Readonly<Record<string, bigint>>

/** A module and what is put into it, a row a cycle. */
export interface Case {
  readonly module: Module
  readonly rows: readonly Row[]
}

export const caseOf = (module: Module, stimulus: Int32Array): Case => {
  const ports = portLayout(module)
  const row = (k: number): Row =>
    Object.fromEntries(ports.inputs.map((port) => [port.name, readPort(stimulus, port, k * ports.inputWords)]))
  return { module, rows: Array.from({ length: rowsOf(ports, stimulus) }, (_, k) => row(k)) }
}

/** The rows as engines take them, every value brought into its port's bounds. */
export const stimulusOf = (ports: PortLayout, rows: readonly Row[]): Int32Array => {
  const stimulus = new Int32Array(rows.length * ports.inputWords)
  rows.forEach((row, k) => {
    for (const port of ports.inputs)
      writePort(stimulus, port, inRange(row[port.name] ?? 0n, port.range), k * ports.inputWords)
  })
  return stimulus
}

/** What the interpreter gives for every node of the module, cycle by cycle; worked out once for a case. */
export const tracesOf = (of: Case): ReadonlyMap<Node, readonly bigint[]> => {
  const known = traces.get(of)
  if (known) return known
  const { module, rows } = of
  const nodes: Node[] = [
    ...module.inputs,
    ...module.registers.map(({ node }) => node),
    ...module.wires.map(({ node }) => node),
    ...module.memories.flatMap(({ reads, lookups }) => [...reads.map(({ node }) => node), ...lookups]),
    ...module.instances.flatMap(({ outputs }) => [...outputs.values()]),
    ...module.operations,
  ]
  const probes = nodes.map((node, k) => ({ name: `probe_${k}`, node, range: node }))
  const engine = interpreter({ ...module, outputs: probes }, { checks: false })
  const ports = engine.ports.outputs
  const found = nodes.map((): bigint[] => [])
  const stimulus = stimulusOf(engine.ports, rows)
  const words = engine.ports.inputWords
  rows.forEach((_, k) => {
    engine.replay(stimulus.subarray(k * words, (k + 1) * words), 1)
    ports.forEach((port, n) => {
      found[n]!.push(readPort(engine.outputs, port))
    })
  })
  const result = new Map(nodes.map((node, n) => [node, found[n]!]))
  traces.set(of, result)
  return result
}
const traces = new WeakMap<Case, ReadonlyMap<Node, readonly bigint[]>>()

/**
 * Where a judge and the interpreter differ on a module: outputs, failed checks, registers where the judge can look inside;
 * what the judge throws; undefined where they agree.
 */
export const differenceOf = ({ module, rows }: Case, judge: Judge): string | undefined =>
  differenceIn(module, stimulusOf(portLayout(module), rows), judge, true)

/** The same for a stimulus as engines take it; registers, which take long, where asked for. */
export const differenceIn = (
  module: Module,
  stimulus: Int32Array,
  judge: Judge,
  registers: boolean,
): string | undefined => {
  const definition = interpreter(module)
  let engine: Engine | undefined
  try {
    engine = judge.make(module)
    const paths = registers ? flatten(module).registers.map(({ path }) => path) : []
    const inside = paths.filter((path) => engine?.register(path) !== undefined)
    const difference = compareEngines([definition, engine], stimulus, { registers: inside })
    if (difference) return describeDifference(difference)
    if (!judge.checks) return undefined
    const [expected, found] = [sortedFailures(definition), sortedFailures(engine)]
    const k = expected.findIndex((failure, k) => failure !== found[k])
    return k < 0 ? undefined : `failed checks differ: interpreter says ${expected[k]}, ${engine.name} says ${found[k]}`
  } catch (error) {
    return `${engine?.name ?? judge.text} throws ${String(error)}`
  } finally {
    engine?.close()
  }
}

/** Throws a RangeError where a module lacks what every back end takes for granted. */
export const sound = (module: Module): void => {
  const holds = (truth: boolean, what: string): void => {
    if (!truth) throw new RangeError(`${module.name}: ${what}`)
  }
  for (const { name, node, next, reset } of module.registers) {
    holds(fits(next, node), `what register '${name}' becomes does not fit it`)
    holds(reset >= node.min && reset <= node.max, `the reset value of register '${name}' does not fit it`)
  }
  for (const { name, node, driver } of module.wires)
    holds(fits(driver, node), `what drives wire '${name}' does not fit it`)
  for (const { name, node, range } of module.outputs) holds(fits(node, range), `output '${name}' does not fit`)
  for (const { name, of, inputs } of module.instances) {
    sound(of)
    for (const input of of.inputs)
      holds(fits(inputs.get(input.name)!, input), `input '${input.name}' of '${name}' does not fit`)
  }
  for (const { name, depth, word, writes, reads, lookups, initial = [] } of module.memories) {
    const last = BigInt(depth - 1)
    for (const address of [...writes, ...reads].map((port) => port.address).concat(lookups.map(({ args }) => args[0])))
      holds(address.min >= 0n && address.max <= last, `an address of memory '${name}' does not fit`)
    for (const { value, lanes = [] } of writes) {
      holds(fits(value, word), `a word written to memory '${name}' does not fit`)
      holds(
        lanes.every((lane) => fits(lane, bool)),
        `a lane of memory '${name}' is no condition`,
      )
      holds(lanes.length === 0 || widthOf(word) % lanes.length === 0, `lanes of memory '${name}' are unequal`)
    }
    for (const node of [...reads.map((read) => read.node), ...lookups])
      holds(same(node, word), `'${node.name}' does not show a word of memory '${name}'`)
    for (const value of [0n, ...initial])
      holds(value >= word.min && value <= word.max, `an initial word of memory '${name}' does not fit`)
  }
  const seen = new Set<Node>()
  for (const operation of module.operations) {
    holds(operation.id < module.nodeCount, `node ${operation.id} of ${module.nodeCount}`)
    for (const arg of operation.args) {
      holds(
        !('args' in arg) || arg.op === 'lookup' || seen.has(arg),
        `${operation.op} comes before its argument ${arg.op}`,
      )
      holds(arg.id < operation.id, `${operation.op} is older than its argument ${arg.op}`)
    }
    seen.add(operation)
  }
  holds(!findLoop(module), 'a combinational loop')
}
