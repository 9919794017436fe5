import type { Source } from '../ir.ts'

/** Something of the module that a printed line is about. */
export interface Mark {
  readonly kind: 'input' | 'output' | 'register' | 'wire' | 'instance' | 'operation'
  readonly name: string
  /** True on the line that declares it, false on one that assigns to it. */
  readonly declares: boolean
  readonly source?: Source
}

/** A mark on a line of the printed text, counted from 1. */
export interface MarkedLine {
  readonly line: number
  readonly mark: Mark
}

/**
 * Marks travel inside the lines while these are put together and indented, and are taken out at the end, where it is known
 * which line of the text each one came to stand on.
 */
export class Marks {
  readonly #marks: Mark[] = []

  /** The text with a mark behind it. */
  on(text: string, mark: Mark): string {
    return `${text}\u0001${this.#marks.push(mark) - 1}\u0001`
  }

  /** The text without marks, and where they stood; `comment` gives what is written behind a declaration instead. */
  takenOut(text: string, comment: (mark: Mark) => string | undefined): { text: string; marked: MarkedLine[] } {
    const marked: MarkedLine[] = []
    const lines = text.split('\n').map((line, index) => {
      if (!line.includes('\u0001')) return line
      let remark = ''
      // biome-ignore lint/suspicious/noControlCharactersInRegex: no printed text has this character
      const plain = line.replace(/\u0001(\d+)\u0001/g, (_, number: string) => {
        const mark = this.#marks[Number(number)]!
        marked.push({ line: index + 1, mark })
        const behind = mark.declares ? comment(mark) : undefined
        if (behind) remark = ` // ${behind}`
        return ''
      })
      return plain + remark
    })
    return { text: lines.join('\n'), marked }
  }
}
