import { domainOfNode } from '../../src/dsl/check/crossings.ts'
import { clockPorts, domainsOf, mainDomain, parentDomain } from '../../src/dsl/domains.ts'
import {
  type Input,
  type Instance,
  type Memory,
  type Module,
  type Node,
  type Operation,
  type Output,
  type Range,
  widthOf,
} from '../../src/dsl/ir.ts'
import { s, u } from '../../src/dsl/shape.ts'
import { type Case, type Row, tracesOf } from './case.ts'
import { canBeInlined, flattened, inlined, namesIn } from './inline.ts'
import { type Changes, remade, withModule } from './remake.ts'

/** The search for a smaller case, as its steps see it. */
export interface Search {
  best(): Case
  /** Takes the candidate if it is smaller than the best case so far and fails. */
  attempt(make: () => Case): Promise<boolean>
  /** The candidate if it fails, however large it is. */
  fails(make: () => Case): Promise<Case | undefined>
}

/** One module of the best case, which changes as the search goes on. */
export interface Parts {
  readonly top: boolean
  /** Undefined where it is gone. */
  module(): Module | undefined
  change(edit: (module: Module) => Module): Promise<boolean>
  /** Puts something simple in place of nodes: inputs with the values they had; under the top, where there are none, 0. */
  cut(nodes: readonly Node[], without?: (module: Module) => Module): Promise<boolean>
}

export const childrenOf = (module: Module): Module[] => [
  ...new Set(module.instances.flatMap(({ of }) => [...childrenOf(of), of])),
]

/** The top of the best case, or the k-th module under it. */
export const partsOf = ({ best, attempt }: Search, k?: number): Parts => {
  if (k === undefined)
    return {
      top: true,
      module: () => best().module,
      change: (edit) => attempt(() => ({ ...best(), module: edit(best().module) })),
      cut: (nodes, without = (module) => module) =>
        attempt(() => cutAt(best(), nodes, (instead) => remade(without(best().module), { instead }))),
    }
  const module = (): Module | undefined => {
    const child = childrenOf(best().module)[k]
    return child?.blackBox ? undefined : child
  }
  const change: Parts['change'] = (edit) =>
    attempt(() => ({ ...best(), module: withModule(best().module, module()!, edit(module()!)) }))
  return {
    top: false,
    module,
    change,
    cut: (nodes, without = (module) => module) =>
      change((of) => remade(without(of), { instead: new Map(nodes.map((node) => [node, 0n])) })),
  }
}

/** Every step on one module. */
export const simplerModule = async (search: Search, parts: Parts): Promise<void> => {
  for (const step of steps) if (parts.module()) await step(parts, search)
}
type Step = (parts: Parts, search: Search) => Promise<unknown>

// ── values cut off from what they are made of ────────────────────────────────────────────────────────────────────

const clockAt = (module: Module, node: Node): { readonly clock?: string } => {
  const domain = domainOfNode(module, node)
  return domain !== undefined && domain !== mainDomain ? { clock: domain } : {}
}

/** The case with inputs in place of nodes, which get the values that the nodes had. */
const cutAt = (from: Case, nodes: readonly Node[], changed: (instead: ReadonlyMap<Node, Node>) => Module): Case => {
  const { module, rows } = from
  const names = namesIn(module)
  const traces = tracesOf(from)
  const inputs = new Map<Node, Input>()
  for (const node of nodes) {
    const { min, max } = node
    inputs.set(node, { op: 'in', id: -1, name: names.fresh('x'), min, max, ...clockAt(module, node) })
  }
  const values = [...inputs].map(([node, { name }]) => [name, traces.get(node)!] as const)
  return {
    module: changed(inputs),
    rows: rows.map((row, k) => ({ ...row, ...Object.fromEntries(values.map(([name, trace]) => [name, trace[k]!])) })),
  }
}

/**
 * A module under the top in place of it, with the inputs that one of its instances had: what differs is often in one part
 * of many.
 */
