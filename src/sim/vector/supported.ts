import type { Module } from '../../dsl/ir.ts'

/** Why a design cannot be a vector program, one clause, or undefined where it can: black boxes. */
export const unsupported = (top: Module): string | undefined => {
  const seen = new Set<Module>()
  const reason = (module: Module): string | undefined => {
    if (seen.has(module)) return undefined
    seen.add(module)
    if (module.blackBox) return `'${module.name}' is a black box`
    for (const { of } of module.instances) {
      const inside = reason(of)
      if (inside) return inside
    }
    return undefined
  }
  return reason(top)
}
