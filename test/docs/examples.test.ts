import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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
    file: `${page.replace(/\.md$/, '')}/${example.name}`,
  })),
)

let complaints: string[] = []

/** Compiles all examples at once, strictly, as a user of the built package would. */
beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  for (const { file, code } of examples) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, `${file}.ts`), code, { flag: 'wx' })
  }
  const options = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      outDir: join(folder, 'out'),
      rootDir: folder,
      noEmitOnError: false,
      paths: {
        bitloom: [join(root, 'dist', 'index.d.ts')],
        'bitloom/formats': [join(root, 'dist', 'formats', 'index.d.ts')],
        'bitloom/language': [join(root, 'dist', 'language.d.ts')],
      },
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    include: [],
    files: examples.map(({ file }) => join(folder, `${file}.ts`)),
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8', cwd: folder })
  complaints = stdout.split('\n').filter((line) => line !== '')
  const entry = (name: string): string => pathToFileURL(join(root, 'dist', `${name}.js`)).href
  for (const { file } of examples) {
    const compiled = join(folder, 'out', `${file}.js`)
    const text = readFileSync(compiled, 'utf8')
      .replaceAll(/from ['"]bitloom['"]/g, `from '${entry('index')}'`)
      .replaceAll(/from ['"]bitloom\/formats['"]/g, `from '${entry('formats/index')}'`)
      .replaceAll(/from ['"]bitloom\/language['"]/g, `from '${entry('language')}'`)
    writeFileSync(compiled, text)
  }
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('every example of the documentation compiles, runs, and prints what the page says', () => {
  it.each(examples)('$page, line $line', ({ file, prints }) => {
    expect(complaints.filter((line) => line.includes(`${file}.ts`))).toEqual([])
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'out', `${file}.js`)], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    if (prints !== undefined) expect(stdout.trimEnd()).toBe(prints.trimEnd())
  })
})
