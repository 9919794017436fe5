import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Block, blocksOf, treeFileOf } from './code-blocks.ts'
import { root, textOf } from './pages.ts'

const blocks = blocksOf(textOf('docs/adding-a-pe.md'))
const tree = mkdtempSync(join(tmpdir(), 'bitloom-adding-a-pe-'))
afterAll(() => rmSync(tree, { recursive: true, force: true }))

const node = (...args: readonly string[]) =>
  spawnSync(process.execPath, args, { cwd: tree, encoding: 'utf8', timeout: 120_000 })

/** A diff block as it is meant: its lines without a sign are in the file in that order, and those with `+` go where they stand. */
const applied = (file: string, block: Block): string => {
  let [before, after] = ['', file]
  for (const line of block.text.split('\n').slice(1, -1)) {
    if (line.startsWith('+')) {
      before += before === '' || before.endsWith('\n') ? `${line.slice(1)}\n` : `\n${line.slice(1)}\n`
      continue
    }
    const at = after.indexOf(line.slice(1))
    if (at < 0) throw new Error(`the page's diff has a line that the file has not: ${line}`)
    before += after.slice(0, at + line.length - 1)
    after = after.slice(at + line.length - 1)
  }
  return before + after
}

/** A copy of the source tree with the page's files in it, built. */
beforeAll(() => {
  for (const name of ['src', 'bin', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'vitest.config.ts'])
    cpSync(join(root, name), join(tree, name), { recursive: true })
  mkdirSync(join(tree, 'test'))
  cpSync(join(root, 'test/closing-line.ts'), join(tree, 'test/closing-line.ts'))
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
  for (const block of blocks) {
    const file = treeFileOf(block)
    if (file === undefined) continue
    const path = join(tree, file)
    mkdirSync(dirname(path), { recursive: true })
    if (block.language === 'diff') writeFileSync(path, applied(readFileSync(path, 'utf8'), block))
    else writeFileSync(path, block.text, { flag: 'wx' })
  }
  const built = node(join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json')
  expect(built.stdout).toBe('')
}, 120_000)

describe('the guide to adding a processing element', () => {
  it('adds one folder, its test, and two lines of registration', () => {
    const files = blocks.flatMap((block) => {
      const file = treeFileOf(block)
      return file === undefined ? [] : [`${block.language} ${file}`]
    })
    expect(files).toEqual([
      'ts src/pe/power-of-two/cell.ts',
      'ts src/pe/power-of-two/family.ts',
      'diff src/pe/catalogue.ts',
      'ts test/pe/power-of-two.test.ts',
    ])
  })

  const commands = blocks.flatMap((block, k) =>
    block.language === 'sh' ? [{ lines: block.text.trim().split('\n'), prints: blocks[k + 1]! }] : [],
  )
  it('lists, verifies, refuses, generates and synthesises', () => {
    const verbs = commands.flatMap(({ lines }) => lines.map((line) => line.split(' ')[1]))
    expect(verbs).toEqual(['list', 'verify', 'verify', 'verify', 'generate', 'synth'])
  })

  it.each(commands)('$lines prints what the page says', ({ lines, prints }) => {
    expect(prints.language).toBe('text')
    const output = lines.map((line) => {
      const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
      expect(words[0]).toBe('bitloom')
      const { status, stdout, stderr } = node('bin/bitloom.mjs', ...words.slice(1))
      expect(status, stderr).toBe(line.includes('group=0') ? 2 : 0)
      return status === 0 ? stdout : stderr
    })
    // A `…` stands for any text, columns are as wide as the catalogue makes them, and figures of synthesis move with recipes.
    const figures = lines.some((line) => line.includes('synth'))
    const plain = (text: string): string => {
      const narrow = text.replace(/ {2,}/g, '  ').replace(/ +$/gm, '').trimEnd()
      return figures ? narrow.replace(/[\d.]+| {2}chosen/g, (found) => (found === '  chosen' ? '' : '#')) : narrow
    }
    const pattern = plain(prints.text)
      .split('…')
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    expect(plain(output.join(''))).toMatch(new RegExp(`^${pattern.join('[^]*')}$`))
  })

  it('its test passes in the tree', () => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const { status, stdout } = node(vitest, 'run', 'test/pe/power-of-two.test.ts')
    expect(status, stdout).toBe(0)
    expect(stdout).toMatch(/^3 passed, 0 failed, 0 skipped$/m)
  })
})
