import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { build, type Rollup } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as language from '../src/language.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const entry = join(root, 'dist', 'language.js')
const executablePath = '/usr/bin/chromium'
const present = existsSync(executablePath)
if (!present) console.warn(`skipped: the language in a browser needs ${executablePath} (npm run setup:tools)`)

/** What every page does, and Node beside them: a design with memory, machine, stream and promise, and one mistake. */
const design = `
export const findings = (language) => {
  const { bool, compareEngines, component, openEngine, printVerilog, queue, randomStimulus, s, stream, u } = language
  const Worker = component('worker', () => ({
    in: { x: stream(s(8)), start: bool, from: u(4) },
    out: { y: s(20), busy: bool },
    logic({ x, start, from }, builder) {
      const { checked, fsm, memory, regs, when } = builder
      const words = queue(builder, 'words', x, 4)
      const weights = memory('weights', { depth: 16, of: s(8), initial: [3, -5, 7], collide: 'old' })
      const r = regs({ sum: s(40), steps: u(4) })
      const control = fsm('control', {
        idle: ({ goto }) => when(start, () => goto('run')),
        run: ({ goto }) => {
          r.steps.next = r.steps.add(1).wrap(u(4))
          when(words.fires, () => {
            r.sum.next = words.data.mul(weights.read(from)).add(r.steps)
          })
          when(r.steps.eq(15), () => goto('idle'))
        },
      })
      weights.write(r.steps, x.data, { enable: start })
      words.ready.value = control.is('run')
      return { y: checked(r.sum, s(20), 'sixteen products'), busy: control.is('run') }
    },
  }))
  const { module } = Worker({})
  const engines = ['wasm', 'js', 'interpreter'].map((name) => openEngine(name, module))
  const { ports } = engines[0]
  const stimulus = randomStimulus(ports, 1000, 7)
  const difference = compareEngines(engines, stimulus) ?? 'none'
  const response = new Int32Array(1000 * ports.outputWords)
  engines[0].replay(stimulus, 1000, response)
  const registers = ['sum', 'steps', 'control'].map((name) => String(engines[0].register(name)))
  let mistake
  try {
    void component('wrong', () => ({
      in: { a: u(4) },
      out: { y: u(4) },
      logic: ({ a }) => ({ y: a.shl(-1) }), // the mistake
    }))({}).module
  } catch (error) {
    mistake = { name: error.name, code: error.code, where: error.where, message: error.message }
  }
  return {
    verilog: printVerilog(module),
    difference,
    registers,
    response: [...response],
    failures: engines[0].failedChecks,
    mistake,
  }
}
`
interface Findings {
  readonly verilog: string
  readonly difference: unknown
  readonly registers: readonly string[]
  readonly response: readonly number[]
  readonly failures: number
  readonly mistake: { readonly name: string; readonly code: string; readonly where?: string; readonly message: string }
}
const lineOfMistake = design.split('\n').findIndex((line) => line.includes('// the mistake')) + 1

/** Every file the entry imports, itself among them, and what they import from elsewhere. */
const importsUnder = (file: string) => {
  const files = new Set<string>()
  const foreign = new Set<string>()
  const visit = (at: string): void => {
    if (files.has(at)) return
    files.add(at)
    for (const [, from] of readFileSync(at, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g))
      if (from!.startsWith('.')) visit(join(dirname(at), from!))
      else foreign.add(from!)
  }
  visit(file)
  return { files: [...files], foreign: [...foreign] }
}

describe('bitloom/language', () => {
  it('imports nothing of Node and no package, and passes Node by name only where it is there', () => {
    const { files, foreign } = importsUnder(entry)
    expect(files.length).toBeGreaterThan(50)
    expect(foreign).toEqual([])
    const naming = files.filter((file) => readFileSync(file, 'utf8').includes("'node:"))
    expect(naming.map((file) => file.slice(root.length))).toEqual(['dist/dsl/source-file.js'])
  })

  it('has types that need nothing of Node, nor its declarations to be left unchecked', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bitloom-types-'))
    try {
      const settings = {
        module: 'esnext',
        moduleResolution: 'bundler',
        target: 'es2022',
        lib: ['es2022', 'dom'],
        types: [],
      }
      writeFileSync(join(folder, 'page.ts'), `import * as language from ${JSON.stringify(entry)}\nvoid language\n`)
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions: { ...settings, strict: true, noEmit: true }, files: ['page.ts'] }),
      )
      const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
      expect(spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' }).stdout).toBe('')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('is an entry of the package, all of which the package itself has too', async () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, { default: string }>
    }
    expect(exports['./language']!.default).toBe('./dist/language.js')
    const whole = await import('../src/index.ts')
    expect(Object.keys(whole)).toEqual(expect.arrayContaining(Object.keys(language)))
    expect(language.engineNames).toEqual(['wasm', 'js', 'interpreter'])
    expect(whole.engineNames).toEqual(['wasm', 'js', 'interpreter', 'verilator'])
  })
})

