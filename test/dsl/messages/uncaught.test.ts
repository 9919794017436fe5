import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HdlError } from '../../../src/dsl/index.ts'
import { places } from './places.ts'
import { shapes } from './shapes.ts'
import { structure } from './structure.ts'
import { values } from './values.ts'

const project = join(import.meta.dirname, '../../..')
const built = existsSync(join(project, 'dist/index.js'))
if (!built) console.warn('what Node prints of uncaught errors is not tested: run npm run build first (npm test does)')

const faults = [values, shapes, places, structure].flatMap(({ all }) => Object.entries(all))

describe('every error', () => {
  it.each(faults)('has a stack of user frames under its message, and nothing else to print: %s', (_, make) => {
    let error: unknown
    try {
      make()
    } catch (thrown) {
      error = thrown
    }
    if (error === undefined) return
    expect(error).toBeInstanceOf(HdlError)
    const { stack, message } = error as HdlError
    expect(stack!.startsWith(`HdlError: ${message}\n    at `)).toBe(true)
    const frames = stack!.slice(`HdlError: ${message}\n`.length).split('\n')
    for (const frame of frames) {
      expect(frame).toMatch(/^ {4}at /)
      expect(frame).not.toMatch(/[\\/]src[\\/]|node:/)
    }
    // What Node adds behind the stack.
    expect(inspect(error).slice(stack!.length)).toBe(` {\n  code: '${(error as HdlError).code}'\n}`)
  })
})

