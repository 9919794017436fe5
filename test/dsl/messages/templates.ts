import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ESTree, parseSync, Visitor } from 'vite'

/** A sentence as the sources write it; what is computed is a wildcard. */
export interface Template {
  /** `src/dsl/shape.ts: a range runs from ... to ...`. */
  readonly text: string
  readonly pattern: RegExp
}

/** What takes the sentence of a mistake as an argument, as a function, a method or a class. */
const takers = new Set(['error', 'report', 'refuse', 'nothing', 'HdlError'])
/** The word behind which every sentence says what to do. */
const cure = '; '

/**
 * Every message template in a folder: what is written as an argument of those that report mistakes, and any other text that
 * looks like a message, because some are made apart from where they are reported.
 */
export const templatesIn = (folder: string): readonly Template[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .flatMap((name) => templatesOf(join(folder, name)))

const templatesOf = (path: string): readonly Template[] => {
  const found = new Map<string, Template>()
  const note = (parts: readonly string[]): void => {
    const text = `${path}: ${parts.join('...')}`
    const pattern = new RegExp(`^${parts.map(escaped).join('[^]*')}$`)
    found.set(text, { text, pattern })
  }
  /** Literals inside one another: a choice of two sentences is two. */
  const sentencesIn = (node: ESTree.Node): void => {
    if (node.type === 'ConditionalExpression') [node.consequent, node.alternate].forEach(sentencesIn)
    const parts = partsOf(node)
    if (parts && isSentence(parts)) note(parts)
  }
  const calls = ({ callee, arguments: given }: ESTree.CallExpression | ESTree.NewExpression): void => {
    const name =
      callee.type === 'Identifier' ? callee.name : callee.type === 'MemberExpression' ? nameOf(callee.property) : ''
    if (takers.has(name)) given.forEach(sentencesIn)
  }
  const texts = (node: ESTree.Node): void => {
    const parts = partsOf(node)
    // Verilog is full of semicolons; what is said about it is said in print.ts.
    const isPrinted = path.includes('/verilog/') && !path.endsWith('print.ts')
    if (parts && !isPrinted && isSentence(parts) && parts.some((part) => part.includes(cure))) note(parts)
  }
  const { program } = parseSync(path, readFileSync(path, 'utf8'))
  new Visitor({ CallExpression: calls, NewExpression: calls, TemplateLiteral: texts, Literal: texts }).visit(program)
  return [...found.values()]
}

const partsOf = (node: ESTree.Node): readonly string[] | undefined => {
  if (node.type === 'TemplateLiteral') return node.quasis.map(({ value }) => value.cooked ?? value.raw)
  return node.type === 'Literal' && typeof node.value === 'string' ? [node.value] : undefined
}

/** A code such as 'E-RANGE' and a name are none. */
const isSentence = (parts: readonly string[]): boolean => parts.join('x').trim().split(/\s+/).length > 3

const nameOf = (node: ESTree.Node): string => ('name' in node && typeof node.name === 'string' ? node.name : '')

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
