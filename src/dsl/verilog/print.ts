import { HdlError } from '../error.ts'
import type { Module } from '../ir.ts'
import { type PrintedModule, printModule } from './module.ts'
import { defaultPrintOptions, type PrintOptions } from './options.ts'

/** Verilog-2001 of a module and everything under it, children first, each module once; the same module, the same bytes. */
export const printVerilog = (top: Module, options: Partial<PrintOptions> = {}): string =>
  printedModules(top, options)
    .map(({ text }) => text)
    .join('\n')

/** The text of every module by itself, in the order of the file, where an empty line stands between two. */
export const printedModules = (
  top: Module,
  options: Partial<PrintOptions> = {},
): readonly (PrintedModule & { readonly module: Module })[] =>
  modulesUnder(top).map((module) => ({ module, ...printModule(module, { ...defaultPrintOptions, ...options }) }))

/**
 * The module and all it instantiates, children first. Two different modules of one name are an error, as are names that
 * differ in case alone, which some tools and file systems take for one.
 */
export const modulesUnder = (top: Module): readonly Module[] => {
  const byName = new Map<string, Module>()
  const visit = (module: Module): void => {
    const key = module.name.toLowerCase()
    const known = byName.get(key)
    if (known === module) return
    if (known)
      throw new HdlError(
        'E-NAME',
        module.name,
        known.name === module.name
          ? `two different modules are called '${module.name}'; give one of them a 'name' that tells its parameters`
          : `the names of modules '${known.name}' and '${module.name}' differ in case alone; rename one of them`,
      )
    for (const instance of module.instances) visit(instance.of)
    byName.set(key, module)
  }
  visit(top)
  return [...byName.values()]
}
