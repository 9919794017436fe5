import { clockPorts, clockPortsOf, domainsOf, mainDomain, parentDomain } from '../domains.ts'
import { type Check, type Instance, type Module, type Node, type Operation, type Register, widthOf } from '../ir.ts'
import { Expressions, isAlias } from './expression.ts'
import { Nets, typeOf } from './nets.ts'

/** True where the module, or a child, has registers or checks, and so a `clk` and a `rst` port. */
export const isClocked = (module: Module): boolean => domainsOf(module).length > 0

/** Names of the clock and reset ports, clock by clock. */
export const clockPortNames = (module: Module): readonly string[] =>
  domainsOf(module).flatMap((domain) => {
    const { clk, rst } = clockPortsOf(module, domain)
    return rst === undefined ? [clk] : [clk, rst]
  })

/** One module as Verilog-2001 text: nets, instances and what drives them, logic, registers, checks, unused bits. */
export const printModule = (module: Module): string => {
  const nets = new Nets(module)
  const drivers: string[] = []
  const instances: string[] = []
  const logic: string[] = []
  const checks: string[] = []
  // Temporaries stand before what reads them; those that only checks read belong inside their `ifndef`.
  let temporaries = drivers
  const uses = countUses(module)
  const expressions = new Expressions(nets, uses, (line) => temporaries.push(line))

  const wireNames = new Set(module.wires.map((wire) => wire.name))
  const declarations = [
    ...module.wires.map((wire) => `wire ${typeOf(wire.node)}${wire.name};`),
    ...module.registers.map(
      ({ name, node, synchroniser }) => `${synchroniser ? '(* ASYNC_REG = "TRUE" *) ' : ''}reg ${typeOf(node)}${name};`,
    ),
    ...module.instances
      .flatMap((instance) => [...instance.outputs.values()])
      .filter((node) => !wireNames.has(nets.of(node)!.name))
      .map((node) => `wire ${typeOf(node)}${nets.of(node)!.name};`),
  ]
  for (const instance of module.instances) {
    const clock = clockConnections(instance)
    const inputs = [...instance.inputs].map(([port, driver]) => {
      const width = widthOf(instance.of.inputs.find((input) => input.name === port)!)
      return `.${port}(${expressions.print(driver, width, `${instance.name}_${port}`)})`
    })
    const outputs = [...instance.outputs].map(([port, node]) => `.${port}(${nets.of(node)!.name})`)
    instances.push(
      `${instance.of.name} ${parameterValues(instance.of)}${instance.name} (`,
      indent([...clock, ...inputs, ...outputs].join(',\n')),
      ');',
    )
  }
  temporaries = logic
  for (const wire of module.wires)
    if (nets.of(wire.driver)?.name !== wire.name)
      logic.push(`assign ${wire.name} = ${expressions.print(wire.driver, widthOf(wire.node), wire.name)};`)
  for (const output of module.outputs)
    logic.push(`assign ${output.name} = ${expressions.print(output.node, widthOf(output.range), output.name)};`)
  const registers = byClock(module.registers, ({ node }) => node.clock).flatMap(([domain, group], k) => [
    ...(k > 0 ? [''] : []),
    ...registerBlock(domain, group, expressions),
  ])
  if (module.checks.length > 0) {
    temporaries = checks
    const promises = checkBlock(module, uses, expressions)
    checks.unshift('`ifndef SYNTHESIS')
    checks.push(...promises, '`endif')
  }

  const ports = [
    ...clockPortNames(module).map((name) => `input wire ${name}`),
    ...module.inputs.map((node) => `input wire ${typeOf(node)}${node.name}`),
    ...module.outputs.map(({ name, range }) => `output wire ${typeOf(range)}${name}`),
  ]
  const unread = [...idleResets(module), ...nets.unread()]
  const unused = unread.length > 0 ? [`wire unused = &{1'b0, ${unread.join(', ')}};`] : []
  const body = [declarations, drivers, instances, logic, registers, checks, unused]
    .filter((lines) => lines.length > 0)
    .map((lines) => indent(lines.join('\n')))
  return [`module ${module.name} (`, indent(ports.join(',\n')), ');', body.join('\n\n'), 'endmodule', ''].join('\n')
}

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

