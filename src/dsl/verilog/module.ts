import { clockPorts, clockPortsOf, domainsOf, mainDomain, parentDomain } from '../domains.ts'
import {
  type Constant,
  type Instance,
  isSigned,
  type Module,
  type Node,
  type Operation,
  type Register,
  type Source,
  type Wire,
  widthOf,
} from '../ir.ts'
import { Expressions } from './expression.ts'
import { type MarkedLine, Marks } from './marks.ts'
import { lookupAssignments, memoryBlocks, memoryDeclarations } from './memory.ts'
import { Nets, readBits, typeOf } from './nets.ts'
import type { PrintOptions } from './options.ts'
import { type Prepared, prepare, registersByUse } from './prepare.ts'

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
  const nets = new Nets(module)
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

  const wireNames = new Set(module.wires.map((wire) => wire.name))
  const declared = (kind: 'wire' | 'register', type: 'wire' | 'reg', thing: Wire | Register): string => {
    const { node, name, source } = thing
    // Tools keep the flip-flops of a synchroniser side by side.
    const attribute = 'synchroniser' in thing && thing.synchroniser ? '(* ASYNC_REG = "TRUE" *) ' : ''
    return marks.on(`${attribute}${type} ${typeOf(node)}${name};`, { kind, name, declares: true, ...at(source) })
  }
  // An output that is a wire of its own name is that wire's net.
  const shared = new Set(module.outputs.filter(({ name, node }) => node.op === 'wire' && node.name === name))
  const sharedNames = new Set([...shared].map(({ name }) => name))
  for (const { node } of shared) readBits(nets.of(node)!, widthOf(node) - 1, 0)
  const { used, checking } = registersByUse(module)
  const declarations = [
    ...module.wires.filter(({ name }) => !sharedNames.has(name)).map((wire) => declared('wire', 'wire', wire)),
    ...used.map((register) => declared('register', 'reg', register)),
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
  for (const { name, node, driver } of module.wires)
    if (nets.of(driver)?.name !== name) {
      const value = expressions.print(driver, widthOf(node), name)
      logic.push(marks.on(`assign ${name} = ${value};`, { kind: 'wire', name, declares: false }))
    }
  for (const memory of module.memories) logic.push(...lookupAssignments(memory, expressions))
  for (const { name, node, range } of module.outputs.filter((each) => !shared.has(each))) {
    const value = expressions.print(node, widthOf(range), name)
    logic.push(marks.on(`assign ${name} = ${value};`, { kind: 'output', name, declares: false }))
  }
  const registers = byClock(used, ({ node }) => node.clock).flatMap(([domain, group], k) => [
    ...(k > 0 ? [''] : []),
    ...registerBlock(domain, group, expressions, marks),
  ])
  const memories = module.memories.flatMap((memory) => memoryBlocks(memory, nets, expressions))
  if (module.checks.length > 0) {
    temporaries = checks
    const observing = byClock(checking, ({ node }) => node.clock).flatMap(([domain, group]) =>
      registerBlock(domain, group, expressions, marks),
    )
    const promises = [...observing, ...checkBlock(broken, expressions, options)]
    checks.unshift('`ifndef SYNTHESIS', ...checking.map((register) => declared('register', 'reg', register)))
    checks.push(...promises, '`endif')
  }

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
    ...module.outputs.map(({ name, range, source }) =>
      marks.on(`output wire ${typeOf(range)}${name}`, { kind: 'output', name, declares: true, ...at(source) }),
    ),
  ]
  const unread = options.verilatorUnusedSignal ? [...idleResets(module), ...nets.unread()] : []
  const unused = unread.length > 0 ? [`wire unused = &{1'b0, ${unread.join(', ')}};`] : []
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

const byClock = <T>(things: readonly T[], clockOf: (thing: T) => string | undefined): [string, T[]][] => {
  const groups = new Map<string, T[]>()
  for (const thing of things) {
    const domain = clockOf(thing) ?? mainDomain
    const group = groups.get(domain)
    if (group) group.push(thing)
    else groups.set(domain, [thing])
  }
  return [...groups]
}

