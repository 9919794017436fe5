/**
 * The text of a Liberty file as a tree of groups and attributes; what they mean is read elsewhere. A hand-written scanner,
 * since real files hold millions of numbers. It takes what tools write beside the grammar of the Liberty Reference Manual: an
 * attribute that ends at the end of its line without `;` (ASAP7), `//` comments, and a `;` behind a group.
 */
import { UserError } from '../../base/user-error.ts'

export interface Attribute {
  readonly name: string
  /** One value of `name : value;`, all of `name (a, b);`; quotes are gone. */
  readonly values: readonly string[]
  readonly line: number
}

export interface Group {
  /** What it is, e.g. `cell`. */
  readonly kind: string
  /** In its parentheses, e.g. the cell's name. */
  readonly names: readonly string[]
  readonly attributes: readonly Attribute[]
  readonly groups: readonly Group[]
  readonly line: number
}

/** Groups inside one another; Liberty itself has fewer than ten. */
const deepest = 32
/** Longest piece of the file that a message quotes. */
const quoted = 30

/** A mistake in a Liberty file, with its line. */
export const libertyError = (file: string, line: number, what: string): UserError =>
  new UserError('E-LIBERTY', `${file}, line ${line}: ${what}`)

const code = (character: string): number => character.charCodeAt(0)
const [tab, newline, carriage, space, quote, star, slash, backslash] = [9, 10, 13, 32, 34, 42, 47, 92]
const [open, close, comma, colon, semicolon, curly, uncurly] = ['(', ')', ',', ':', ';', '{', '}'].map(code) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
]

/** Ends a bare word: white space and punctuation. */
const endsWord = new Uint8Array(256)
for (const at of [tab, newline, carriage, space, quote, open, close, comma, colon, semicolon, curly, uncurly])
  endsWord[at] = 1

/** Reads the one group a file holds; `file` is for messages. A `UserError` says the line of what is wrong. */
export const readGroups = (text: string, file: string): Group => {
  const end = text.length
  let at = 0
  let line = 1

  const fail = (what: string): never => {
    throw libertyError(file, line, what)
  }
  const here = (): string => {
    if (at >= end) return 'the file ends'
    const rest = text.slice(at, at + quoted).split('\n')[0]!
    return `${JSON.stringify(rest)} stands`
  }

  /** Moves over white space and comments; says whether a line ended on the way. */
  const skip = (): boolean => {
    const first = line
    for (; at < end; at++) {
      const c = text.charCodeAt(at)
      if (c === newline) line++
      else if (c === backslash) {
        const next = text.charCodeAt(at + 1)
        if (next !== newline && next !== carriage && next !== space && next !== tab) break
      } else if (c === slash && text.charCodeAt(at + 1) === star) {
        const stop = text.indexOf('*/', at + 2)
        if (stop < 0) fail('a comment is never closed; end it with */')
        for (let k = text.indexOf('\n', at); k >= 0 && k < stop; k = text.indexOf('\n', k + 1)) line++
        at = stop + 1
      } else if (c === slash && text.charCodeAt(at + 1) === slash) {
        const stop = text.indexOf('\n', at)
        at = (stop < 0 ? end : stop) - 1
      } else if (c !== space && c !== tab && c !== carriage) break
    }
    return line !== first
  }

  const readString = (): string => {
    const begun = line
    const from = ++at
    let plain = true
    for (; at < end; at++) {
      const c = text.charCodeAt(at)
      if (c === quote) break
      if (c === newline) line++
      if (c === backslash) {
        plain = false
        if (text.charCodeAt(at + 1) === quote) at++
      }
    }
    if (at >= end) throw libertyError(file, begun, 'a string is never closed; end it with "')
    const content = text.slice(from, at++)
    return plain ? content : content.replace(/\\(\r?\n|")/g, (_, of) => (of === '"' ? '"' : ' '))
  }

  /** In parentheses a word may hold a colon, as `A[7:0]` does. */
  const readWord = (withColon = false): string => {
    const from = at
    while (at < end) {
      const c = text.charCodeAt(at)
      if (c < 256 && endsWord[c] === 1 && !(withColon && c === colon)) break
      if (c === backslash || (c === slash && text.charCodeAt(at + 1) === star)) break
      at++
    }
    return text.slice(from, at)
  }

  /** The value behind `:`, up to `;`, the end of the line or of the group. */
  const readValue = (): string => {
    skip()
    if (text.charCodeAt(at) === quote) return readString()
    const from = at
    while (at < end) {
      const c = text.charCodeAt(at)
      if (c === semicolon || c === newline || c === uncurly) break
      if (c === slash && (text.charCodeAt(at + 1) === star || text.charCodeAt(at + 1) === slash)) break
      at++
    }
    return text.slice(from, at).trim()
  }

  const readArguments = (): string[] => {
    const list: string[] = []
    at++
    for (;;) {
      skip()
      const c = text.charCodeAt(at)
      if (at >= end) fail('a parenthesis is never closed; end it with )')
      if (c === close) break
      if (c === comma) at++
      else if (c === quote) list.push(readString())
      else {
        const word = readWord(true)
        if (word === '') fail(`${here()} where values in parentheses belong`)
        list.push(word)
      }
    }
    at++
    return list
  }

  const readBody = (kind: string, names: readonly string[], begun: number, depth: number): Group => {
    const attributes: Attribute[] = []
    const groups: Group[] = []
    at++
    for (;;) {
      skip()
      if (at >= end) throw libertyError(file, begun, `group ${kind} is never closed; the file may be cut off`)
      const c = text.charCodeAt(at)
      if (c === uncurly) break
      if (c === semicolon) at++
      else readStatement(attributes, groups, depth)
    }
    at++
    return { kind, names, attributes, groups, line: begun }
  }

  const readStatement = (attributes: Attribute[], groups: Group[], depth: number): void => {
    const begun = line
    const name = readWord()
    if (name === '') fail(`${here()} where a name belongs`)
    skip()
    const c = text.charCodeAt(at)
    if (c === colon) {
      at++
      attributes.push({ name, values: [readValue()], line: begun })
      return
    }
    if (c !== open) fail(`${here()} behind ${JSON.stringify(name.slice(0, quoted))}; an attribute needs : or (`)
    const values = readArguments()
    skip()
    if (text.charCodeAt(at) !== curly) {
      attributes.push({ name, values, line: begun })
      return
    }
    if (depth === deepest) fail(`groups lie more than ${deepest} deep`)
    groups.push(readBody(name, values, begun, depth + 1))
  }

  const attributes: Attribute[] = []
  const groups: Group[] = []
  skip()
  while (at < end) {
    if (text.charCodeAt(at) === semicolon) at++
    else readStatement(attributes, groups, 0)
    skip()
  }
  const library = groups.find(({ kind }) => kind === 'library')
  if (!library)
    throw libertyError(file, 1, 'there is no library group; give a Liberty file, which holds library (name) { ... }')
  return library
}

/** The first value of an attribute, if the group has it. */
export const attributeOf = (group: Group, name: string): string | undefined =>
  group.attributes.find((attribute) => attribute.name === name)?.values[0]

/** The groups of a kind, in their order. */
export const groupsOf = (group: Group, kind: string): readonly Group[] =>
  group.groups.filter((each) => each.kind === kind)
