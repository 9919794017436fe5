import { createHash } from 'node:crypto'
import { parseSync } from 'vite'

/** One small change of a source file. */
export interface Mutant {
  /** Path inside the repository. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** Characters that are replaced, from `start` to `end`, and by what. */
  readonly start: number
  readonly end: number
  readonly replacement: string
  /**
   * The same text wherever the line moves: the line, what is found and what is put there, and of several such places of
   * the file the how manieth.
   */
  readonly id: string
}

/** Operators, and methods of signals, that are taken for one another. */
const operators: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '+': '-',
    '-': '+',
    '*': '+',
    '/': '*',
    '**': '*',
    '%': '+',
    '<<': '>>',
    '>>': '<<',
    '<': '<=',
    '<=': '<',
    '>': '>=',
    '>=': '>',
    '===': '!==',
    '!==': '===',
    '&&': '||',
    '||': '&&',
  }),
)
const methods: ReadonlyMap<string, string> = new Map(
  Object.entries({
    add: 'sub',
    sub: 'add',
    and: 'or',
    or: 'and',
    xor: 'or',
    lt: 'le',
    le: 'lt',
    gt: 'ge',
    ge: 'gt',
    eq: 'ne',
    ne: 'eq',
    any: 'all',
    all: 'any',
    shl: 'shr',
    shr: 'shl',
    signed: 'unsigned',
    unsigned: 'signed',
  }),
)

interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}
const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

/** What is left of a type's syntax when the program runs. */
const withValue = ['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression']
/** What says what the program is, and not what it does. */
const silent = ['ImportDeclaration', 'ExportAllDeclaration', 'TemplateElement']

/** Every mutant of a file, in the order of its text. A number gives one above it and, unless it is 0, one below. */
export const mutantsOf = (file: string, text: string): readonly Mutant[] => {
  const { program, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]!.message}`)
  const found: Omit<Mutant, 'file' | 'line' | 'id'>[] = []
  const put = (start: number, end: number, replacement: string): void => {
    found.push({ start, end, replacement })
  }
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item)
    if (!isNode(value) || silent.includes(value.type)) return
    if (value.type.startsWith('TS')) {
      if (withValue.includes(value.type)) visit(value.expression)
      return
    }
    const { left, right, operator } = value as { left?: SyntaxNode; right?: SyntaxNode; operator?: string }
    if (['BinaryExpression', 'LogicalExpression'].includes(value.type) && left && right && operator) {
      const other = operators.get(operator)
      const at = text.indexOf(operator, left.end)
      if (other !== undefined && at < right.start) put(at, at + operator.length, other)
    }
    if (value.type === 'CallExpression') ofCall(value)
    if (value.type === 'Literal') ofLiteral(value)
    for (const [field, inner] of Object.entries(value)) if (field !== 'parent') visit(inner)
  }
  const ofCall = ({ callee, arguments: given }: SyntaxNode): void => {
    const parts = given as readonly SyntaxNode[]
    const { property, object, type, name } = callee as SyntaxNode & { property?: SyntaxNode; object?: SyntaxNode }
    if (type === 'Identifier' && name === 'mux' && parts.length === 3) {
      const [, then, otherwise] = parts
      put(then!.start, otherwise!.end, `${textOf(otherwise!)}, ${textOf(then!)}`)
    }
    if (type !== 'MemberExpression' || property?.type !== 'Identifier') return
    const other = methods.get(String(property.name))
    if (other !== undefined) put(property.start, property.end, other)
    if (property.name === 'not' && parts.length === 0 && object) put(object.end, (callee as SyntaxNode).end + 2, '')
  }
  const ofLiteral = (literal: SyntaxNode): void => {
    const { value, start, end } = literal
    if (typeof value === 'boolean') put(start, end, String(!value))
    if (typeof value !== 'bigint' && (typeof value !== 'number' || !Number.isInteger(value))) return
    const suffix = typeof value === 'bigint' ? 'n' : ''
    const whole = BigInt(value)
    put(start, end, `${whole + 1n}${suffix}`)
    if (whole > 0n) put(start, end, `${whole - 1n}${suffix}`)
  }
  const textOf = ({ start, end }: SyntaxNode): string => text.slice(start, end)
  visit(program)

  const seen = new Map<string, number>()
  return found
    .toSorted((a, b) => a.start - b.start || a.end - b.end)
    .map(({ start, end, replacement }) => {
      const from = text.lastIndexOf('\n', start - 1) + 1
      const to = text.indexOf('\n', start)
      const place = `${text.slice(from, to < 0 ? undefined : to).trim()} | ${short(text.slice(start, end))} -> ${short(replacement)}`
      const count = (seen.get(place) ?? 0) + 1
      seen.set(place, count)
      const line = text.slice(0, start).split('\n').length
      return { file, line, start, end, replacement, id: count === 1 ? place : `${place} (${count})` }
    })
}

const short = (text: string): string => text.replace(/\s+/g, ' ')

/** The text with the mutant in it. */
export const mutated = (text: string, { start, end, replacement }: Mutant): string =>
  text.slice(0, start) + replacement + text.slice(end)

/**
 * One mutant in `every` of a file, at least one. Which ones follows from the seed and each mutant's own id, so that a change
 * elsewhere chooses no others.
 */
export const chosen = (mutants: readonly Mutant[], every: number, seed: number): readonly Mutant[] => {
  const rank = ({ file, id }: Mutant): string => createHash('sha256').update(`${seed} ${file} ${id}`).digest('hex')
  return [...mutants]
    .map((mutant) => ({ mutant, rank: rank(mutant) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, Math.ceil(mutants.length / every))
    .map(({ mutant }) => mutant)
    .sort((a, b) => a.start - b.start)
}