describe.skipIf(!present)('bitloom/language in Chromium', () => {
  let browser: Browser
  let server: Server
  let address: string
  let expected: Findings
  const served = new Map<string, string>()
  const page = (imports: string, script: string): string =>
    `<!doctype html><link rel="icon" href="data:,"><script type="importmap">{"imports":{"bitloom/language":"${imports}"}}</script><script type="module" src="${script}"></script>`
  const main = `import * as language from 'bitloom/language'\nimport { findings } from './design.js'\nglobalThis.findings = findings(language)\n`

  beforeAll(async () => {
    const bundled = async (text: string): Promise<string> => {
      const source: Rollup.Plugin = {
        name: 'text',
        resolveId: (id) => (id === 'start' || id === './design.js' ? id : id === 'bitloom/language' ? entry : null),
        load: (id) => (id === 'start' ? text : id === './design.js' ? design : null),
      }
      const result = (await build({
        configFile: false,
        logLevel: 'error',
        plugins: [source],
        build: {
          write: false,
          minify: true,
          rolldownOptions: { input: 'start', preserveEntrySignatures: 'strict', output: { format: 'es' } },
        },
      })) as Rollup.RollupOutput
      expect(result.output).toHaveLength(1)
      return result.output[0].code
    }
    served.set('/design.js', design).set('/main.js', main)
    served.set('/language.js', await bundled("export * from 'bitloom/language'"))
    served.set('/whole.js', await bundled(main))
    served.set('/unbundled.html', page('/dist/language.js', '/main.js'))
    served.set('/bundled.html', page('/language.js', '/main.js'))
    served.set('/whole.html', page('/nowhere.js', '/whole.js'))
    server = createServer(({ url = '' }, answer) => {
      const file = join(root, url)
      const text =
        served.get(url) ?? (url.startsWith('/dist/') && existsSync(file) ? readFileSync(file, 'utf8') : undefined)
      const type = url.endsWith('.html') ? 'text/html' : 'text/javascript'
      answer.writeHead(text === undefined ? 404 : 200, { 'content-type': type }).end(text)
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const args =
      '--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync'
    browser = await chromium.launch({ executablePath, args: args.split(' ') })
    const { findings } = (await import(`data:text/javascript,${encodeURIComponent(design)}`)) as {
      findings: (of: typeof language) => Findings
    }
    expected = findings(language)
  })
  afterAll(async () => {
    await browser.close()
    await new Promise((done) => server.close(done))
  })

  it.each([
    ['as files', 'unbundled', `design.js:${lineOfMistake}`],
    ['bundled and minified, the design beside it', 'bundled', `design.js:${lineOfMistake}`],
    ['in one file with the design', 'whole', undefined],
  ])('%s prints, simulates and complains as in Node', async (_, name, where) => {
    const view = await browser.newPage()
    const complaints: string[] = []
    view.on('console', (message) => complaints.push(message.text()))
    view.on('pageerror', (error) => complaints.push(error.message))
    await view.goto(`${address}/${name}.html`)
    await view.waitForFunction('globalThis.findings').catch(() => expect(complaints).toEqual([]))
    const found = (await view.evaluate('globalThis.findings')) as Findings
    expect(complaints).toEqual([])
    expect({ ...found, mistake: undefined }).toEqual({ ...expected, mistake: undefined })
    expect(found.difference).toBe('none')
    expect(found.failures).toBe(0)
    expect(new Set(found.response).size).toBeGreaterThan(100)
    const sentence = 'shl takes a whole number of places from 0 to 65536, got -1; choose one of those'
    expect(found.mistake).toEqual({
      name: 'HdlError',
      code: 'E-RANGE',
      where,
      message: `E-RANGE in wrong${where ? ` (${where})` : ''}: ${sentence}`,
    })
    await view.close()
  })
})
