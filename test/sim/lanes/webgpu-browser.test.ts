import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const executablePath = '/usr/bin/chromium'
const present = existsSync(executablePath)
if (!present) console.warn(`skipped: lanes on a browser's WebGPU need ${executablePath} (npm run setup:tools)`)

const script = `
import { component, laneRows, laneWords, openLanes, randomStimulus, s } from '/dist/language.js'
const { module } = component('sum', () => ({
  in: { x: s(20) },
  out: { y: s(40) },
  logic({ x }, { regs }) {
    const r = regs({ sum: s(40) })
    r.sum.next = r.sum.add(x.mul(x)).wrap(s(40))
    return { y: r.sum }
  },
}))({})
const lanes = 70
const run = async (name) => {
  const engine = await openLanes(name, module, { lanes })
  const stimulus = laneRows(Array.from({ length: lanes }, (_, lane) => randomStimulus(engine.ports, 100, lane)))
  const response = new Int32Array(laneWords(lanes, 100, engine.ports.outputWords))
  await engine.replay(stimulus, 100, response)
  await engine.close()
  return { adapter: engine.adapter, response: [...response] }
}
globalThis.found = await Promise.all(['webgpu', 'wasm'].map(run)).catch((error) => error.message)
`
/** As in `WebGPU in headless Chromium`: a page of this machine, SwiftShader in place of a graphics processor. */
const flags =
  '--no-sandbox --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader --enable-unsafe-swiftshader --no-first-run ' +
  '--disable-background-networking --disable-component-update --disable-sync'

describe.skipIf(!present)("lanes on a browser's WebGPU", () => {
  it('give what WebAssembly gives, in Chromium', async () => {
    const server = createServer(({ url = '' }, answer) => {
      const file = join(root, url)
      const isPage = url === '/'
      const text =
        url === '/script.js'
          ? script
          : url.startsWith('/dist/') && existsSync(file)
            ? readFileSync(file, 'utf8')
            : '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/script.js"></script>'
      answer.writeHead(200, { 'content-type': isPage ? 'text/html' : 'text/javascript' }).end(text)
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const browser = await chromium.launch({ executablePath, args: flags.split(' ') })
    try {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
      await page.waitForFunction('globalThis.found')
      const found = (await page.evaluate('globalThis.found')) as { adapter: string; response: number[] }[]
      expect(found).toHaveLength(2)
      const [gpu, wasm] = found
      expect(gpu!.adapter).toMatch(/\w/)
      expect(gpu!.response).toEqual(wasm!.response)
      expect(new Set(wasm!.response).size).toBeGreaterThan(1000)
    } finally {
      await browser.close()
      await new Promise((done) => server.close(done))
    }
  })
})
