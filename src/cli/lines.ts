import { UserError } from '../base/user-error.ts'

/** A line of text that is not empty, as words. */
export interface Line {
  /** Counted from 1. */
  readonly number: number
  readonly words: readonly string[]
}

const longestLine = 100_000

/** The lines of a stream as they come, without their ends: each step gives the whole lines of a piece of input. */
export async function* textsOf(input: AsyncIterable<string | Buffer>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder()
  let number = 0
  let rest = ''
  for await (const piece of input) {
    const texts = (rest + (typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true }))).split(/\r?\n/)
    rest = texts.pop()!
    if (rest.length > longestLine)
      throw new UserError(
        'E-STDIN',
        `line ${number + texts.length + 1} of standard input has more than ${longestLine} characters: give shorter lines`,
      )
    number += texts.length
    yield texts
  }
  yield [rest]
}

/** The words of the lines of a stream that have any. `#` begins a remark. */
export async function* linesOf(input: AsyncIterable<string | Buffer>): AsyncGenerator<readonly Line[]> {
  let number = 0
  for await (const texts of textsOf(input))
    yield texts.flatMap((text) => {
      number++
      const words = text.replace(/#.*/, '').trim().split(/\s+/)
      return words[0] === '' ? [] : [{ number, words }]
    })
}
