import type { Module } from '../ir.ts'
import type { PrintOptions } from './options.ts'
import { printedModules } from './print.ts'

/**
 * What lies beside a printed file as `.map.json`: for every name its lines in the Verilog and the line of TypeScript it was
 * made by. Hierarchical names are not listed, `at...` makes them from the instances: an array has thousands.
 */
export interface VerilogMap {
  readonly version: 1
  /** Name of the Verilog file. */
  readonly file: string
  readonly top: string
  readonly modules: Readonly<Record<string, MappedModule>>
}

export interface MappedModule {
  /** First and last line in the file, counted from 1. */
  readonly lines: readonly [number, number]
  /** Module of each instance, by the instance's name. */
  readonly instances: Readonly<Record<string, string>>
  readonly names: readonly MappedName[]
}

export interface MappedName {
  readonly name: string
  readonly kind: 'input' | 'output' | 'register' | 'wire' | 'instance' | 'operation'
  /** Lines that declare it or assign to it. */
  readonly lines: readonly number[]
  /** `src/pe/mac.ts:24`, inside the package it belongs to. */
  readonly source?: string
}

/** One place seen from all three sides. */
export interface MappedPlace extends MappedName {
  readonly module: string
  /** Hierarchical names, `pe_0_1.accumulator`, at most `mostPaths`. */
  readonly paths: readonly string[]
}

/** Hierarchical names given for one place; ours. */
const mostPaths = 100

/** The Verilog of a design and its map; `head` is text that stands above the modules, with a line's end. */
export const printWithMap = (
  top: Module,
  file: string,
  { head = '', ...options }: Partial<PrintOptions> & { readonly head?: string } = {},
): { readonly verilog: string; readonly map: VerilogMap } => {
  const printed = printedModules(top, options)
  const modules: Record<string, MappedModule> = {}
  let line = head.split('\n').length
  for (const { module, text, marked } of printed) {
    const length = text.split('\n').length
    const names = new Map<string, { kind: MappedName['kind']; lines: Set<number>; source: string | undefined }>()
    for (const { line: within, mark } of marked) {
      const known = names.get(mark.name)
      if (known) known.lines.add(line + within - 1)
      else names.set(mark.name, { kind: mark.kind, lines: new Set([line + within - 1]), source: mark.source?.() })
    }
    modules[module.name] = {
      lines: [line, line + length - 2],
      instances: Object.fromEntries(module.instances.map(({ name, of }) => [name, of.name])),
      names: [...names].map(([name, { kind, lines, source }]) => ({
        name,
        kind,
        lines: [...lines],
        ...(source === undefined ? {} : { source }),
      })),
    }
    line += length
  }
  return {
    verilog: head + printed.map(({ text }) => text).join('\n'),
    map: { version: 1, file, top: top.name, modules },
  }
}

/** What a line of the Verilog is about: the name it declares or assigns, else nothing. */
export const atVerilogLine = (map: VerilogMap, line: number): readonly MappedPlace[] =>
  placesWhere(map, (name) => name.lines.includes(line))

/** What a line of TypeScript, `src/pe/mac.ts:24`, has become. */
export const atSourceLine = (map: VerilogMap, source: string): readonly MappedPlace[] =>
  placesWhere(map, (name) => name.source === source)

/** What a hierarchical name, `pe_0_1.accumulator`, stands for; undefined where there is nothing of that name. */
export const atName = (map: VerilogMap, path: string): MappedPlace | undefined => {
  const steps = path.split('.')
  const last = steps.pop()!
  let module: string | undefined = map.top
  for (const step of steps) module = module === undefined ? undefined : map.modules[module]?.instances[step]
  const found = module === undefined ? undefined : map.modules[module]?.names.find(({ name }) => name === last)
  return found && module !== undefined ? { ...found, module, paths: [path] } : undefined
}

const placesWhere = (map: VerilogMap, wanted: (name: MappedName) => boolean): readonly MappedPlace[] =>
  Object.entries(map.modules).flatMap(([module, { names }]) => {
    const found = names.filter(wanted)
    if (found.length === 0) return []
    const prefixes = instancesOf(map, module)
    return found.map((name) => ({ ...name, module, paths: prefixes.map((prefix) => prefix + name.name) }))
  })

/** Paths of a module's instances, each with a point behind it; the top's is empty. */
const instancesOf = (map: VerilogMap, wanted: string): readonly string[] => {
  const leadsTo = new Map<string, boolean>()
  const leads = (module: string): boolean => {
    const known = leadsTo.get(module)
    if (known !== undefined) return known
    const found = module === wanted || Object.values(map.modules[module]?.instances ?? {}).some(leads)
    leadsTo.set(module, found)
    return found
  }
  const paths: string[] = []
  const visit = (module: string, prefix: string): void => {
    if (paths.length >= mostPaths || !leads(module)) return
    if (module === wanted) paths.push(prefix)
    for (const [name, of] of Object.entries(map.modules[module]!.instances)) visit(of, `${prefix}${name}.`)
  }
  visit(map.top, '')
  return paths
}
