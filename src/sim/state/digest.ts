import { sha256 } from '../../base/sha256.ts'
import type { Module, Node, Range } from '../../dsl/ir.ts'

/**
 * 64 hexadecimal digits that tell designs apart: the same for the same ports, registers, memories, logic, promises and
 * instances, under the same names. Lines of source and the models of black boxes, which are functions, are not in it.
 */
export const designDigest = (module: Module): string => {
  const known = cache.get(module)
  if (known !== undefined) return known
  const digest = sha256(JSON.stringify(described(module)))
  cache.set(module, digest)
  return digest
}
const cache = new WeakMap<Module, string>()

/** Everything an engine makes of a module, as plain data; a child is its digest. */
const described = (module: Module): unknown => [
  module.name,
  module.inputs.map(node),
  module.outputs.map(({ name, node: { id }, range, clock }) => [name, id, ...bounds(range), clock]),
  module.registers.map(({ node: register, reset, next }) => [node(register), String(reset), next.id]),
  module.wires.map(({ node: wire, driver }) => [node(wire), driver.id]),
  module.memories.map(({ name, depth, word, initial, collide, writes, reads, lookups }) => [
    ...[name, depth, ...bounds(word), initial?.map(String), collide],
    writes.map(({ address, value, enable, clock, lanes }) => [
      ...[address.id, value.id, enable.id, clock],
      lanes?.map(({ id }) => id),
    ]),
    reads.map(({ node: read, address, enable }) => [node(read), address.id, enable.id]),
    lookups.map(node),
  ]),
  module.operations.map(node),
  module.checks.map(({ holds, message, clock, meets }) => [holds.id, message, clock, meets]),
  module.instances.map(({ name, of, inputs, outputs, clocks }) => [
    ...[name, designDigest(of)],
    [...inputs].map(([port, { id }]) => [port, id]),
    [...outputs].map(([port, { id }]) => [port, id]),
    [...(clocks ?? [])],
  ]),
  constantsOf(module),
  module.blackBox && [module.blackBox.parameters, [...module.blackBox.through], module.blackBox.clock],
]

const bounds = ({ min, max }: Range): readonly string[] => [String(min), String(max)]

const node = (of: Node): unknown => [
  ...[of.op, of.id, of.name, ...bounds(of)],
  'args' in of ? of.args.map(({ id }) => id) : [],
  'amount' in of ? of.amount : undefined,
  'clock' in of ? of.clock : undefined,
]

/** Constants, which no list of a module has: those that something reads. */
const constantsOf = ({ registers, outputs, wires, memories, operations, checks, instances }: Module): unknown => {
  const read: readonly Node[] = [
    ...registers.map(({ next }) => next),
    ...outputs.map(({ node }) => node),
    ...wires.map(({ driver }) => driver),
    ...memories.flatMap(({ writes, reads, lookups }) => [
      ...writes.flatMap(({ address, value, enable, lanes = [] }) => [address, value, enable, ...lanes]),
      ...reads.flatMap(({ address, enable }) => [address, enable]),
      ...lookups.flatMap(({ args }) => args),
    ]),
    ...operations.flatMap(({ args }) => args),
    ...checks.map(({ holds }) => holds),
    ...instances.flatMap(({ inputs }) => [...inputs.values()]),
  ]
  const values = new Map(read.flatMap((each) => (each.op === 'const' ? [[each.id, String(each.value)] as const] : [])))
  return [...values]
}
