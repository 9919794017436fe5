import { setImmediate } from 'node:timers/promises'
import type { Node } from '../../src/dsl/ir.ts'
import { type Module, type Operation, type Range, widthOf } from '../../src/dsl/ir.ts'
import { NameTable } from '../../src/dsl/names.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { type Case, type Row, sound } from './case.ts'
import { childrenOf, oneInstance, operationsAlone, partsOf, type Search, simplerModule } from './reduce-steps.ts'
import { allRemade, remade } from './remake.ts'
import { inRange } from './settle.ts'

/** True where a case shows the failure that is looked for. */
export type StillFails = (candidate: Case) => boolean | Promise<boolean>

export interface Limits {
  /** Default 30; what is being tried then is finished. */
  readonly seconds?: number
  /** Candidates that are run, default 10,000. */
  readonly tries?: number
}

/**
 * A smaller case with the same failure, the same one in every run as long as the time suffices. Every step was seen to fail;
 * modules stay sound. What cannot be made smaller comes back as it is.
 */
export const reduce = async (start: Case, stillFails: StillFails, limits: Limits = {}): Promise<Case> => {
  const { seconds = 30, tries = 10_000 } = limits
  const deadline = performance.now() + 1000 * seconds
  let left = tries
  let best = start
  const fails = async (make: () => Case, below = Number.POSITIVE_INFINITY): Promise<Case | undefined> => {
    if (left <= 0 || performance.now() > deadline) return undefined
    try {
      const candidate = trimmed(make())
      if (candidate.rows.length === 0 || costOf(candidate) >= below) return undefined
      sound(candidate.module)
      left--
      // Timers have their turn, so that a test that takes too long is told so.
      if (left % 64 === 0) await setImmediate()
      return (await stillFails(candidate)) ? candidate : undefined
    } catch {
      // A step too far: a loop, or a module that no engine takes.
      return undefined
    }
  }
  const attempt = async (make: () => Case): Promise<boolean> => {
    const found = await fails(make, costOf(best))
    if (found) best = found
    return found !== undefined
  }
  const search: Search = { best: () => best, attempt, fails }
  await oneInstance(search)
  await attempt(() => ({ ...best, module: allRemade(best.module) }))
  await shorterStimulus(search)
  await operationsAlone(search)
  for (let before = Number.POSITIVE_INFINITY; costOf(best) < before; ) {
    before = costOf(best)
    await simplerModule(search, partsOf(search))
    await shorterStimulus(search)
    await plainerStimulus(search)
    for (let k = 0; k < childrenOf(best.module).length; k++) await simplerModule(search, partsOf(search, k))
  }
  if (best === start) return start
  const named = trimmed(plainlyNamed(best))
  return (await stillFails(named)) ? named : best
}

// ── size ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What there is to read and to think about in a case; ours. Bits count little, so that nothing is added to save a few. */
const costOf = ({ module, rows }: Case): number => {
  const seen = new Set<Module>()
  const visit = (of: Module): number => {
    if (seen.has(of)) return 0
    seen.add(of)
    const bits = (nodes: readonly Range[]): number => nodes.reduce((sum, node) => sum + 0.05 * widthOf(node), 0)
    const parts = [
      ...of.inputs.map((node) => 3 + bits([node])),
      ...of.outputs.map(({ range }) => 4 + bits([range])),
      ...of.registers.map(({ node, reset }) => 14 + bits([node]) + (reset === 0n ? 0 : 1)),
      ...of.wires.map(({ node }) => 6 + bits([node])),
      ...of.memories.map(
        ({ depth, word, writes, reads, lookups, initial = [] }) =>
          30 +
          10 * (writes.length + reads.length + lookups.length + writes.filter(({ lanes }) => lanes).length) +
          Math.log2(depth) +
          bits([word]) +
          initial.length,
      ),
      ...of.checks.map(() => 8),
      ...of.instances.map((instance) => 12 + visit(instance.of)),
      ...of.operations.map((node) => costOfOperation(node) + bits([node])),
    ]
    return parts.reduce((sum, part) => sum + part, 20)
  }
  const digits = rows
    .flatMap((row) => Object.values(row))
    .reduce((sum, value) => sum + (value === 0n ? 0 : 0.02 * value.toString().length), 0)
  return visit(module) + rows.length + digits
}

const costOfOperation = ({ op, args, amount }: Operation): number => {
  const constants = args.filter((arg) => arg.op === 'const' && arg.value !== 0n)
  return (op === 'wrap' || op === 'sat' ? 9 : 10) + 0.5 * constants.length + 0.01 * amount
}

/** Rows with a value for every input, as the engines see it, and for no other. */
const trimmed = ({ module, rows }: Case): Case => {
  const { inputs } = portLayout(module)
  const values = (row: Row): Row =>
    Object.fromEntries(inputs.map(({ name, range }) => [name, inRange(row[name] ?? 0n, range)]))
  return { module, rows: rows.map(values) }
}

/** Ports that were made on the way count from 1. */
const plainlyNamed = ({ module, rows }: Case): Case => {
  const names = new NameTable()
  const made = /^[xy](_\d+)?$/
  for (const { name } of [...module.inputs, ...module.outputs, ...module.registers, ...module.wires])
    if (!made.test(name)) names.take(name, name)
  for (const { name } of [...module.memories, ...module.instances]) names.take(name, name)
  const name = (old: string): string => (made.test(old) ? names.fresh(old[0]!) : old)
  const outputs = module.outputs.map((output) => ({ ...output, name: name(output.name) }))
  const inputs = new Map(module.inputs.map((input) => [input as Node, { ...input, name: name(input.name) }]))
  const renamed = new Map(module.inputs.map((input) => [input.name, inputs.get(input)!.name]))
  const renamedRow = (row: Row): Row =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [renamed.get(key) ?? key, value]))
  return { module: remade({ ...module, outputs }, { instead: inputs }), rows: rows.map(renamedRow) }
}

// ── the stimulus ─────────────────────────────────────────────────────────────────────────────────────────────────

const shorterStimulus = async ({ best, attempt }: Search): Promise<void> => {
  const cut = (from: number, to: number) =>
    attempt(() => ({ ...best(), rows: best().rows.filter((_, k) => k < from || k >= to) }))
  for (let size = best().rows.length; size >= 1; size = Math.floor(size / 2)) {
    while (best().rows.length > size && (await cut(best().rows.length - size, best().rows.length)));
    for (let k = 0; k < best().rows.length && best().rows.length > 1; ) if (!(await cut(k, k + size))) k += size
  }
}

/** Zeros and other small values in the stimulus, an input at a time, then cell by cell while there are few. */
const plainerStimulus = async ({ best, attempt }: Search): Promise<void> => {
  for (const { name } of portLayout(best().module).inputs) {
    const set = (value: bigint, only?: number) =>
      attempt(() => ({
        ...best(),
        rows: best().rows.map((row, k) => (only === undefined || k === only ? { ...row, [name]: value } : row)),
      }))
    const values = [0n, 1n, -1n, 2n, 3n]
    for (const value of values) if (await set(value)) break
    if (best().rows.length <= 4)
      for (let k = 0; k < best().rows.length; k++) for (const value of values) if (await set(value, k)) break
  }
}
