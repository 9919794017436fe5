import type { Input, Instance, InstanceOutput, Module, Node, Operation, Range, Register } from '../../src/dsl/ir.ts'
import { seeded } from '../fuzz/random-component.ts'

/**
 * A module with `count` instances of another, wired at random: an input is driven by a port of the top, by a constant, by an
 * output of an earlier instance, or by a register that holds one of any instance. `regular` wires every instance alike, but
 * for a few, as arrays are. The same seed gives the same module.
 */
export const manyInstances = (seed: number, of: Module, count: number, regular: boolean): Module => {
  const random = seeded(seed)
  let nodeCount = 0
  const id = (): number => nodeCount++
  const inputs = of.inputs.map(({ name, min, max }): Input => ({ op: 'in', id: id(), name: `top_${name}`, min, max }))
  const held = of.outputs.flatMap(({ name, range }) =>
    Array.from({ length: count }, (_, k) => ({
      output: name,
      instance: k,
      node: { op: 'reg' as const, id: id(), name: `held_${name}_${k}`, min: range.min, max: range.max },
    })),
  )
  const operations: Operation[] = []
  /** Any value in the bounds of a port: clamped only where it need be. */
  const fitted = (node: Node, { min, max }: Range): Node => {
    if (node.min >= min && node.max <= max) return node
    const clamped: Operation = { op: 'sat', id: id(), args: [node], amount: 0, min, max }
    operations.push(clamped)
    return clamped
  }
  const instances: Instance[] = []
  // Distance to the instance, or the register, that drives a port, where wires are regular.
  const pattern = of.inputs.map(() => ({
    kind: random(4),
    distance: 1 + random(Math.min(20, count)),
    port: random(64),
  }))
  for (let k = 0; k < count; k++) {
    const drivers = new Map<string, Node>()
    of.inputs.forEach((input, at) => {
      const way =
        regular && random(12) > 0 ? pattern[at]! : { kind: random(4), distance: 1 + random(count), port: random(64) }
      const other = k - way.distance
      const port = of.outputs[way.port % of.outputs.length]!.name
      const constant = (): Node => {
        const value = [input.min, input.max, 0n][way.port % 3]!
        const kept = value < input.min || value > input.max ? input.min : value
        return { op: 'const', id: id(), value: kept, min: kept, max: kept }
      }
      const driver =
        way.kind === 0
          ? inputs[at]!
          : way.kind === 1 && other >= 0
            ? instances[other]!.outputs.get(port)!
            : way.kind === 3 && way.port % 4 === 0
              ? constant()
              : held.find(({ output, instance }) => output === port && instance === (other + 2 * count) % count)!.node
      drivers.set(input.name, fitted(driver, input))
    })
    const outputs = new Map(
      of.outputs.map(({ name, range }): [string, InstanceOutput] => [
        name,
        { op: 'out', id: id(), instance: `i_${k}`, port: name, min: range.min, max: range.max },
      ]),
    )
    instances.push({ name: `i_${k}`, of, inputs: drivers, outputs })
  }
  const registers = held.map(
    ({ output, instance, node }): Register => ({
      name: node.name,
      node,
      reset: node.min > 0n ? node.min : node.max < 0n ? node.max : 0n,
      next: instances[instance]!.outputs.get(output)!,
    }),
  )
  const shown = of.outputs.flatMap(({ name, range }) =>
    [0, Math.floor(count / 2), count - 1].map((k) => ({
      name: `${name}_${k}`,
      node: instances[k]!.outputs.get(name)!,
      range,
    })),
  )
  return {
    name: `many_${of.name}`,
    parameters: {},
    inputs,
    outputs: [...new Map(shown.map((output) => [output.name, output])).values()],
    registers,
    wires: [],
    memories: [],
    instances,
    checks: [],
    operations,
    nodeCount,
    warnings: [],
    accepted: [],
  }
}
