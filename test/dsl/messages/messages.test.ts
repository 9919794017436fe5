import { describe, expect, it } from 'vitest'
import { component } from '../../../src/dsl/index.ts'
import { messageOf, toldBy } from './faults.ts'
import { places } from './places.ts'
import { shapes } from './shapes.ts'
import { structure } from './structure.ts'
import { templatesIn } from './templates.ts'
import { values } from './values.ts'

const groups = { values, shapes, places, structure }

describe.each(Object.entries(groups))('the mistakes of group %s', (name, faults) => {
  const told = toldBy(faults)

  it('are told in these sentences', async () => {
    const text = told.map(({ title, text: message }) => `${title}\n${message.replace(/^/gm, '    ')}\n`).join('\n')
    await expect(text).toMatchFileSnapshot(`${name}.txt`)
  })

  it.each(told.map((one) => [one.title, one] as const))(
    'name the lines that are wrong: %s',
    (_, { named, marked, where }) => {
      expect([...new Set(named)].sort((a, b) => a - b)).toEqual(marked)
      if (marked.length > 0) expect(marked).toContain(where)
    },
  )
})

const endless = (): unknown => {
  const Tree = component('tree', (p: { level: number }) => ({
    name: `tree_${p.level}`,
    in: {},
    out: {},
    logic(_inputs, { use }): Record<string, never> {
      use('left', Tree({ level: p.level + 1 }) as never, {})
      return {}
    },
  })) as (p: object) => { module: unknown }
  return Tree({ level: 0 }).module
}

describe('a component that contains ever other components', () => {
  it('is told to stop, with the innermost and the outermost of them', () => {
    // How deep the stack goes is the machine's.
    expect(endless).toThrow(
      /^E-LOGIC in tree_\d+ \(test\/dsl\/messages\/messages\.test\.ts:\d+\), instance 'left' of tree_\d+.* \d+ more, instance 'left' of tree_0 \(.*\): the description calls itself without end; /,
    )
  })
})

describe('every message of the language', () => {
  const sentences = [
    ...Object.values(groups).flatMap((faults) => toldBy(faults).flatMap((one) => one.sentences)),
    ...messageOf('a component that contains ever other components', endless).sentences,
  ]

  it('is told by one of these faults', () => {
    const templates = templatesIn('src/dsl')
    expect(templates.length).toBeGreaterThan(90)
    const untold = templates.filter(({ pattern }) => !sentences.some((sentence) => pattern.test(sentence)))
    expect(untold.map(({ text }) => text)).toEqual([])
  })

  it('says what is wrong, then what to do about it', () => {
    const cureless = sentences.filter((sentence) => !/^[^;]+; \S[^;]*[^.;]$/.test(sentence))
    expect(cureless).toEqual([])
  })
})
