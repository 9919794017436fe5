import { clockPorts, clockPortsOf, domainsOf, mainDomain, parentDomain, portDomainsOf } from '../domains.ts'
import { type Instance, type Module, type Node, type Register, type Source, type Wire, widthOf } from '../ir.ts'
import { Expressions, mayBeNamedByUse } from './expression.ts'
import { byClock, indent } from './layout.ts'
import { type MarkedLine, Marks } from './marks.ts'
import { lookupAssignments, memoryBlocks, memoryDeclarations } from './memory.ts'
import { Nets, readBits, typeOf } from './nets.ts'
import type { PrintOptions } from './options.ts'
import { prepare, registersByUse } from './prepare.ts'
import { checkBlock } from './promises.ts'
import { registerBlock } from './registers.ts'

export { isClocked } from './prepare.ts'

/** Names of the clock and reset ports, clock by clock. */
export const clockPortNames = (module: Module): readonly string[] =>
  domainsOf(module).flatMap((domain) => {
    const { clk, rst } = clockPortsOf(module, domain)
    return rst === undefined ? [clk] : [clk, rst]
  })

/** A module's text, and which line is about what; lines count from 1 inside the text. */
export interface PrintedModule {
  readonly text: string
  readonly marked: readonly MarkedLine[]
}

/**
 * One module as Verilog-2001 in three steps: `prepare` makes everything printable, `Nets` gives legal names, and here it is
 * printed: nets, instances and what drives them, logic, registers, checks, unused bits.
 */
export const printModule = (module: Module, options: PrintOptions): PrintedModule => {
  const { uses, broken } = prepare(module)
  const nets = new Nets(module, (node) => (uses.get(node) ?? 0) > 1 && mayBeNamedByUse(node))
  const marks = new Marks()
  const drivers: string[] = []
  const instances: string[] = []
  const logic: string[] = []
  const checks: string[] = []
  // Temporaries stand before what reads them; those that only checks read belong inside their `ifndef`.
  let temporaries = drivers
  const expressions = new Expressions(nets, uses, (line, node) => {
    const { name, source } = node
    temporaries.push(name ? marks.on(line, { kind: 'operation', name, declares: true, ...at(source) }) : line)
  })

  /** Bits that nobody reads, gathered so that Verilator does not complain of them. */
  const unusedWire = (name: string, parts: readonly string[]): string[] =>
    options.verilatorUnusedSignal && parts.length > 0 ? [`wire ${name} = &{1'b0, ${parts.join(', ')}};`] : []

  const wireNames = new Set(module.wires.map(({ node }) => nets.of(node)!.name))
  const declared = (kind: 'wire' | 'register', type: 'wire' | 'reg', thing: Wire | Register): string => {
    const { node, source } = thing
    const { name } = nets.of(node)!
    return marks.on(`${attributeOf(thing)}${type} ${typeOf(node)}${name};`, {
      kind,
      name,
      declares: true,
      ...at(source),
    })
  }
  for (const { node } of module.outputs) if (nets.isPort(node)) readBits(nets.of(node)!, widthOf(node) - 1, 0)
  const { used, checking } = registersByUse(module)
  const inside = ({ node }: Wire | Register): boolean => !nets.isPort(node)
  const declarations = [
    ...module.wires.filter(inside).map((wire) => declared('wire', 'wire', wire)),
    ...used.filter(inside).map((register) => declared('register', 'reg', register)),
    ...module.memories.flatMap(memoryDeclarations),
    ...module.instances
      .flatMap((instance) => [...instance.outputs.values()])
      .filter((node) => !wireNames.has(nets.of(node)!.name))
      .map((node) => `wire ${typeOf(node)}${nets.of(node)!.name};`),
  ]
  for (const instance of module.instances) {
    const { name, of, inputs, outputs, source } = instance
    const clock = clockConnections(instance)
    const driven = of.inputs.map((input) => {
      const driver = expressions.print(inputs.get(input.name)!, widthOf(input), `${name}_${input.name}`)
      return `.${input.name}(${driver})`
    })
    const read = [...outputs].map(([port, node]) => `.${port}(${nets.of(node)!.name})`)
    instances.push(
      marks.on(`${of.name} ${parameterValues(of)}${name} (`, { kind: 'instance', name, declares: true, ...at(source) }),
      indent([...clock, ...driven, ...read].join(',\n')),
      ');',
    )
  }
  temporaries = logic
  for (const { node, driver } of module.wires) {
    const { name } = nets.of(node)!
    if (nets.of(driver)?.name !== name || mayBeNamedByUse(driver)) {
      const value = expressions.driver(driver, widthOf(node), name)
      logic.push(marks.on(`assign ${name} = ${value};`, { kind: 'wire', name, declares: false }))
    }
  }
  for (const memory of module.memories) logic.push(...lookupAssignments(memory, expressions))
  for (const { name, node, range } of module.outputs.filter(
    (output) => !nets.isPort(output.node) || output.name !== nets.of(output.node)!.name,
  )) {
    const value = expressions.driver(node, widthOf(range), name)
    logic.push(marks.on(`assign ${name} = ${value};`, { kind: 'output', name, declares: false }))
  }
  const registers = byClock(used, ({ node }) => node.clock).flatMap(([domain, group], k) => [
    ...(k > 0 ? [''] : []),
    ...registerBlock(domain, group, nets, expressions, marks),
  ])
  const memories = module.memories.flatMap((memory) => memoryBlocks(memory, nets, expressions))
  // What only promises need is declared with them, and so are its unread bits.
  const observers = new Set(checking.map(({ node }) => nets.of(node)!))
  const inHardware = new Set([...nets.all()].filter((net) => !observers.has(net)))
  if (module.checks.length > 0) {
    temporaries = checks
    const observing = byClock(checking, ({ node }) => node.clock).flatMap(([domain, group]) =>
      registerBlock(domain, group, nets, expressions, marks),
    )
    const promises = [...observing, ...checkBlock(broken, nets, expressions, options)]
    checks.unshift('`ifndef SYNTHESIS', ...checking.map((register) => declared('register', 'reg', register)))
    const inPromises = [...nets.all()].filter((net) => !inHardware.has(net))
    checks.push(...promises, ...unusedWire(nets.fresh('unused_by_promises'), nets.unread(inPromises)), '`endif')
  }

  const registerOf = new Map<Node, Register>(used.map((register) => [register.node, register]))
  const ports = [
    ...clockPortNames(module).map((name) => `input wire ${name}`),
    ...module.inputs.map((node) =>
      marks.on(`input wire ${typeOf(node)}${node.name}`, {
        kind: 'input',
        name: node.name,
        declares: true,
        ...at(module.outputs[0]?.source),
      }),
    ),
    ...module.outputs.map(({ name, node, range, source }) => {
      const register = nets.of(node)?.name === name ? registerOf.get(node) : undefined
      if (!register)
        return marks.on(`output wire ${typeOf(range)}${name}`, { kind: 'output', name, declares: true, ...at(source) })
      const text = `${attributeOf(register)}output reg ${typeOf(range)}${name}`
      return marks.on(text, { kind: 'register', name, declares: true, ...at(register.source) })
    }),
  ]
  const unused = unusedWire('unused', [...idleResets(module), ...nets.unread(inHardware)])
  const body = [nets.valueDeclarations(), declarations, drivers, instances, logic, registers, memories, checks, unused]
    .filter((lines) => lines.length > 0)
    .map((lines) => indent(lines.join('\n')))
  const text = [`module ${module.name} (`, indent(ports.join(',\n')), ');', body.join('\n\n'), 'endmodule', ''].join(
    '\n',
  )
  // All ports stand in one place of the source, where their component is; behind each of them it would only be noise.
  return marks.takenOut(text, ({ kind, source }) =>
    options.locations && kind !== 'input' && kind !== 'output' ? source?.() : undefined,
  )
}

