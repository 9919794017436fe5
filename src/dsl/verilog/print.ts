import { HdlError, type Origin, refuse } from '../error.ts'
import type { BlackBox, Module } from '../ir.ts'
import { describe } from '../kind.ts'
import { clockPortNames, type PrintedModule, printModule } from './module.ts'
import { typeOf } from './nets.ts'
import { defaultPrintOptions, type PrintOptions } from './options.ts'

/**
 * Verilog-2001 of a module and everything under it, children first, each module once; the same module, the same bytes.
 * Black boxes are instantiated and not printed.
 */
export const printVerilog = (top: Module, options: Partial<PrintOptions> = {}): string =>
  printedModules(top, options)
    .map(({ text }) => text)
    .join('\n')

/** The text of every module by itself, in the order of the file, where an empty line stands between two. */
export const printedModules = (
  top: Module,
  options: Partial<PrintOptions> = {},
): readonly (PrintedModule & { readonly module: Module })[] => {
  if (!('registers' in top))
    refuse('E-KIND', 'printVerilog', `printVerilog takes a module, got ${describe(top)}; pass the component's .module`)
  return modulesUnder(top, options).map((module) => ({
    module,
    ...printModule(module, { ...defaultPrintOptions, ...options }),
  }))
}

/**
 * The module and all it instantiates but black boxes, children first, as they are printed: with `gates`, unless an option
 * says otherwise, those of a component in place of its logic. Two different modules of one name are an error, as
 * are names that differ in case alone, which some tools and file systems take for one.
 */
export const modulesUnder = (top: Module, options: Pick<Partial<PrintOptions>, 'gates'> = {}): readonly Module[] =>
  everyModule(top, options.gates ?? defaultPrintOptions.gates).filter(({ blackBox }) => !blackBox)

/** The black boxes in a design as it is printed. */
export const blackBoxesUnder = (
  top: Module,
  options: Pick<Partial<PrintOptions>, 'gates'> = {},
): readonly (Module & { readonly blackBox: BlackBox })[] =>
  everyModule(top, options.gates ?? defaultPrintOptions.gates).filter(
    (module): module is Module & { readonly blackBox: BlackBox } => module.blackBox !== undefined,
  )

const everyModule = (top: Module, gates: boolean): readonly Module[] => {
  const byName = new Map<string, { readonly module: Module; readonly place: string }>()
  const seen = new Set<Module>()
  const visit = (described: Module, place: string, origin: Origin | undefined): void => {
    const module = (gates && described.gates) || described
    if (seen.has(module)) return
    const key = module.name.toLowerCase()
    const known = byName.get(key)
    if (known && !(known.module.blackBox && module.blackBox && outside(known.module) === outside(module)))
      throw new HdlError('E-NAME', top.name, clash(known.module, module, `${known.place} and ${place}`), origin)
    for (const { of, name, source } of module.instances) {
      const line = source?.()
      visit(of, `instance '${name}' of ${module.name}${line === undefined ? '' : ` (${line})`}`, source)
    }
    seen.add(module)
    byName.set(key, { module, place })
  }
  visit(top, `the top ${top.name}`, undefined)
  return [...seen]
}

const clash = (known: Module, module: Module, places: string): string => {
  if (known.name !== module.name)
    return `the names of modules '${known.name}' and '${module.name}' differ in case alone, ${places}; rename one of them`
  if (known.blackBox && module.blackBox)
    return `two black boxes are called '${module.name}' and differ in their ports or their Verilog, ${places}; describe it once`
  if (known.blackBox || module.blackBox)
    return `a black box and a component are both called '${module.name}', ${places}; give the component another 'name'`
  return `two different modules are called '${module.name}', ${places}; give one of them a 'name' that tells its parameters`
}

/** What must be equal in two black boxes of one name: they may differ in the values of their parameters alone. */
const outside = (module: Module): string =>
  JSON.stringify([
    module.name,
    Object.keys(module.blackBox!.parameters),
    clockPortNames(module),
    module.inputs.map((node) => [node.name, typeOf(node)]),
    module.outputs.map(({ name, range }) => [name, typeOf(range)]),
    module.blackBox!.verilog,
  ])