export const oneInstance = async (search: Search): Promise<void> => {
  const { best, attempt } = search
  const alone = (instance: Instance) => (): Case => {
    const { module, rows } = best()
    const traces = tracesOf(best())
    const value = (driver: Node, k: number): bigint => (driver.op === 'const' ? driver.value : traces.get(driver)![k]!)
    const ticks = domainsOf(instance.of).map(
      (domain) => [clockPorts(domain).tick, clockPorts(parentDomain(instance, domain)).tick] as const,
    )
    const several = domainsOf(module).length > 1
    const row = (outer: Row, k: number): Row => ({
      ...Object.fromEntries([...instance.inputs].map(([port, driver]) => [port, value(driver, k)])),
      ...Object.fromEntries(ticks.map(([inner, tick]) => [inner, several ? (outer[tick] ?? 0n) : 1n])),
    })
    return { module: instance.of, rows: rows.map(row) }
  }
  for (const instance of best().module.instances)
    if (canBeInlined(instance) && (await attempt(alone(instance)))) return oneInstance(search)
}

/**
 * Single operations, or a few in a row, with all they read as inputs: where an engine computes something wrongly from right
 * arguments, this is all that is needed. All operations at once first, then the fewest of them.
 */
export const operationsAlone = async ({ best, attempt, fails }: Search): Promise<void> => {
  const flat = await fails(() => ({ ...best(), module: flattened(best().module) }))
  if (!flat) return
  const module: Module = { ...flat.module, checks: [] }
  const whole: Case = { ...flat, module }
  for (const depth of [1, 2, 3, 6]) {
    const cuts = new Set<Node>()
    /** A copy of what a node is made of, as deep as told; what it reads beyond becomes an input. */
    const cone = (node: Node, deep: number): Node => {
      if (node.op === 'const') return node
      if (!('args' in node) || node.op === 'lookup' || deep === 0) {
        cuts.add(node)
        return node
      }
      return { ...node, args: node.args.map((arg) => cone(arg, deep - 1)) }
    }
    const outputs = module.operations.map(
      (node, k): Output => ({ name: `y_${k}`, node: cone(node, depth), range: node, ...clockAt(module, node) }),
    )
    const only = (kept: readonly Output[]) => (): Case =>
      cutAt(whole, [...cuts], (instead) => remade({ ...module, outputs: kept }, { instead }))
    if (!(await fails(only(outputs)))) continue
    const few = await fewest(outputs, async (kept) => (await fails(only(kept))) !== undefined)
    if (await attempt(only(few))) return
  }
}

/** A sublist that passes the test and does not without any one of its parts; `all` passes. */
const fewest = async <T>(all: readonly T[], test: (some: readonly T[]) => Promise<boolean>): Promise<readonly T[]> => {
  let kept = all
  for (let size = Math.ceil(all.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let k = 0; k < kept.length && kept.length > size; k += size) {
      const part = kept.slice(k, k + size)
      if (!(await test(part))) continue
      kept = part
      break
    }
    for (let k = 0; k < kept.length && kept.length > 1; ) {
      const rest = [...kept.slice(0, k), ...kept.slice(k + size)]
      if (rest.length > 0 && (await test(rest))) kept = rest
      else k += size
    }
  }
  return kept
}

/** Goes over a list that becomes shorter on the way; what was seen is known by its name. */
const eachOf = async <T extends { readonly name: string }>(
  list: () => readonly T[] | undefined,
  visit: (one: T) => Promise<unknown>,
): Promise<void> => {
  const seen = new Set<string>()
  for (;;) {
    const next = list()?.find(({ name }) => !seen.has(name))
    if (!next) return
    seen.add(next.name)
    await visit(next)
  }
}

// ── parts of a module ────────────────────────────────────────────────────────────────────────────────────────────

