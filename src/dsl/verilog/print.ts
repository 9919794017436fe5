import { HdlError } from '../error.ts'
import type { Module } from '../ir.ts'
import { printModule } from './module.ts'

/** Verilog-2001 of a module and everything under it, children first, each module once; the same module, the same bytes. */
export const printVerilog = (top: Module): string => modulesUnder(top).map(printModule).join('\n')

/** The module and all it instantiates, children first. Two different modules of one name are an error. */
export const modulesUnder = (top: Module): readonly Module[] => {
  const byName = new Map<string, Module>()
  const visit = (module: Module): void => {
    const known = byName.get(module.name)
    if (known === module) return
    if (known)
      throw new HdlError(
        'E-NAME',
        module.name,
        `two different modules are called '${module.name}'; give one of them a 'name' that tells its parameters`,
      )
    for (const instance of module.instances) visit(instance.of)
    byName.set(module.name, module)
  }
  visit(top)
  return [...byName.values()]
}
