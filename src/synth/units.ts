/** A hierarchy taken apart into what is mapped by itself, and the memories beside it. */
import { type Module, widthOf } from '../dsl/ir.ts'
import { ownLogic } from './own-logic.ts'

/** What is mapped by itself: a module with all that is under it, or what a module has beside its instances and memories. */
export interface Unit {
  /** Instances from the top down, none for the top itself. */
  readonly path: readonly string[]
  readonly module: Module
  /** What is mapped of it: `module`, or its own logic. */
  readonly logic: Module
}

/** A memory, which is not mapped. */
export interface MemoryPlace {
  readonly path: readonly string[]
  readonly name: string
  readonly words: number
  readonly bits: number
}

export interface TakenApart {
  readonly units: readonly Unit[]
  readonly memories: readonly MemoryPlace[]
}

/**
 * Every place of the hierarchy is in exactly one unit. A module is mapped whole where it has gates, or where `whole` says so, and no memory is under it;
 * else its own logic is a unit and its instances are looked at. One module at several places is one `logic`.
 */
export const takeApart = (top: Module, whole: (path: readonly string[]) => boolean): TakenApart => {
  const units: Unit[] = []
  const memories: MemoryPlace[] = []
  const own = new Map<Module, Module>()
  const logicOf = (module: Module): Module => {
    const known = own.get(module) ?? ownLogic(module)
    own.set(module, known)
    return known
  }
  const visit = (module: Module, path: readonly string[]): void => {
    if ((module.gates || whole(path)) && !hasMemory(module)) {
      units.push({ path, module, logic: module })
      return
    }
    units.push({ path, module, logic: logicOf(module) })
    for (const { name, depth, word } of module.memories)
      memories.push({ path, name, words: depth, bits: widthOf(word) })
    for (const { name, of } of module.instances) visit(of, [...path, name])
  }
  visit(top, [])
  return { units, memories }
}

const hasMemory = (module: Module): boolean =>
  module.memories.length > 0 || module.instances.some(({ of }) => hasMemory(of))
