import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { HdlError, type Module } from '../../../src/dsl/index.ts'

/** Faulty descriptions by what is wrong with them; the lines that the message must name end in `// <-`, or it stands below. */
export interface Faults {
  readonly file: string
  readonly all: Readonly<Record<string, () => unknown>>
}

/** What a faulty description says, with the text of each line it names in place of the line's number. */
export interface Told {
  readonly title: string
  readonly text: string
  /** Each sentence without code, component and lines. */
  readonly sentences: readonly string[]
  /** Lines of the fault that the message names, and those that are marked. */
  readonly named: readonly number[]
  readonly marked: readonly number[]
  /** The line of the first mistake, as the error gives it to programs. */
  readonly where: number | undefined
}

/** Runs every fault of a group; those that only warn give the warnings of their module. */
export const toldBy = ({ file, all }: Faults): readonly Told[] => {
  const lines = readFileSync(file, 'utf8').split('\n')
  const starts = Object.keys(all).map((title) => lines.findIndex((line) => line.includes(`'${title}'`)) + 1)
  return Object.entries(all).map(([title, make], k) => {
    const [from, to] = [starts[k]!, starts[k + 1] ?? lines.length + 1]
    const { message, sentences, where } = messageOf(title, make)
    const named: number[] = []
    const text = message.replace(/\(([^()\s]+\.ts):(\d+)\)/g, (_, path: string, number: string) => {
      if (basename(path) !== basename(file)) return `(${path}:${number})`
      named.push(Number(number))
      return `(${lines[Number(number) - 1]!.replace(/,? *\/\/ <-.*$/, '').trim()})`
    })
    const marked = lines.flatMap((line, index) => {
      if (index + 1 < from || index + 1 >= to || !line.includes('// <-')) return []
      return [/^\s*\/\/ <-/.test(line) ? index : index + 1]
    })
    return { title, text, sentences, named, marked, where: where && Number(where.split(':').at(-1)) } as Told
  })
}

export const messageOf = (
  title: string,
  make: () => unknown,
): { message: string; sentences: string[]; where: string | undefined } => {
  let result: unknown
  try {
    result = make()
  } catch (error) {
    if (!(error instanceof HdlError)) throw new Error(`'${title}' fails otherwise`, { cause: error })
    const { message, mistakes, where } = error
    return { message, where, sentences: mistakes.map(({ sentence }) => sentence) }
  }
  const { warnings = [] } = result as Partial<Module>
  const told = warnings.map(({ code, message, source }) => `${code} (${source?.()}): ${message}`)
  if (told.length === 0) throw new Error(`nothing is wrong with '${title}'`)
  return {
    message: told.join('\n'),
    sentences: warnings.map(({ message }) => message),
    where: warnings[0]!.source?.(),
  }
}