const fewerOutputs: Step = async ({ module, change }) => {
  const only =
    (names: readonly string[]) =>
    (of: Module): Module =>
      remade({ ...of, outputs: of.outputs.filter(({ name }) => names.includes(name)) })
  const names = module()!.outputs.map(({ name }) => name)
  if (names.length > 0) await fewest(names, (some) => change(only(some)))
  await change(only([]))
  // What an output is made of, in its place.
  for (let again = true; again && module(); ) {
    again = false
    for (const { name, node } of module()!.outputs) {
      const parts = 'args' in node && node.op !== 'lookup' ? node.args.filter(({ op }) => op !== 'const') : []
      const put =
        (part: Node) =>
        (of: Module): Module =>
          remade({
            ...of,
            outputs: of.outputs.map((one) => (one.name === name ? { ...one, node: part, range: part } : one)),
          })
      for (const part of parts) again ||= await change(put(part))
    }
  }
  await eachOf(
    () => module()?.outputs,
    ({ name }) =>
      change((of) =>
        remade({ ...of, outputs: of.outputs.map((one) => (one.name === name ? { ...one, range: one.node } : one)) }),
      ),
  )
}

const fewerChecks: Step = async ({ module, change }) => {
  if (module()!.checks.length === 0 || (await change((of) => remade({ ...of, checks: [] })))) return
  for (let k = module()!.checks.length - 1; k >= 0; k--)
    if (module()) await change((of) => remade({ ...of, checks: of.checks.filter((_, n) => n !== k) }))
}

const fewerInstances: Step = async ({ module, change, cut }) => {
  if (module()!.instances.some(canBeInlined)) await change(flattened)
  await eachOf(
    () => module()?.instances,
    async ({ name }) => {
      const instance = (of: Module): Instance => of.instances.find((one) => one.name === name)!
      const without = (of: Module): Module => ({
        ...of,
        instances: of.instances.map((one) => (one.name === name ? unchecked(one) : one)),
      })
      if (await cut([...instance(module()!).outputs.values()], without)) return
      if (canBeInlined(instance(module()!))) await change((of) => inlined(of, [instance(of)]))
    },
  )
}
/** The instance without the checks that keep it there. */
const unchecked = (instance: Instance): Instance => {
  const without = (module: Module): Module => ({
    ...module,
    checks: [],
    instances: module.instances.map((one) => ({ ...one, of: without(one.of) })),
  })
  return { ...instance, of: without(instance.of) }
}

/** Registers and what memories show are cut off or become constants, wires what drives them. */
const lessState: Step = async ({ module, change, cut }) => {
  const state = (): (Node & { readonly name: string })[] => [
    ...(module()?.registers ?? []).map(({ node }) => node),
    ...(module()?.memories ?? []).flatMap(({ reads, lookups }) => [...reads.map(({ node }) => node), ...lookups]),
  ]
  if (state().length > 1) await cut(state())
  await eachOf(state, async (node) => {
    if (await cut([node])) return
    for (const value of [0n, node.min, node.max])
      if (await change((of) => remade(of, { instead: new Map([[node, value]]) }))) return
  })
  await eachOf(
    () => module()?.wires,
    ({ node, driver }) => change((of) => remade(of, { instead: new Map([[node, driver]]) })),
  )
  await eachOf(
    () => module()?.registers,
    ({ name }) =>
      change((of) => {
        const registers = of.registers.map((one) => (one.name === name ? { ...one, reset: 0n } : one))
        return remade({ ...of, registers })
      }),
  )
  if (module() && module()!.instances.length === 0) await change((of) => remade(of, { oneClock: true }))
}

const smallerMemories: Step = async ({ module, change }) => {
  await eachOf(
    () => module()?.memories,
    async ({ name }) => {
      const memory = (): Memory | undefined => module()?.memories.find((one) => one.name === name)
      const with_ = (edit: (memory: Memory) => Memory) =>
        change((of) => remade({ ...of, memories: of.memories.map((one) => (one.name === name ? edit(one) : one)) }))
      for (let k = 0; k < (memory()?.writes.length ?? 0); )
        if (!(await with_((one) => ({ ...one, writes: one.writes.filter((_, n) => n !== k) })))) k++
      await with_((one) => ({ ...one, writes: one.writes.map(({ lanes, ...write }) => write) }))
      await with_((one) => ({ ...one, initial: one.writes.length > 0 ? undefined : [0n] }))
      for (const depth of [2, 4, 16])
        if (depth < (memory()?.depth ?? 0))
          if (await with_((one) => ({ ...one, depth, ...(one.initial && { initial: one.initial.slice(0, depth) }) })))
            break
      for (const range of narrower(memory()?.word)) if (await with_((one) => ({ ...one, word: range }))) break
    },
  )
}

