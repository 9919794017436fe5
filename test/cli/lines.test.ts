import { describe, expect, it } from 'vitest'
import { linesOf, textsOf } from '../../src/cli/lines.ts'

const read = async (pieces: readonly (string | Buffer)[]): Promise<string[]> => {
  async function* input() {
    yield* pieces
  }
  const found: string[] = []
  for await (const lines of linesOf(input()))
    for (const { number, words } of lines) found.push(`${number}: ${words.join('|')}`)
  return found
}

describe('lines of a stream', () => {
  it('are the same however the stream is cut', async () => {
    const text = '1 2\n\n 3\t4 \r\n# nothing\n5 6 # seven\n8'
    const want = ['1: 1|2', '3: 3|4', '5: 5|6', '6: 8']
    expect(await read([text])).toEqual(want)
    expect(await read([...text])).toEqual(want)
    expect(await read([Buffer.from(text).subarray(0, 5), Buffer.from(text).subarray(5)])).toEqual(want)
    expect(await read([])).toEqual([])
  })

  it('are texts without their ends, however the stream is cut', async () => {
    const text = ' a b \r\n\nc # d\ré\n'
    const bytes = Buffer.from(text)
    for (const pieces of [[bytes], [...bytes].map((byte) => Buffer.of(byte)), [...text]]) {
      async function* input() {
        yield* pieces
      }
      const found: string[] = []
      for await (const texts of textsOf(input())) found.push(...texts)
      expect(found).toEqual([' a b ', '', 'c # d\ré', ''])
    }
  })

  it('are refused when they do not end', async () => {
    await expect(read(['1\n2', ' '.repeat(100_001)])).rejects.toThrow('line 2 of standard input has more than 100000')
  })
})
