import { clockPorts } from '../domains.ts'
import { type Constant, isSigned, type Node, type Operation, type Register, widthOf } from '../ir.ts'
import type { Expressions } from './expression.ts'
import { indent } from './layout.ts'
import type { Marks } from './marks.ts'
import type { Nets } from './nets.ts'

/** The clocked block of the registers of one clock: reset, then what each becomes. */
export const registerBlock = (
  domain: string,
  registers: readonly Register[],
  nets: Nets,
  expressions: Expressions,
  marks: Marks,
): string[] => {
  const { clk, rst } = clockPorts(domain)
  const resets = registers.map(({ node, reset }) => {
    const { min, max, encoding } = node
    const { name } = nets.of(node)!
    const bounds = encoding ? { min, max, encoding } : { min: reset, max: reset }
    const value = expressions.print({ op: 'const', id: -1, ...bounds, value: reset }, widthOf(node), name)
    return `${name} <= ${value};`
  })
  const updates = updateBlock(
    registers.map((register) => ({ register, name: nets.of(register.node)!.name, next: register.next })),
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
  readonly name: string
  readonly next: Node
}

/** Deeper chains of choices are printed as an expression. */
const deepest = 4

/** One statement, line by line. */
type Statement = readonly string[]

/**
 * What registers become: those that share a condition in one `if`, wherever they stand, so that one more between them splits
 * nothing; nothing for a register that holds.
 */
const updateBlock = (
  updates: readonly Update[],
  expressions: Expressions,
  marks: Marks,
  depth: number,
): Statement[] => {
  const statements: Statement[] = []
  const byTest = grouped(updates, ({ next }) => (next.op === 'mux' ? next.args[0] : undefined))
  const bySubject = grouped(updates, ({ next }) => comparedIn(next)?.subject)
  const done = new Set<Update>()
  const open = (group: readonly Update[]): readonly Update[] => group.filter((update) => !done.has(update))
  for (const first of updates) {
    const { register, name, next } = first
    if (done.has(first) || next === register.node) continue
    const test = next.op === 'mux' && depth < deepest ? next.args[0]! : undefined
    const subject = test && comparedIn(next)?.subject
    const compared = subject ? open(bySubject.get(subject)!) : []
    const cases = subject && caseStatement(subject, compared, expressions, marks, depth)
    if (cases) {
      statements.push(cases)
      for (const update of compared) done.add(update)
      continue
    }
    const together = test ? open(byTest.get(test)!) : [first]
    for (const update of together) done.add(update)
    if (!test || (together.length === 1 && !choosesToHold(next, register.node))) {
      const value = expressions.print(next, widthOf(register.node), name)
      statements.push([marks.on(`${name} <= ${value};`, { kind: 'register', name, declares: false })])
      continue
    }
    const condition = expressions.print(test, 1, `${name}_enable`)
    const arm = (which: 1 | 2): Statement[] =>
      updateBlock(
        together.map((update) => ({ ...update, next: (update.next as Operation).args[which]! })),
        expressions,
        marks,
        depth + 1,
      )
    statements.push(choice(condition, arm(1), arm(2)))
  }
  return statements
}

/** Fewer ways read better as `if`. */
const fewestCases = 3

/** A `case` for registers that choose by comparing one value with constants, if there are enough of these. */
const caseStatement = (
  subject: Node,
  updates: readonly Update[],
  expressions: Expressions,
  marks: Marks,
  depth: number,
): Statement | undefined => {
  const ways = updates.map(({ register, name, next }) => ({ register, name, ...waysOf(subject, next) }))
  const labels = new Map(
    ways.flatMap(({ arms }) => [...arms.values()].map(({ label }) => [label.value, label] as const)),
  )
  const others = ways.some(({ rest, register }) => rest !== register.node) ? 1 : 0
  if (labels.size + others < fewestCases) return undefined
  const bodyOf = (nodeIn: (way: (typeof ways)[number]) => Node): Statement[] =>
    updateBlock(
      ways.map((way) => ({ register: way.register, name: way.name, next: nodeIn(way) })),
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
  const head = `case (${expressions.print(subject, width, `${updates[0]!.name}_case`)})`
  return [head, indent([...arms, caseArm(`default${soleOther(subject, labels)}:`, rest)].flat().join('\n')), 'endcase']
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

/** Those with the same key, in their order; those without are left out. */
const grouped = (updates: readonly Update[], keyOf: (update: Update) => Node | undefined) => {
  const groups = new Map<Node, Update[]>()
  for (const update of updates) {
    const key = keyOf(update)
    const group = key && groups.get(key)
    if (group) group.push(update)
    else if (key) groups.set(key, [update])
  }
  return groups as ReadonlyMap<Node, readonly Update[]>
}

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