/** Operations, many at once while there are many, the last ones first, become inputs, constants or their arguments. */
const fewerOperations: Step = async ({ module, change, cut }) => {
  const count = (): number => module()?.operations.length ?? 0
  for (let size = Math.ceil(count() / 2); size >= 4; size = Math.ceil(size / 2))
    for (let k = count() - size; k > -size; k -= size)
      if (count() > 0) await cut(module()!.operations.slice(Math.max(0, k), k + size))
  for (let k = count() - 1; k >= 0; k--) {
    const node = (): Operation | undefined => module()?.operations[k]
    const instead = (by: Node | bigint) => change((of) => remade(of, { instead: new Map([[node()!, by]]) }))
    for (let again = true; again && node(); ) {
      const { args, min, max } = node()!
      again = (await cut([node()!])) || (await instead(0n)) || (await instead(min)) || (await instead(max))
      for (let n = 0; n < args.length; n++) again ||= args[n]!.op !== 'const' && (await instead(args[n]!))
    }
  }
}

/** Bounds with fewer bits, the narrowest first. */
const narrower = (range: Range | undefined): Range[] => {
  if (!range) return []
  const width = widthOf(range)
  const widths = [...new Set([1, 2, 3, 4, 8, Math.ceil(width / 2), width - 1, width])].filter(
    (w) => w >= 1 && w <= width,
  )
  const shapes = widths.flatMap((w) => (range.min < 0n ? [u(w), s(w)] : [u(w)]))
  return shapes.filter(({ min, max }) => max - min < range.max - range.min && min >= range.min && max <= range.max)
}

const narrowerValues: Step = async ({ module, change }) => {
  const remake = (changes: () => Changes) => change((of) => remade(of, changes()))
  const narrow = async (node: () => Node | undefined): Promise<void> => {
    for (const range of narrower(node())) if (await remake(() => ({ bounds: new Map([[node()!, range]]) }))) return
  }
  await eachOf(
    () => module()?.inputs,
    ({ name }) => narrow(() => module()?.inputs.find((one) => one.name === name)),
  )
  for (const list of ['registers', 'wires'] as const)
    await eachOf<{ readonly name: string }>(
      () => module()?.[list],
      ({ name }) => narrow(() => module()?.[list].find((one) => one.name === name)?.node),
    )
  const kept: ReadonlySet<string> = new Set(['wrap', 'sat', 'and', 'or', 'xor', 'not', 'slice'])
  for (let k = (module()?.operations.length ?? 0) - 1; k >= 0; k--) {
    const node = (): Operation | undefined => module()?.operations[k]
    if (node() && kept.has(node()!.op)) await narrow(node)
    for (const amount of [0, 1, Math.floor((node()?.amount ?? 0) / 2)])
      if (node() && node()!.op !== 'cat' && amount < node()!.amount)
        if (await remake(() => ({ amounts: new Map([[node()!, amount]]) }))) break
  }
}

/** What holds a value, as the only output, instead of all that leads from it to one. */
const stateAlone: Step = async ({ top, module, change }) => {
  if (!top) return
  const state = (of: Module): (Node & { readonly name: string })[] => [
    ...of.registers.map(({ node }) => node),
    ...of.memories.flatMap(({ reads, lookups }) => [...reads.map(({ node }) => node), ...lookups]),
  ]
  await eachOf(
    () => module() && state(module()!),
    ({ name }) =>
      change((of) => {
        const node = state(of).find((one) => one.name === name)!
        const output = { name: namesIn(of).fresh('y'), node, range: node, ...clockAt(of, node) }
        return remade({ ...of, outputs: [output], checks: [] })
      }),
  )
}

const steps: readonly Step[] = [
  stateAlone,
  fewerOutputs,
  fewerChecks,
  fewerInstances,
  lessState,
  smallerMemories,
  fewerOperations,
  narrowerValues,
]
