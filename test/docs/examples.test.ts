import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { examplesOf } from './code-blocks.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
const folder = join(root, 'node_modules', '.cache', 'documentation-examples')
const examples = pages.flatMap((page) =>
  examplesOf(readFileSync(join(root, 'docs', page), 'utf8')).map((example) => ({
    ...example,
    page,
    name: `${page.replace(/\.md$/, '')}-${example.line}`,
  })),
)

let complaints: string[] = []

/** Compiles all examples at once, strictly, as a user of the built package would. */
beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  for (const { name, code } of examples) writeFileSync(join(folder, `${name}.ts`), code)
  const options = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      allowImportingTsExtensions: false,
      outDir: join(folder, 'out'),
      rootDir: folder,
      noEmitOnError: false,
      paths: {
        bitloom: [join(root, 'dist', 'index.d.ts')],
        'bitloom/language': [join(root, 'dist', 'language.d.ts')],
      },
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    include: [],
    files: examples.map(({ name }) => join(folder, `${name}.ts`)),
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8', cwd: folder })
  complaints = stdout.split('\n').filter((line) => line !== '')
  const entry = (name: string): string => pathToFileURL(join(root, 'dist', `${name}.js`)).href
  for (const { name } of examples) {
    const file = join(folder, 'out', `${name}.js`)
    const text = readFileSync(file, 'utf8')
      .replaceAll(/from ['"]bitloom['"]/g, `from '${entry('index')}'`)
      .replaceAll(/from ['"]bitloom\/language['"]/g, `from '${entry('language')}'`)
    writeFileSync(file, text)
  }
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('every example of the documentation compiles, runs, and prints what the page says', () => {
  it.each(examples)('$page, line $line', ({ name, prints }) => {
    expect(complaints.filter((line) => line.includes(`${name}.ts`))).toEqual([])
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'out', `${name}.js`)], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    if (prints !== undefined) expect(stdout.trimEnd()).toBe(prints.trimEnd())
  })
})
