import { clockPorts, mainDomain, portDomainsOf } from '../domains.ts'
import { type Memory, type MemoryWrite, type Node, type Operation, widthOf } from '../ir.ts'
import type { Expressions } from './expression.ts'
import { type Nets, typeOf } from './nets.ts'

/** Longest line of initial words. */
const lineWidth = 110

/**
 * The array, what its read ports show, and its lookups. `no_rw_check` frees tools of what the designer promised; Verilator
 * takes two clocks that write one array for a slip unless told otherwise.
 */
export const memoryDeclarations = ({ name, depth, word, collide, reads, writes, lookups }: Memory): string[] => {
  const array = `${collide === 'never' && writes.length > 0 ? '(* no_rw_check *) ' : ''}reg ${typeOf(word)}${name} [0:${depth - 1}];`
  const several = portDomainsOf({ writes, reads: [] }).length > 1
  return [
    ...(several ? ['/* verilator lint_off MULTIDRIVEN */', array, '/* verilator lint_on MULTIDRIVEN */'] : [array]),
    ...reads.map(({ node }) => `reg ${typeOf(node)}${node.name};`),
    ...lookups.map((node) => `wire ${typeOf(node)}${node.name};`),
  ]
}

export const lookupAssignments = ({ name, depth, lookups }: Memory, expressions: Expressions): string[] =>
  lookups.map((node) => `assign ${node.name} = ${name}[${addressText(node.args[0], depth, node.name, expressions)}];`)

/** Contents at the start, then a clocked block for each port: the shape that tools take for block RAM. */
export const memoryBlocks = (memory: Memory, nets: Nets, expressions: Expressions): string[] => {
  const { name, depth, word, collide, reads, writes } = memory
  const blocks: string[][] = []
  const clocked = (clock = mainDomain, enable: Node, port: string, statements: readonly string[]): void => {
    const { clk, rst } = clockPorts(clock)
    const head = `if (${gateText(rst, enable, port, expressions)})`
    const body =
      statements.length === 1 && !statements[0]!.startsWith('if ')
        ? [`  ${head} ${statements[0]}`]
        : [`  ${head} begin`, ...statements.map((statement) => `    ${statement}`), '  end']
    blocks.push([`always @(posedge ${clk}) begin`, ...body, 'end'])
  }
  // Yosys makes registers of an array that is written at constant addresses alone, and warns of it.
  const fixed = writes.every(({ address }) => address.op === 'const')
  writes.map(wholeWhereIdle).forEach((write, k) => {
    const port = writes.length > 1 ? `${name}_write_${k + 1}` : `${name}_write`
    const address = addressText(write.address, depth, port, expressions)
    let at = `${name}[${address}]`
    if (fixed) {
      const net = nets.fresh(`${port}_address`)
      blocks.push([`wire ${typeOf({ min: 0n, max: BigInt(depth - 1) })}${net} = ${address};`])
      at = `${name}[${net}]`
    }
    clocked(write.clock, write.enable, port, assignments(write, at, widthOf(word), port, expressions))
  })
  for (const { node, address, enable } of reads) {
    const word = `${name}[${addressText(address, depth, node.name, expressions)}]`
    const shown = collide === 'new' ? writes.reduce((other, write) => passedOn(write, other), word) : word
    clocked(node.clock, enable, node.name, [`${node.name} <= ${shown};`])

    /** The word that a write puts at this very address, else `other`. */
    function passedOn(write: Memory['writes'][number], other: string): string {
      const meets =
        write.address === address
          ? write.enable
          : operation('and', [write.enable, operation('eq', [write.address, address])])
      const text = expressions.print(meets, 1, `${node.name}_meets`)
      return `${/^\w+$/.test(text) ? text : `(${text})`} ? ${expressions.print(write.value, widthOf(node), `${node.name}_word`)} : ${other}`
    }
  }
  return [...contents(memory, nets, expressions), ...blocks.flat()]
}

