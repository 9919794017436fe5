import { type Module, type Range, showRange } from '../../dsl/ir.ts'
import { laneType, workType } from './lane-type.ts'

/**
 * Why a design cannot be a vector program, one clause, or undefined where it can: values or intermediate results beyond 64
 * bits, black boxes. Ports only ever narrow what is judged here, so that the answer holds for the inlined design.
 */
export const unsupported = (top: Module): string | undefined => {
  const seen = new Set<Module>()
  const reason = (module: Module): string | undefined => {
    if (seen.has(module)) return undefined
    seen.add(module)
    if (module.blackBox) return `'${module.name}' is a black box`
    const wide = tooWide(module)
    if (wide) return `${wide} in '${module.name}' needs more than 64 bits`
    for (const { of } of module.instances) {
      const inside = reason(of)
      if (inside) return inside
    }
    return undefined
  }
  return reason(top)
}

const tooWide = ({ inputs, outputs, registers, wires, memories, operations }: Module): string | undefined => {
  const held: readonly Range[] = [
    ...inputs,
    ...outputs.map(({ range }) => range),
    ...registers.map(({ node }) => node),
    ...wires.map(({ node }) => node),
    ...memories.map(({ word }) => word),
  ]
  const wide = held.find((range) => laneType(range) === undefined)
  if (wide) return `a value of ${showRange(wide)}`
  for (const node of operations) {
    const type = laneType(node) && workType(node.op, node, node.args)
    if (!type || node.args.some((arg) => laneType(arg) === undefined)) return `'${node.op}'`
  }
  return undefined
}
