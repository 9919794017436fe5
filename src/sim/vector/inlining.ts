import type { Module } from '../../dsl/ir.ts'

/** Lanes that fill a vector of bytes: more instances make it no faster, fewer loops do. */
const fullVector = 16
/** Below this many lanes a module is computed lane by lane in any case. */
const fewLanes = 4
/** Operations and registers of a module with all that is inlined into it, so that a loop stays in the processor's reach. */
const largestBody = 1200

/** Which instances become part of the module they are in, and how many instances each module has in the whole design. */
export interface Inlining {
  readonly modules: readonly Module[]
  inlines(parent: Module, child: Module): boolean
}

/**
 * A module that has many lanes itself takes in what it is made of, so that a cell, its core and its multiplier are one loop
 * that keeps values in registers; so does the top what there is only a few times. Modules come children first.
 */
export const inliningOf = (top: Module): Inlining => {
  const modules: Module[] = []
  /** What a module is made of, and how many of each: an array has thousands of instances of few modules. */
  const parts = new Map<Module, ReadonlyMap<Module, number>>()
  const visit = (module: Module): void => {
    if (parts.has(module)) return
    const counts = new Map<Module, number>()
    for (const { of } of module.instances) counts.set(of, (counts.get(of) ?? 0) + 1)
    parts.set(module, counts)
    for (const of of counts.keys()) visit(of)
    modules.push(module)
  }
  visit(top)
  const lanes = new Map(modules.map((module) => [module, module === top ? 1 : 0]))
  for (const module of [...modules].reverse())
    for (const [of, count] of parts.get(module)!) lanes.set(of, lanes.get(of)! + count * lanes.get(module)!)

  const sizes = new Map<Module, number>()
  const taken = new Map<Module, ReadonlySet<Module>>()
  for (const module of modules) {
    const count = lanes.get(module)!
    const wanted = (of: Module): boolean => {
      const children = lanes.get(of)!
      return count === 1 ? children < fewLanes : count >= fullVector || children < fewLanes * count
    }
    const own = module.operations.length + module.registers.length
    const chosen = [...parts.get(module)!].filter(([of]) => wanted(of))
    const whole = chosen.reduce((sum, [of, times]) => sum + times * sizes.get(of)!, own)
    const fits = count === 1 || whole <= largestBody
    sizes.set(module, fits ? whole : own)
    taken.set(module, new Set(fits ? chosen.map(([of]) => of) : []))
  }
  return { modules, inlines: (parent, child) => taken.get(parent)!.has(child) }
}