/** The word at `at` as a whole, or each part that has an enable of its own: what tools take for write enables of bytes. */
const assignments = (
  { value, lanes }: MemoryWrite,
  at: string,
  width: number,
  port: string,
  expressions: Expressions,
): string[] => {
  if (!lanes) return [`${at} <= ${expressions.print(value, width, `${port}_word`)};`]
  const part = width / lanes.length
  return lanes.flatMap((lane, k) => {
    if (isNever(lane)) return []
    const [low, high] = [k * part, (k + 1) * part - 1]
    const to = part === width ? at : `${at}[${part === 1 ? low : `${high}:${low}`}]`
    const assignment = `${to} <= ${expressions.print(partOf(value, low, part), part, `${port}_word_${k}`)};`
    if (lane.op === 'const') return [assignment]
    return [`if (${expressions.print(lane, 1, `${port}_lane_${k}`)}) ${assignment}`]
  })
}

/** A port that never writes any part is one that never writes the whole, so that its clock is still read. */
const wholeWhereIdle = ({ lanes, ...write }: MemoryWrite): MemoryWrite => {
  if (!lanes) return write
  return lanes.every(isNever) ? { ...write, enable: lanes[0]! } : { ...write, lanes }
}

const isNever = (enable: Node): boolean => enable.op === 'const' && enable.value === 0n

/** `width` bits of a word from bit `low` upwards, without the fields beside them. */
const partOf = (node: Node, low: number, width: number): Node => {
  if (low === 0 && width === widthOf(node)) return node
  if (node.op === 'cat') {
    const [above, below] = node.args as [Node, Node]
    if (low >= node.amount) return partOf(above, low - node.amount, width)
    if (low + width <= node.amount) return partOf(below, low, width)
  }
  const max = (1n << BigInt(width)) - 1n
  return { op: 'slice', id: -1, min: 0n, max, args: [node], amount: low } satisfies Operation
}

/** Words at power-up. Where hardware may start with anything, and for what reads show before the first one: simulation only. */
const contents = (memory: Memory, nets: Nets, expressions: Expressions): string[] => {
  const { name, depth, word, initial, reads } = memory
  const constant = (value: bigint): string =>
    expressions.print({ op: 'const', id: -1, min: value, max: value, value }, widthOf(word), name)
  const words = (initial ?? []).flatMap((value, address) =>
    value === 0n ? [] : [`${name}[${address}] = ${constant(value)};`],
  )
  const zeros = `for (k = 0; k < ${depth}; k = k + 1) ${name}[k] = ${constant(0n)};`
  const block = [
    `initial begin : ${nets.fresh(`${name}_start`)}`,
    ...(words.length < depth ? ['  integer k;', `  ${zeros}`] : []),
    ...filled(words).map((line) => `  ${line}`),
    'end',
  ]
  const shown = reads.map(({ node }) => `initial ${node.name} = ${constant(0n)};`)
  const simulated = [...(initial ? [] : block), ...shown]
  return [...(initial ? block : []), ...(simulated.length > 0 ? ['`ifndef SYNTHESIS', ...simulated, '`endif'] : [])]
}

/** Statements side by side as far as the line goes. */
const filled = (statements: readonly string[]): string[] => {
  const lines: string[] = []
  for (const statement of statements) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + statement.length < lineWidth)
      lines[lines.length - 1] = `${last} ${statement}`
    else lines.push(statement)
  }
  return lines
}

const addressText = (address: Node, depth: number, port: string, expressions: Expressions): string =>
  expressions.printIndex(address, widthOf({ min: 0n, max: BigInt(depth - 1) }), `${port}_address`)

/** Reset leaves memories alone. */
const gateText = (rst: string, enable: Node, port: string, expressions: Expressions): string => {
  if (enable.op === 'const' && enable.value === 1n) return `!${rst}`
  const text = expressions.print(enable, 1, `${port}_enable`)
  return `!${rst} && ${/^!?[\w[\]]+$/.test(text) ? text : `(${text})`}`
}

const operation = (op: 'and' | 'eq', args: readonly Node[]): Node => {
  const [a, b] = args as [Node, Node]
  if (op === 'and' && a.op === 'const' && a.value === 1n) return b
  return { op, id: -1, min: 0n, max: 1n, args, amount: 0 } satisfies Operation
}