/** Resets of clocks that move nothing here but black boxes without a reset. */
const idleResets = (module: Module): string[] => {
  const used = new Set([
    ...module.registers.map(({ node }) => node.clock ?? mainDomain),
    ...module.checks.map(({ clock }) => clock ?? mainDomain),
    ...(module.memories.some(({ reads, writes }) => reads.length + writes.length > 0) ? [mainDomain] : []),
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

const registerBlock = (
  domain: string,
  registers: readonly Register[],
  expressions: Expressions,
  marks: Marks,
): string[] => {
  const { clk, rst } = clockPorts(domain)
  const resets = registers.map(({ name, node, reset }) => {
    const { min, max, encoding } = node
    const bounds = encoding ? { min, max, encoding } : { min: reset, max: reset }
    const value = expressions.print({ op: 'const', id: -1, ...bounds, value: reset }, widthOf(node), name)
    return `${name} <= ${value};`
  })
  const updates = updateBlock(
    registers.map((register) => ({ register, next: register.next })),
    expressions,
    marks,
    0,
  )
  return [
    `always @(posedge ${clk}) begin`,
    `  if (${rst}) begin`,
    indent(resets.join('\n'), 4),
    '  end else begin',
    indent(updates.flat().join('\n'), 4),
    '  end',
    'end',
  ]
}

interface Update {
  readonly register: Register
  readonly next: Node
}

/** Deeper chains of choices are printed as an expression. */
const deepest = 4

/** One statement, line by line. */
type Statement = readonly string[]

/** What registers become: neighbours that share a condition in one `if`, nothing for a register that holds. */
const updateBlock = (
  updates: readonly Update[],
  expressions: Expressions,
  marks: Marks,
  depth: number,
): Statement[] => {
  const statements: Statement[] = []
  for (let k = 0; k < updates.length; ) {
    const { register, next } = updates[k]!
    if (next === register.node) {
      k++
      continue
    }
    const test = next.op === 'mux' && depth < deepest ? next.args[0]! : undefined
    const cases = test && caseStatement(updates.slice(k), expressions, marks, depth)
    if (cases) {
      statements.push(cases.statement)
      k += cases.count
      continue
    }
    let end = k + 1
    while (test && end < updates.length && choiceOn(test, updates[end]!.next)) end++
    if (!test || (end === k + 1 && !choosesToHold(next, register.node))) {
      const { name, node } = register
      const value = expressions.print(next, widthOf(node), name)
      statements.push([marks.on(`${name} <= ${value};`, { kind: 'register', name, declares: false })])
      k++
      continue
    }
    const condition = expressions.print(test, 1, `${register.name}_enable`)
    const arm = (which: 1 | 2): Statement[] =>
      updateBlock(
        updates
          .slice(k, end)
          .map((update) => ({ register: update.register, next: (update.next as Operation).args[which]! })),
        expressions,
        marks,
        depth + 1,
      )
    statements.push(choice(condition, arm(1), arm(2)))
    k = end
  }
  return statements
}

/** Fewer ways read better as `if`. */
const fewestCases = 3

/** A `case` for the first updates, as many as choose by comparing one value with constants, if that is what they do. */
const caseStatement = (
  updates: readonly Update[],
  expressions: Expressions,
  marks: Marks,
  depth: number,
): { readonly statement: Statement; readonly count: number } | undefined => {
  const subject = comparedIn(updates[0]!.next)?.subject
  if (!subject) return undefined
  const other = updates.findIndex(({ next }) => comparedIn(next)?.subject !== subject)
  const count = other < 0 ? updates.length : other
  const ways = updates.slice(0, count).map(({ register, next }) => ({ register, ...waysOf(subject, next) }))
  const labels = new Map(
    ways.flatMap(({ arms }) => [...arms.values()].map(({ label }) => [label.value, label] as const)),
  )
  const others = ways.some(({ rest, register }) => rest !== register.node) ? 1 : 0
  if (labels.size + others < fewestCases) return undefined
  const bodyOf = (nodeIn: (way: (typeof ways)[number]) => Node): Statement[] =>
    updateBlock(
      ways.map((way) => ({ register: way.register, next: nodeIn(way) })),
      expressions,
      marks,
      depth + 1,
    )
  // Where every value has a label, the last one stands under `default`.
  const last = BigInt(labels.size) > subject.max ? labels.get(subject.max) : undefined
  if (last) labels.delete(last.value)
  const rest = bodyOf((way) => (last && way.arms.get(last.value)?.node) ?? way.rest)
  const width = widthOf(subject)
  // Where the other values hold everything, so does a label without statements.
  const arms = [...labels.values()]
    .sort((a, b) => (a.value < b.value ? -1 : 1))
    .map((label) => [label, bodyOf((way) => way.arms.get(label.value)?.node ?? way.rest)] as const)
    .filter(([, body]) => body.length + rest.length > 0)
    .map(([label, body]) => caseArm(`${expressions.print(label, width, '')}:`, body))
  const head = `case (${expressions.print(subject, width, `${updates[0]!.register.name}_case`)})`
  return {
    statement: [
      head,
      indent([...arms, caseArm(`default${soleOther(subject, labels)}:`, rest)].flat().join('\n')),
      'endcase',
    ],
    count,
  }
}

/** The name that `default` stands for, where it is one name alone. */
const soleOther = ({ encoding }: Node, labels: ReadonlyMap<bigint, unknown>): string => {
  const others = encoding?.values.filter((_, code) => !labels.has(BigInt(code))) ?? []
  return others.length === 1 ? ` /* ${others[0]} */` : ''
}

const caseArm = (label: string, body: readonly Statement[]): Statement => {
  if (body.length === 0) return [`${label} ;`]
  return body.length === 1 && !isChoice(body[0]!)
    ? [`${label} ${body[0]![0]}`]
    : [`${label} begin`, indent(body.flat().join('\n')), 'end']
}

/** What a choice compares with a constant that the value's own width can write. */
const comparedIn = (node: Node): { readonly subject: Node; readonly label: Constant } | undefined => {
  const test = node.op === 'mux' ? node.args[0]! : node
  if (node.op !== 'mux' || test.op !== 'eq') return undefined
  const [a, b] = test.args as [Node, Node]
  const [subject, label] = b.op === 'const' ? [a, b] : [b, a]
  if (label.op !== 'const' || isSigned(subject) || label.value < 0n || label.value > subject.max) return undefined
  return { subject, label }
}

/** What a chain of such choices comes to for each constant, the first where one comes twice, and for the others. */
const waysOf = (subject: Node, node: Node) => {
  const arms = new Map<bigint, { readonly label: Constant; readonly node: Node }>()
  let rest = node
  for (let found = comparedIn(rest); found?.subject === subject; found = comparedIn(rest)) {
    const [, then, otherwise] = (rest as Operation).args as [Node, Node, Node]
    if (!arms.has(found.label.value)) arms.set(found.label.value, { label: found.label, node: then })
    rest = otherwise
  }
  return { arms, rest }
}

const choiceOn = (test: Node, node: Node): boolean => node.op === 'mux' && node.args[0] === test

/** True where some way through the choices leaves the register as it is: then `if` says it best. */
const choosesToHold = (node: Node, register: Node): boolean =>
  node === register || (node.op === 'mux' && node.args.slice(1).some((arm) => choosesToHold(arm, register)))

const choice = (condition: string, whenTrue: readonly Statement[], whenFalse: readonly Statement[]): Statement => {
  if (whenTrue.length === 0) return arm(`if (!${/^\w+$/.test(condition) ? condition : `(${condition})`})`, whenFalse)
  if (whenFalse.length === 0) return arm(`if (${condition})`, whenTrue)
  const long = whenTrue.length > 1 || isChoice(whenTrue[0]!) || whenFalse.length > 1
  const first = arm(`if (${condition})`, whenTrue, long)
  // `end else ...` on one line.
  const [head, join] = long ? [first.slice(0, -1), 'end else'] : [first, 'else']
  const only = whenFalse.length === 1 ? whenFalse[0]! : undefined
  if (only && isChoice(only)) return [...head, `${join} ${only[0]}`, ...only.slice(1)]
  return [...head, ...arm(join, whenFalse, long)]
}

const isChoice = (statement: Statement): boolean => statement.length > 1 || statement[0]!.startsWith('if ')

/** Statements under a head; in `begin` and `end` where asked for, or where an `else` below could be taken for theirs. */
const arm = (head: string, statements: readonly Statement[], block = false): Statement =>
  !block && statements.length === 1 && !isChoice(statements[0]!)
    ? [`${head} ${statements[0]![0]}`]
    : [`${head} begin`, indent(statements.flat().join('\n')), 'end']

/** The designer's promises, for simulation and formal tools only. */
const checkBlock = (broken: Prepared['broken'], expressions: Expressions, { formal }: PrintOptions): string[] => {
  const promises = broken.map(({ node, check }, index) => ({
    test: expressions.print(node, 1, `check_${index}`),
    message: check.message.replace(/\s+/g, ' '),
    clock: check.clock,
    rst: clockPorts(check.clock ?? mainDomain).rst,
  }))
  type Promise = (typeof promises)[number]
  const errorOf = ({ test, message, rst }: Promise): string => {
    const text = message.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')
    return `if (!${rst} && ${isPlain(test) ? test : `(${test})`}) $error("%m: ${text}");`
  }
  const onClocks = (lineOf: (promise: Promise) => string): string[] =>
    byClock(promises, ({ clock }) => clock).flatMap(([domain, group]) => [
      `always @(posedge ${clockPorts(domain).clk}) begin`,
      indent(group.map(lineOf).join('\n')),
      'end',
    ])
  if (!formal) return onClocks(errorOf)
  // Registers start anywhere in formal tools, so time begins with a reset.
  const assertionOf = ({ test, message, rst }: Promise): string =>
    `if (!${rst}) assert (!${isPlain(test) && !test.startsWith('!') ? test : `(${test})`}); // ${message}`
  const resets = byClock(promises, ({ clock }) => clock).map(
    ([domain]) => `initial assume (${clockPorts(domain).rst});`,
  )
  return ['`ifdef FORMAL', ...resets, ...onClocks(assertionOf), '`else', ...onClocks(errorOf), '`endif']
}

const isPlain = (test: string): boolean => /^!?[\w[\]]+$/.test(test)

const indent = (text: string, by = 2): string => text.replace(/^(?=.)/gm, ' '.repeat(by))
