import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What `tsc` says about a file without its `@ts-expect-error`s: what each was for, with the code of the error under it. */
export const complaints = (file: string): string[] => {
  const folder = mkdtempSync(join(tmpdir(), 'bitloom-types-'))
  const project = join(import.meta.dirname, '../..')
  try {
    const text = readFileSync(file, 'utf8')
      .replaceAll('// @ts-expect-error', '//')
      .replace("'../../src/dsl/index.ts'", JSON.stringify(join(project, 'src/dsl/index.ts')))
      .replace("'./complaints.ts'", JSON.stringify(join(project, 'test/dsl/complaints.ts')))
    symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'mistakes.ts'), text)
    const settings = {
      extends: join(project, 'tsconfig.json'),
      compilerOptions: { rewriteRelativeImportExtensions: false },
      include: ['mistakes.ts'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
    const tsc = join(project, 'node_modules/typescript/bin/tsc')
    let output = ''
    try {
      execFileSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { encoding: 'utf8', cwd: folder })
    } catch (error) {
      output = (error as { stdout: string }).stdout
    }
    const lines = text.split('\n')
    const said = output
      .split('\n')
      .filter((line) => line.startsWith('mistakes.ts'))
      .map((line) => {
        const [, at, code] = /\((\d+),\d+\): error (TS\d+)/.exec(line)!
        return { at: Number(at), code }
      })
    // One line may be wrong at several places.
    return said
      .filter(({ at }, k) => at !== said[k - 1]?.at)
      .map(({ at, code }) => `${lines[at - 2]?.trim().replace(/^\/\/ /, '')}: ${code}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What each `@ts-expect-error` of a file is for, in order. */
export const expectations = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .match(/^ *\/\/ @ts-expect-error .*$/gm)!
    .map((line) => line.trim().replace('// @ts-expect-error ', ''))
