import { type Constant, isSigned, type Module, type Node, type Operation, type Register, widthOf } from '../ir.ts'
import { Expressions, isAlias } from './expression.ts'
import { Nets, typeOf } from './nets.ts'

/** True where the module, or a child, has registers or checks, and so a `clk` and a `rst` port. */
export const isClocked = (module: Module): boolean =>
  module.registers.length > 0 || module.checks.length > 0 || module.instances.some((instance) => isClocked(instance.of))

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
    ...module.registers.map((register) => `reg ${typeOf(register.node)}${register.name};`),
    ...module.instances
      .flatMap((instance) => [...instance.outputs.values()])
      .filter((node) => !wireNames.has(nets.of(node)!.name))
      .map((node) => `wire ${typeOf(node)}${nets.of(node)!.name};`),
  ]
  for (const instance of module.instances) {
    const clock = isClocked(instance.of) ? ['.clk(clk)', '.rst(rst)'] : []
    const inputs = [...instance.inputs].map(([port, driver]) => {
      const width = widthOf(instance.of.inputs.find((input) => input.name === port)!)
      return `.${port}(${expressions.print(driver, width, `${instance.name}_${port}`)})`
    })
    const outputs = [...instance.outputs].map(([port, node]) => `.${port}(${nets.of(node)!.name})`)
    instances.push(
      `${instance.of.name} ${instance.name} (`,
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
  const registers = module.registers.length > 0 ? registerBlock(module.registers, expressions) : []
  if (module.checks.length > 0) {
    temporaries = checks
    const promises = checkBlock(module, uses, expressions)
    checks.unshift('`ifndef SYNTHESIS')
    checks.push(...promises, '`endif')
  }

  const clock = isClocked(module) ? ['input wire clk', 'input wire rst'] : []
  const ports = [
    ...clock,
    ...module.inputs.map((node) => `input wire ${typeOf(node)}${node.name}`),
    ...module.outputs.map(({ name, range }) => `output wire ${typeOf(range)}${name}`),
  ]
  const unread = nets.unread()
  const unused = unread.length > 0 ? [`wire unused = &{1'b0, ${unread.join(', ')}};`] : []
  const body = [nets.valueDeclarations(), declarations, drivers, instances, logic, registers, checks, unused]
    .filter((lines) => lines.length > 0)
    .map((lines) => indent(lines.join('\n')))
  return [`module ${module.name} (`, indent(ports.join(',\n')), ');', body.join('\n\n'), 'endmodule', ''].join('\n')
}

const registerBlock = (registers: readonly Register[], expressions: Expressions): string[] => {
  const resets = registers.map(({ name, node, reset }) => {
    const { min, max, encoding } = node
    const bounds = encoding ? { min, max, encoding } : { min: reset, max: reset }
    const value = expressions.print({ op: 'const', id: -1, ...bounds, value: reset }, widthOf(node), name)
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
    const cases = test && caseStatement(updates.slice(k), expressions, depth)
    if (cases) {
      statements.push(cases.statement)
      k += cases.count
      continue
    }
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

/** Fewer ways read better as `if`. */
const fewestCases = 3

/** A `case` for the first updates, as many as choose by comparing one value with constants, if that is what they do. */
const caseStatement = (
  updates: readonly Update[],
  expressions: Expressions,
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
const checkBlock = (module: Module, uses: ReadonlyMap<Node, number>, expressions: Expressions): string[] => {
  const lines = module.checks.map(({ holds, message }, index) => {
    const text = message.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replace(/\s+/g, ' ')
    const broken = expressions.print(opposite(holds, uses), 1, `check_${index}`)
    return `if (!rst && ${/^!?[\w[\]]+$/.test(broken) ? broken : `(${broken})`}) $error("%m: ${text}");`
  })
  return ['always @(posedge clk) begin', indent(lines.join('\n')), 'end']
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