describe.skipIf(!built)('an uncaught error', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bitloom-uncaught-'))
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(project, join(folder, 'node_modules/bitloom'))
    writeFileSync(join(folder, 'package.json'), '{ "name": "design" }')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** What Node prints, from the name of the error on, without the folder and its own version. */
  const printed = (name: string, text: string, args: readonly string[] = []): string => {
    writeFileSync(join(folder, name), text)
    const { status, stderr } = spawnSync(process.execPath, [...args, name], { cwd: folder, encoding: 'utf8' })
    expect(status, stderr).toBe(1)
    const from = stderr.indexOf('HdlError: ')
    // What stands before it is Node's, never a line of ours.
    expect(stderr.slice(0, from)).not.toMatch(/dist|bitloom/)
    return stderr
      .slice(from)
      .replaceAll(`file://${folder}/`, '')
      .replaceAll(`${folder}/`, '')
      .replace(/\n+Node\.js v\S+\s*$/, '')
  }
  const imports = "import { component, s, u } from 'bitloom'\n"
  const narrow = `
    const Narrow = component('narrow', (p) => ({
      in: { a: s(8) },
      out: { y: s(8) },
      logic({ a }, { regs }) {
        const r = regs({ held: s(p.width), 'not a name': s(8) })
        r.held.next = a
        return { y: r.held }
      },
    }))`

  it('of a component shows its sentence and the lines that led there', () => {
    expect(
      printed('one.mjs', `${imports}${narrow.replace(", 'not a name': s(8)", '')}\nNarrow({ width: 4 }).module\n`),
    ).toMatchInlineSnapshot(`
      "HdlError: E-RANGE in narrow_width_4 (one.mjs:8): register 'held' holds [-8, 7] (s4), got [-128, 127] (s8); narrow it with .wrap(), .sat() or checked()
          at Object.logic (one.mjs:8:21)
          at one.mjs:12:21 {
        code: 'E-RANGE'
      }"
    `)
  })

  it('of several mistakes in a child shows each, and the instance', () => {
    const top = `
    const Top = component('top', () => ({
      in: { a: s(8) },
      out: { y: s(8) },
      logic: ({ a }, { use }) => ({ y: use('one', Narrow({ width: 4 }), { a }).y }),
    }))
    const build = () => Top({}).module
    build()`
    expect(printed('child.mjs', imports + narrow + top)).toMatchInlineSnapshot(`
      "HdlError: 2 mistakes in narrow_width_4, instance 'one' of top (child.mjs:15):
        E-NAME in narrow_width_4 (child.mjs:7): a register cannot be called 'not a name': a name is a letter followed by letters, digits and underscores; choose another name
        E-RANGE in narrow_width_4 (child.mjs:8): register 'held' holds [-8, 7] (s4), got [-128, 127] (s8); narrow it with .wrap(), .sat() or checked()
          at Object.logic (child.mjs:7:19)
          at Object.logic (child.mjs:15:40)
          at build (child.mjs:17:32)
          at child.mjs:18:5 {
        code: 'E-NAME'
      }"
    `)
  })

  it('outside all components shows the line of the call', () => {
    expect(printed('shape.mjs', `${imports}const width = 0\nu(width)\n`)).toMatchInlineSnapshot(`
      "HdlError: E-RANGE in u (shape.mjs:3): u takes a whole number of bits from 1 to 65536, got 0; choose one of those
          at shape.mjs:3:1 {
        code: 'E-RANGE'
      }"
    `)
  })

  it('of JavaScript in a component shows its own message and lines', () => {
    const text = `${imports}component('mac', () => ({ in: { a: s(8) }, out: {}, logic: ({ a }) => ({ y: a.plus(1) }) }))({}).module\n`
    expect(printed('script.mjs', text)).toMatchInlineSnapshot(`
      "HdlError: E-LOGIC in mac (script.mjs:2): the description failed with TypeError: a.plus is not a function; mend what threw it
          at Object.logic (script.mjs:2:79)
          at script.mjs:2:97 {
        code: 'E-LOGIC'
      }"
    `)
  })

  it('in a callback and in CommonJS shows no line of ours either', () => {
    const later = `import('bitloom').then(({ component, s }) => {${narrow}
      setTimeout(() => Narrow({ width: 8 }).module, 1)
    })`
    expect(printed('later.cjs', later)).toMatchInlineSnapshot(`
      "HdlError: E-NAME in narrow_width_8 (later.cjs:6): a register cannot be called 'not a name': a name is a letter followed by letters, digits and underscores; choose another name
          at Object.logic (later.cjs:6:19)
          at Timeout._onTimeout (later.cjs:11:44) {
        code: 'E-NAME'
      }"
    `)
  })

  it('of compiled TypeScript names the lines of the TypeScript', () => {
    const source = `import { component, s, type IntShape } from 'bitloom'

interface Parameters { readonly shape: IntShape }

const Narrow = component('narrow', (p: Parameters) => ({
  in: { a: s(8) },
  out: { y: s(8) },
  logic({ a }, { regs }) {
    const r = regs({ held: p.shape })
    r.held.next = a
    return { y: r.held }
  },
}))
void Narrow({ shape: s(4) }).module
`
    mkdirSync(join(folder, 'compiled/src'), { recursive: true })
    writeFileSync(join(folder, 'compiled/package.json'), '{ "name": "compiled", "type": "module" }')
    writeFileSync(join(folder, 'compiled/src/narrow.ts'), source)
    const options = ['--module', 'nodenext', '--target', 'es2022', '--sourceMap', '--skipLibCheck', '--rootDir', 'src']
    const tsc = join(project, 'node_modules/typescript/bin/tsc')
    execFileSync(process.execPath, [tsc, ...options, '--outDir', 'out', 'src/narrow.ts'], {
      cwd: join(folder, 'compiled'),
    })
    const run = (args: readonly string[]): string =>
      spawnSync(process.execPath, [...args, 'compiled/out/narrow.js'], { cwd: folder, encoding: 'utf8' }).stderr
    const sentence =
      /HdlError: E-RANGE in narrow_shape_s4 \(src\/narrow\.ts:10\): register 'held' holds \[-8, 7\] \(s4\), got /
    expect(run([])).toMatch(sentence)
    expect(run(['--enable-source-maps'])).toMatch(sentence)
  })
})
