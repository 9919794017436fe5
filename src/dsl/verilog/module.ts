import { type Module, type Node, type Operation, type Register, widthOf } from '../ir.ts'
import { Expressions, isAlias } from './expression.ts'
import { Nets, typeOf } from './nets.ts'

/** True where the module, or a child, has registers or checks, and so a `clk` and a `rst` port. */
export const isClocked = (module: Module): boolean =>
  module.registers.length > 0 || module.checks.length > 0 || module.instances.some((instance) => isClocked(instance.of))

/** One module as Verilog-2001 text. */
export const printModule = (module: Module): string => {
  const nets = new Nets(module)
  const body: string[] = []
  const checkLines: string[] = []
  // Temporaries that only checks read belong inside their `ifndef`.
  let declarations = body
  const expressions = new Expressions(nets, countUses(module), (line) => declarations.push(line))

  const wireNames = new Set(module.wires.map((wire) => wire.name))
  for (const wire of module.wires) body.push(`wire ${typeOf(wire.node)}${wire.name};`)
  for (const register of module.registers) body.push(`reg ${typeOf(register.node)}${register.name};`)
  for (const instance of module.instances)
    for (const node of instance.outputs.values())
      if (!wireNames.has(nets.of(node)!.name)) body.push(`wire ${typeOf(node)}${nets.of(node)!.name};`)

  for (const instance of module.instances) {
    const clock = isClocked(instance.of) ? ['.clk(clk)', '.rst(rst)'] : []
    const inputs = [...instance.inputs].map(([port, driver]) => {
      const width = widthOf(instance.of.inputs.find((input) => input.name === port)!)
      return `.${port}(${expressions.print(driver, width, `${instance.name}_${port}`)})`
    })
    const outputs = [...instance.outputs].map(([port, node]) => `.${port}(${nets.of(node)!.name})`)
    body.push(`${instance.of.name} ${instance.name} (`, indent([...clock, ...inputs, ...outputs].join(',\n')), ');')
  }
  for (const wire of module.wires)
    if (nets.of(wire.driver)?.name !== wire.name)
      body.push(`assign ${wire.name} = ${expressions.print(wire.driver, widthOf(wire.node), wire.name)};`)
  for (const output of module.outputs)
    body.push(`assign ${output.name} = ${expressions.print(output.node, widthOf(output.range), output.name)};`)
  if (module.registers.length > 0) body.push(...registerBlock(module.registers, expressions))
  if (module.checks.length > 0) {
    declarations = checkLines
    const promises = checkBlock(module, expressions)
    body.push('`ifndef SYNTHESIS', ...checkLines, ...promises, '`endif')
  }

  const clock = isClocked(module) ? ['input wire clk', 'input wire rst'] : []
  const ports = [
    ...clock,
    ...module.inputs.map((node) => `input wire ${typeOf(node)}${node.name}`),
    ...module.outputs.map(({ name, range }) => `output wire ${typeOf(range)}${name}`),
  ]
  const unread = nets.unread()
  if (unread.length > 0) body.push(`wire unused = &{1'b0, ${unread.join(', ')}};`)
  return [`module ${module.name} (`, indent(ports.join(',\n')), ');', indent(body.join('\n')), 'endmodule', ''].join(
    '\n',
  )
}

const registerBlock = (registers: readonly Register[], expressions: Expressions): string[] => {
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
    'always @(posedge clk) begin',
    '  if (rst) begin',
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
  const long = [whenTrue, whenFalse].some((statements) => statements.length > 1 || isChoice(statements[0]!))
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
const checkBlock = (module: Module, expressions: Expressions): string[] => {
  const lines = module.checks.map(({ holds, message }, index) => {
    const text = message.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')
    const broken = holds.op === 'not' ? holds.args[0]! : undefined
    const test = expressions.print(broken ?? holds, 1, `check_${index}`)
    return `if (!rst && ${broken ? `(${test})` : `!(${test})`}) $error("%m: ${text}");`
  })
  return ['always @(posedge clk) begin', indent(lines.join('\n')), 'end']
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
