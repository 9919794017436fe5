import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../../src/accel/output-stationary.ts'
import { UserError } from '../../../src/base/user-error.ts'
import { blackBox, component, type Module, s, u } from '../../../src/dsl/index.ts'
import { catalogue, elementOf, processingElement } from '../../../src/pe/catalogue.ts'
import { type LaneEngine, laneRows, laneWords, rowsOfLane } from '../../../src/sim/lanes/engine.ts'
import { webgpuLanes } from '../../../src/sim/lanes/webgpu/engine.ts'
import { openGpu } from '../../../src/sim/lanes/webgpu/gpu.ts'
import { lonePe } from '../../../src/verify/verify.ts'
import { type Limits, randomComponent } from '../../fuzz/random-component.ts'
import { randomMemories } from '../../fuzz/random-memories.ts'
import { laneDifference } from './lanes.ts'

/** Why no adapter opens here, one sentence. */
const missing = await openGpu().then(
  ({ device }) => {
    device.destroy()
    return undefined
  },
  (error) => {
    if (error instanceof UserError) return error.message
    throw error
  },
)
if (missing) console.warn(`skipped: lanes on webgpu: ${missing}`)

const full = Boolean(process.env.BITLOOM_FULL)
const designs = full ? 200 : 12
const timeout = full ? 3_600_000 : 300_000
const open: LaneEngine[] = []
const opened = async (module: Module, lanes: number): Promise<LaneEngine> => {
  const engine = await webgpuLanes(module, lanes, true)
  open.push(engine)
  return engine
}
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
/** Compiled shaders live as long as the objects that stand for them, whose size nobody tells the collector. */
const closeAll = async (): Promise<void> => {
  for (const engine of open.splice(0)) await engine.close()
  await setImmediate()
  collectGarbage()
}
afterAll(closeAll)
const boxed = (module: Module): boolean => module.blackBox !== undefined || module.instances.some(({ of }) => boxed(of))

const kinds: readonly (readonly [string, typeof randomComponent, Limits])[] = [
  ['narrow values', randomComponent, { width: 24, operations: 40, depth: 1 }],
  ['values of about 32 bits', randomComponent, { width: 40, favourites: [31, 32, 33], operations: 30, depth: 0 }],
  [
    'values beyond 64 bits',
    randomComponent,
    { width: 130, favourites: [32, 64, 65, 96, 128], operations: 30, depth: 1 },
  ],
  ['memories, most of two clocks', randomMemories, { width: 70, operations: 8, depth: 1 }],
]

describe.skipIf(missing)('lanes on webgpu agree with the interpreter, lane by lane', () => {
  it.each(kinds)(
    'on random designs with %s',
    async (_, make, limits) => {
      let run = 0
      for (let seed = 1; run < designs; seed++) {
        const { module } = make(seed, limits)
        if (boxed(module)) continue
        run++
        const lanes = [1, 16, 37, 100][seed % 4]!
        const looks = [0, 1, 15, 31, lanes - 1].filter((lane) => lane < lanes)
        const engine = await opened(module, lanes)
        const difference = await laneDifference(module, engine, { cycles: 40, seed, looks, registers: seed % 4 === 0 })
        expect(difference, `${make.name}(${seed}, ${JSON.stringify(limits)}), ${lanes} lanes`).toBeUndefined()
        await closeAll()
      }
    },
    timeout,
  )

  it.each(catalogue)(
    'on a single PE of %s',
    async (spec) => {
      const module = lonePe(elementOf(spec))
      const engine = await opened(module, 20)
      expect(await laneDifference(module, engine, { cycles: 60, seed: 1, looks: [0, 19] })).toBeUndefined()
      await closeAll()
    },
    timeout,
  )

  const Sum = component('sum', () => ({
    in: { x: s(8) },
    out: { y: s(40) },
    logic({ x }, { checked, regs }) {
      const r = regs({ sum: s(40) })
      r.sum.next = checked(r.sum.add(x.shl(16)), s(40), 'the sum fits')
      return { y: r.sum }
    },
  }))

  it('on products of whole words, with and without sign', async () => {
    const { module } = component('products', () => ({
      in: { a: u(32), b: u(32), c: s(64), d: s(64) },
      out: { ab: u(64), cd: s(128) },
      logic: ({ a, b, c, d }) => ({ ab: a.mul(b), cd: c.mul(d) }),
    }))({})
    const engine = await opened(module, 16)
    expect(await laneDifference(module, engine, { cycles: 60, seed: 5 })).toBeUndefined()
    await closeAll()
  })

  it('in replays of more rows than are on the device at a time, and of rows that repeat', async () => {
    const { module } = Sum({})
    const engine = await opened(module, 18)
    expect(engine.adapter).toMatch(/\w/)
    expect(
      await laneDifference(module, engine, { cycles: 4000, seed: 3, looks: [0, 17], registers: true }),
    ).toBeUndefined()
    await engine.reset()
    const response = new Int32Array(laneWords(18, 2500, 2))
    const ramp = Array.from({ length: 18 }, (_, lane) => Int32Array.of(1, lane, 3))
    await engine.replay(laneRows(ramp), 2500, response)
    const last = rowsOfLane(response, 5000, 17).slice(-2)
    // 833 times 1, 17 and 3; the last row's sum is not out yet.
    expect((BigInt(last[1]!) << 32n) + BigInt(last[0]! >>> 0)).toBe((833n * 21n) << 16n)
    expect(await engine.register('sum', 17)).toBe((833n * 21n + 1n) << 16n)
    expect(await engine.register('other', 17)).toBeUndefined()
    await expect(engine.register('sum', 18)).rejects.toThrow('lanes 0 to 17')
  })

  it('on the first failed check of each lane', async () => {
    const engine = await opened(Sum({}).module, 3)
    const stimulus = laneRows([127, 0, -128].map((value) => new Int32Array(1).fill(value)))
    await engine.replay(stimulus, 50_000)
    await engine.replay(stimulus, 50_000)
    expect(engine.failures).toEqual([
      { lane: 0, cycle: Math.floor((2 ** 39 - 1) / (127 << 16)), message: 'the sum fits' },
      { lane: 2, cycle: 65536, message: 'the sum fits' },
    ])
    expect(engine.cycle).toBe(100_000)
  })

  it('or says why it does not run a design', async () => {
    const Buffer = blackBox('BUFFER', { in: { I: u(4) }, out: { O: u(4) }, model: { outputs: { O: ({ I }) => I } } })
    const boxed = component('boxed', () => ({
      in: { x: u(4) },
      out: { y: u(4) },
      logic: ({ x }, { use }) => ({ y: use('buffer', Buffer, { I: x }).O }),
    }))({}).module
    await expect(webgpuLanes(boxed, 1, true)).rejects.toThrow("'BUFFER' is a black box; take the engine 'wasm'")
    const huge = outputStationaryArray(processingElement('mac(w=int8, a=int8)'), { rows: 64, columns: 64 })
    await expect(webgpuLanes(huge, 1, true)).rejects.toThrow('compilers take 20000 at most')
    const big = component('big', () => ({
      in: { at: u(16) },
      out: { word: s(64) },
      logic({ at }, { memory }) {
        const words = memory('words', { depth: 65536, of: s(64), collide: 'old' })
        words.write(at, at.sub(1))
        return { word: words.read(at) }
      },
    }))({}).module
    await expect(webgpuLanes(big, 2 ** 16, true)).rejects.toThrow('take fewer lanes')
  })
})
