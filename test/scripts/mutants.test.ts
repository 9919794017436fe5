import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { chosen, mutantsOf, mutated } from '../../scripts/mutants/mutants.ts'
import { filesUnder, testsFor } from '../../scripts/mutants/near-tests.ts'
import { isListed, readSurvivors } from '../../scripts/mutants/survivors.ts'
import { root } from '../docs/pages.ts'

const changes = (text: string): readonly string[] => {
  const mutants = mutantsOf('a.ts', text)
  return mutants.map((mutant) => mutated(text, mutant))
}
const files = filesUnder(root, 'src/pe', '.ts')
const all = files.flatMap((file) => mutantsOf(file, readFileSync(join(root, file), 'utf8')))

describe('the mutants of a file', () => {
  it.each([
    ['x + y', ['x - y']],
    ['x < y', ['x <= y']],
    ['x && !y', ['x || !y']],
    ['x === y', ['x !== y']],
    ['x << y', ['x >> y']],
    ['a.add(b)', ['a.sub(b)']],
    ['a.and(b).not()', ['a.or(b).not()', 'a.and(b)']],
    ['a.ge(b)', ['a.gt(b)']],
    ['mux(c, x, y)', ['mux(c, y, x)']],
    ['f(3)', ['f(4)', 'f(2)']],
    ['f(0)', ['f(1)']],
    ['5n', ['6n', '4n']],
    ['{ on: true }', ['{ on: false }']],
  ])('%s becomes %j', (text, want) => {
    expect(changes(`const r = ${text}`)).toEqual(want.map((changed) => `const r = ${changed}`))
  })

  it('leave imports, types and texts alone', () => {
    const text = [
      "import { add } from './1 + 2.ts'",
      'type Step = 1 | true',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a text that is parsed.
      'const f = (x: 0 | 1): string => `1 + ${x as 1} 2`',
      'class A { toString() { return this.constructor() } }',
    ].join('\n')
    expect(changes(text)).toEqual([])
  })

  it('are told apart by ids that stay when lines move, and of which each is one of a kind', () => {
    const text = 'const a = 1 + 1\n'
    const ids = (before: string) => mutantsOf('a.ts', before + text).map(({ id }) => id)
    expect(ids('\n\nconst b = f()\n')).toEqual(ids(''))
    expect(ids('')).toHaveLength(5)
    expect(new Set(all.map(({ file, id }) => `${file} ${id}`)).size).toBe(all.length)
  })

  it('all change the file, in many ways, and leave what parses', () => {
    expect(all.length).toBeGreaterThan(1000)
    for (const mutant of all.filter((_, k) => k % 10 === 0)) {
      const text = readFileSync(join(root, mutant.file), 'utf8')
      const other = mutated(text, mutant)
      expect(other).not.toBe(text)
      expect(() => mutantsOf(mutant.file, other), mutant.id).not.toThrow()
    }
  })
})

describe('the choice of mutants', () => {
  it('is the same for the same seed, one in so many, and another for another seed', () => {
    const of = (seed: number) => chosen(all, 25, seed).map(({ id }) => id)
    expect(of(1)).toEqual(of(1))
    expect(of(1)).toHaveLength(Math.ceil(all.length / 25))
    expect(of(2)).not.toEqual(of(1))
  })

  it('of one file does not follow from the others', () => {
    const [file] = files
    const own = all.filter((mutant) => mutant.file === file)
    expect(chosen(own, 2, 1)).toEqual(chosen(mutantsOf(file!, readFileSync(join(root, file!), 'utf8')), 2, 1))
  })
})

describe('the tests for a mutant', () => {
  const testsOf = testsFor(root)

  it('are near it where they import the file or bear the name of its family', () => {
    expect(testsOf('src/pe/arith/shifters.ts').near).toContain('test/pe/arith/shifters.test.ts')
    expect(testsOf('src/pe/baseline/posit/cell.ts').near).toContain('test/pe/posit.test.ts')
    expect(testsOf('src/pe/xrnpe/stages/placed.ts').near).toContain('test/pe/xrnpe/groups.test.ts')
    expect(testsOf('src/pe/arith/posit/encode.ts').near).not.toContain('test/pe/posit.test.ts')
  })

  it('are those of every family for a block of arith, and of no other family for a family', () => {
    const { near, others } = testsOf('src/pe/arith/shifters.ts')
    expect(others).toContain('test/pe/posit.test.ts')
    expect(others).toContain('test/verify/verify.test.ts')
    expect(near.filter((test) => others.includes(test))).toEqual([])
    const { others: forPosit } = testsOf('src/pe/baseline/posit/cell.ts')
    expect(forPosit).toContain('test/pe/families.test.ts')
    expect(forPosit.filter((test) => /fmac|\/arith\//.test(test))).toEqual([])
  })
})

describe('the listed survivors', () => {
  const survivors = readSurvivors(root)

  it('are mutants that there are, each with a reason', () => {
    const dead = survivors.filter((listed) => !all.some((mutant) => isListed([listed], mutant)))
    expect(dead).toEqual([])
  })

  it('are known by file and id, or by the id as far as a star', () => {
    const mutant = { file: 'a.ts', id: 'f(1) | 1 -> 2' }
    const listed = (file: string, id: string) => isListed([{ file, mutant: id, reason: 'none' }], mutant)
    expect(listed('a.ts', 'f(1) | 1 -> 2')).toBe(true)
    expect(listed('a.ts', 'f(1) | *')).toBe(true)
    expect(listed('b.ts', 'f(1) | 1 -> 2')).toBe(false)
    expect(listed('a.ts', 'f(1) | 1 -> 0')).toBe(false)
  })
})