const registerBlock = (domain: string, registers: readonly Register[], expressions: Expressions): string[] => {
  const { clk, rst } = clockPorts(domain)
  const resets = registers.map(({ name, node, reset }) => {
    const value = expressions.print({ op: 'const', id: -1, min: reset, max: reset, value: reset }, widthOf(node), name)
    return `${name} <= ${value};`
  })
  const updates = updateBlock(
    registers.map((register) => ({ register, next: register.next })),
    expressions,
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
const updateBlock = (updates: readonly Update[], expressions: Expressions, depth: number): Statement[] => {
  const statements: Statement[] = []
  for (let k = 0; k < updates.length; ) {
    const { register, next } = updates[k]!
    if (next === register.node) {
      k++
      continue
    }
    const test = next.op === 'mux' && depth < deepest ? next.args[0]! : undefined
    let end = k + 1
    while (test && end < updates.length && choiceOn(test, updates[end]!.next)) end++
    if (!test || (end === k + 1 && !choosesToHold(next, register.node))) {
      statements.push([`${register.name} <= ${expressions.print(next, widthOf(register.node), register.name)};`])
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
        depth + 1,
      )
    statements.push(choice(condition, arm(1), arm(2)))
    k = end
  }
  return statements
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

const isChoice = (statement: Statement): boolean => statement[0]!.startsWith('if ')

/** Statements under a head; in `begin` and `end` where asked for, or where an `else` below could be taken for theirs. */
const arm = (head: string, statements: readonly Statement[], block = false): Statement =>
  !block && statements.length === 1 && !isChoice(statements[0]!)
    ? [`${head} ${statements[0]![0]}`]
    : [`${head} begin`, indent(statements.flat().join('\n')), 'end']

/** The designer's promises, for simulation and formal tools only. */
const checkBlock = (module: Module, uses: ReadonlyMap<Node, number>, expressions: Expressions): string[] => {
  const printed = module.checks.map(({ holds, message, clock }, index) => {
    const text = message.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replace(/\s+/g, ' ')
    const broken = expressions.print(opposite(holds, uses), 1, `check_${index}`)
    const { rst } = clockPorts(clock ?? mainDomain)
    return `if (!${rst} && ${/^!?[\w[\]]+$/.test(broken) ? broken : `(${broken})`}) $error("%m: ${text}");`
  })
  const lineOf = new Map(module.checks.map((check, k) => [check, printed[k]!]))
  return byClock<Check>(module.checks, ({ clock }) => clock).flatMap(([domain, group]) => [
    `always @(posedge ${clockPorts(domain).clk}) begin`,
    indent(group.map((check) => lineOf.get(check)!).join('\n')),
    'end',
  ])
}

/** `!node`, with the `!` drawn inwards over what nobody else reads. */
const opposite = (node: Node, uses: ReadonlyMap<Node, number>): Node => {
  if (node.op === 'not') return node.args[0]!
  const made = (op: 'and' | 'not', args: readonly Node[]): Operation => ({
    op,
    id: -1,
    min: 0n,
    max: 1n,
    args,
    amount: 0,
  })
  if (node.op === 'or' && (uses.get(node) ?? 0) <= 1)
    return made(
      'and',
      node.args.map((arg) => opposite(arg, uses)),
    )
  return made('not', [node])
}

/** How often each operation is read; registers, ports and instances read their drivers. */
const countUses = (module: Module): ReadonlyMap<Node, number> => {
  const uses = new Map<Node, number>()
  const work: Node[] = [
    ...module.outputs.map((output) => output.node),
    ...module.registers.map((register) => register.next),
    ...module.wires.map((wire) => wire.driver),
    ...module.checks.map((check) => check.holds),
    ...module.instances.flatMap((instance) => [...instance.inputs.values()]),
  ]
  for (let node = work.pop(); node; node = work.pop()) {
    if (node.op === 'wrap' && isAlias(node)) {
      work.push(node.args[0]!)
      continue
    }
    const before = uses.get(node) ?? 0
    uses.set(node, before + 1)
    if (before === 0 && 'args' in node) work.push(...node.args)
  }
  return uses
}

const indent = (text: string, by = 2): string => text.replace(/^(?=.)/gm, ' '.repeat(by))
