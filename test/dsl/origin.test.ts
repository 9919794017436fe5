import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { bool, component, HdlError } from '../../src/dsl/index.ts'
import { lineIn } from '../../src/dsl/origin.ts'

const root = join(import.meta.dirname, '../..')
const at = (file: string, place: string): string => `${pathToFileURL(join(root, file)).href}:${place}`

describe('the line of a mistake', () => {
  it('is that of the first frame outside the language and the engines, in the stacks of every browser', () => {
    expect(
      lineIn(`Error\n    at Int.add (${at('src/dsl/signal.ts', '70:9')})\n    at ${at('bench/x.ts', '7:3')}`),
    ).toBe('bench/x.ts:7')
    expect(lineIn(`add@${at('src/dsl/signal.ts', '70:9')}\n@${at('bench/x.ts', '7:3')}\n`)).toBe('bench/x.ts:7')
    expect(
      lineIn(
        `Error\n    at async wait (${at('bench/y.ts', '1:1')})\n    at ${at('src/base/brand.ts', '70:9')}\n    at new Mac (/a (copy)/mac.ts:7:3)`,
      ),
    ).toBe('mac.ts:7')
    expect(lineIn(`Error\n    at async go (${at('src/sim/flatten.ts', '1:1')})\n    at node:internal/x:3:4`)).toBe(
      undefined,
    )
  })

  it('is in a folder that merely begins like one of the language', () => {
    expect(lineIn(`Error\n    at ${at('src/dsl-of-mine/x.ts', '7:3')}`)).toBe('src/dsl-of-mine/x.ts:7')
    expect(lineIn(`Error\n    at ${at('src/dsl/library/queue.ts', '7:3')}`)).toBe(undefined)
  })

  it('is found where a browser cannot leave frames out of a stack', () => {
    const { captureStackTrace } = Error
    Reflect.deleteProperty(Error, 'captureStackTrace')
    try {
      const wrong = component('wrong', (_: object) => ({
        in: { a: bool },
        out: { 'y z': bool },
        logic: () => ({}) as never,
      }))
      expect(() => wrong({}).module).toThrow(HdlError)
      expect(() => wrong({}).module).toThrow('(test/dsl/origin.test.ts:')
    } finally {
      Object.assign(Error, { captureStackTrace })
    }
  })
})
