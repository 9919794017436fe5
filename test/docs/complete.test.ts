import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as language from '../../src/language.ts'
import { root, textOf } from './pages.ts'

const guide = textOf('docs/language.md').replace(/^import .*$/gm, '')
const says = (word: string): boolean => new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(guide)
const source = (file: string): string => readFileSync(join(root, 'src', file), 'utf8')
/** Words that a pattern finds, each once. */
const words = (text: string, pattern: RegExp): readonly string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, word]) => word!)),
]
const between = (text: string, from: string, to: string): string => {
  const start = text.indexOf(from)
  expect(start).toBeGreaterThanOrEqual(0)
  return text.slice(start, text.indexOf(to, start))
}

/** What users get from other functions and do not make themselves. */
const classesOfShapes = ['EnumShape', 'FixedShape', 'IntShape']

describe('the guide explains', () => {
  it('every function and class of the language', () => {
    expect(Object.keys(language).filter((name) => !classesOfShapes.includes(name) && !says(name))).toEqual([])
  })

  it('every method of a signal', () => {
    const { Int, Bool, Bits, Fixed, Enum, Stream } = language
    for (const { name, prototype } of [Int, Bool, Bits, Fixed, Enum, Stream]) {
      const methods = Object.getOwnPropertyNames(prototype).filter((method) => method !== 'constructor')
      expect(methods.length).toBeGreaterThan(0)
      expect([name, ...methods.filter((method) => !says(method))]).toEqual([name])
    }
  })

  it('everything the builder offers, and every option of components, registers, instances, memories and printing', () => {
    const options = [
      ...words(between(source('dsl/builder.ts'), 'export interface Builder {', '\n}'), /^ {2}(\w+)[<(]/gm),
      ...words(source('dsl/builder.ts'), /^ {2}readonly (\w+)\?:/gm),
      ...words(between(source('dsl/component.ts'), 'export interface Description', '\n}'), /^ {2}readonly (\w+)\?:/gm),
      ...words(source('dsl/memory.ts'), /^ {2}readonly (\w+)\??: (?:number|S|Collision|ArrayLike|BoolOperand)/gm),
      ...words(between(source('dsl/black-box.ts'), 'BlackBoxDescription<', '\n}'), /^ {2}readonly (\w+)\??:/gm),
      ...words(source('dsl/verilog/options.ts'), /^ {2}readonly (\w+): boolean/gm),
      ...words(source('dsl/library/sync.ts'), /^ {2}readonly (\w+)\??:/gm),
    ]
    expect(options).toEqual(
      expect.arrayContaining(['regs', 'crossing', 'accepted', 'collide', 'through', 'formal', 'gray']),
    )
    expect(options.filter((name) => !says(name))).toEqual([])
  })

  it('every code of a mistake and a warning', () => {
    const codes = [
      ...words(between(source('dsl/error.ts'), 'export type HdlCode', '\nexport '), /'(E-[A-Z-]+)'/g),
      ...words(source('dsl/ir.ts'), /'(W-[A-Z-]+)'/g),
    ]
    expect(codes.length).toBeGreaterThan(10)
    expect(codes.filter((code) => !guide.includes(`| \`${code}\` |`))).toEqual([])
  })
})