const at = (source: Source | undefined): { readonly source?: Source } => (source ? { source } : {})

/** Tools keep the flip-flops of a synchroniser side by side. */
const attributeOf = (thing: Wire | Register): string =>
  'synchroniser' in thing && thing.synchroniser ? '(* ASYNC_REG = "TRUE" *) ' : ''

/** Resets of clocks that move nothing here but black boxes without a reset. */
const idleResets = (module: Module): string[] => {
  const used = new Set([
    ...module.registers.map(({ node }) => node.clock ?? mainDomain),
    ...module.checks.flatMap(({ clock = mainDomain, meets = clock }) => [clock, meets]),
    ...module.memories.flatMap(portDomainsOf),
    ...module.instances.flatMap((instance) =>
      domainsOf(instance.of).flatMap((domain) =>
        clockPortsOf(instance.of, domain).rst === undefined ? [] : parentDomain(instance, domain),
      ),
    ),
  ])
  return domainsOf(module).flatMap((domain) => (used.has(domain) ? [] : clockPorts(domain).rst))
}

/** `.clk(pixel_clk)`, `.rst(pixel_rst)` of an instance. */
const clockConnections = (instance: Instance): string[] =>
  domainsOf(instance.of).flatMap((domain) => {
    const inner = clockPortsOf(instance.of, domain)
    const outer = clockPorts(parentDomain(instance, domain))
    const clock = `.${inner.clk}(${outer.clk})`
    return inner.rst === undefined ? [clock] : [clock, `.${inner.rst}(${outer.rst})`]
  })

/** `#(.WIDTH(8)) ` of a black box. */
const parameterValues = ({ blackBox }: Module): string => {
  const values = Object.entries(blackBox?.parameters ?? {}).map(([name, value]) => `.${name}(${value})`)
  return values.length > 0 ? `#(${values.join(', ')}) ` : ''
}
