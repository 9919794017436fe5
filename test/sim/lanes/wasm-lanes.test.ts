import { describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../../src/accel/output-stationary.ts'
import { blackBox, bool, component, type Module, mux, s, u, vec } from '../../../src/dsl/index.ts'
import { catalogue, elementOf } from '../../../src/pe/catalogue.ts'
import { portLayout, portNamed, writePort } from '../../../src/sim/engine.ts'
import { laneRows, laneWords, rowsOfLane } from '../../../src/sim/lanes/engine.ts'
import { openOwnLanes } from '../../../src/sim/lanes/open.ts'
import { wasmLanes } from '../../../src/sim/lanes/wasm.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'
import { unsupported } from '../../../src/sim/vector/supported.ts'
import { lonePe } from '../../../src/verify/verify.ts'
import { type Limits, randomComponent } from '../../fuzz/random-component.ts'
import { randomMemories } from '../../fuzz/random-memories.ts'
import { chain, crossed, edged, irregular, rows, systolic, wavefront } from '../grids.ts'
import { manyInstances } from '../many-instances.ts'
import { laneDifference } from './lanes.ts'

const full = Boolean(process.env.BITLOOM_FULL)
const designs = full ? 300 : 20
const timeout = full ? 3_600_000 : 300_000
const differenceIn = (module: Module, lanes: number, looks: readonly number[], cycles: number, seed: number) =>
  laneDifference(module, wasmLanes(module, lanes, true), { cycles, seed, looks, registers: true })

const narrow = catalogue.filter((spec) => !unsupported(lonePe(elementOf(spec))))
const kinds: readonly (readonly [string, typeof randomComponent, Limits])[] = [
  ['narrow values', randomComponent, { width: 24, operations: 40, depth: 1 }],
  ['values of about 32 bits', randomComponent, { width: 40, favourites: [31, 32, 33], operations: 30, depth: 0 }],
  [
    'values up to 64 bits',
    randomComponent,
    { width: 64, favourites: [31, 32, 33, 62, 63, 64], operations: 10, depth: 0 },
  ],
  ['three levels of hierarchy', randomComponent, { width: 34, operations: 12, depth: 3 }],
  ['memories, most of two clocks', randomMemories, { width: 24, operations: 8, depth: 1 }],
]

describe('lanes in WebAssembly agree with the interpreter, lane by lane, on outputs, registers and first failed checks', () => {
  it.each(kinds)(
    'on random designs with %s',
    async (_, make, limits) => {
      let run = 0
      for (let seed = 1; run < designs; seed++) {
        expect(seed, 'designs tried').toBeLessThan(10 * (run + 2))
        const { module } = make(seed, limits)
        if (unsupported(module)) continue
        run++
        const lanes = [1, 16, 37, 200][seed % 4]!
        const looks = [0, 1, 15, 16, 31, lanes - 1].filter((lane) => lane < lanes)
        const difference = await differenceIn(module, lanes, looks, 40, seed)
        expect(difference, `${make.name}(${seed}, ${JSON.stringify(limits)}), ${lanes} lanes`).toBeUndefined()
      }
    },
    timeout,
  )

  it.each(narrow)(
    'on a single PE of %s',
    async (spec) => {
      expect(await differenceIn(lonePe(elementOf(spec)), 20, [0, 3, 19], full ? 300 : 60, 1)).toBeUndefined()
    },
    timeout,
  )

  it.each(narrow.filter((spec) => /^(mac|mixpe)/.test(spec)))(
    'on arrays of %s, whose instances are lanes as well',
    async (spec) => {
      const pe = elementOf(spec)
      if ('tile' in pe) throw new Error('a family with a tile of its own')
      for (const size of [
        { rows: 4, columns: 4 },
        { rows: 3, columns: 17 },
      ]) {
        const module = outputStationaryArray(pe, size)
        expect(await differenceIn(module, 33, [0, 15, 16, 32], full ? 200 : 40, 2)).toBeUndefined()
      }
    },
    timeout,
  )

  it.each([
    ['a systolic grid of cells that hold a multiplier of their own', systolic(6, 7)],
    ['a wavefront, both outputs of a cell within the cycle of both inputs', wavefront(12)],
    ['a chain of cells within one cycle', chain(40)],
    ['rows of cells with logic in the rows', rows(5, 8)],
    ['cells read early by others and late by themselves', crossed(16)],
    ['a row of cells that ends in constants', edged(24)],
    ['one module without repetition', irregular(3, 60, 500)],
  ])('on %s', async (_, module) => {
    expect(await differenceIn(module, 18, [0, 7, 17], full ? 300 : 60, 3)).toBeUndefined()
  })

  const leaves: readonly (readonly [string, Limits])[] = [
    ['bytes', { width: 12, operations: 14, depth: 0 }],
    ['values about lanes of 8 and 16 bits', { width: 20, favourites: [7, 8, 15, 16, 17], operations: 20, depth: 0 }],
    ['values about lanes of 32 bits, up to 64', { width: 60, favourites: [31, 32, 33], operations: 14, depth: 0 }],
  ]
  it.each(leaves)(
    'on many instances of a random module with %s, wired at random',
    async (_, limits) => {
      let run = 0
      for (let seed = 1; run < (full ? 200 : 8); seed++) {
        const module = manyInstances(
          seed,
          randomComponent(seed, limits).module,
          [5, 16, 24, 40][seed % 4]!,
          seed % 3 > 0,
        )
        if (unsupported(module)) continue
        run++
        const difference = await differenceIn(module, 17, [0, 11, 16], 30, seed)
        expect(difference, `manyInstances(${seed}), ${JSON.stringify(limits)}`).toBeUndefined()
      }
    },
    timeout,
  )

  it('on rows that end in a constant other than 0, on memories that all see one address, and on tables read one after the other', async () => {
    const Held = component('held', () => ({
      in: { right: s(8) },
      out: { y: s(8) },
      logic({ right }, { regs }) {
        const r = regs({ y: s(8) })
        r.y.next = r.y.sub(right).wrap(s(8))
        return { y: r.y }
      },
    }))
    const Words = component('held_words', () => ({
      in: { at: u(3), write: bool, data: s(8) },
      out: { word: s(8) },
      logic({ at, write, data }, { memory }) {
        const words = memory('words', { depth: 8, of: s(8), collide: 'old' })
        words.write(at, data, { enable: write })
        return { word: words.read(at) }
      },
    }))
    const Table = component('look_up', () => ({
      in: { at: u(3), write: bool, data: u(3) },
      out: { found: u(3) },
      logic({ at, write, data }, { memory }) {
        const words = memory('words', { depth: 8, of: u(3), collide: 'old', initial: [3, 5, 1, 0, 7, 2, 6, 4] })
        words.write(data, at, { enable: write })
        return { found: words.lookup(at) }
      },
    }))
    const count = 24
    const { module } = component('all', () => ({
      in: { at: u(3), write: bool, x: s(8) },
      out: { held: s(8), word: s(8), last: u(3) },
      logic({ at, write, x }, { use, wires }) {
        const w = wires({ y: vec(count, s(8)) })
        for (let k = 0; k < count; k++) {
          const right = k < count - 1 ? w.y[k + 1]! : 7
          w.y[k]!.value = use(`held_${k}`, Held({}), { right }).y
        }
        let word = x
        let last = at
        for (let k = 0; k < count; k++) {
          word = use(`words_${k}`, Words({}), { at, write, data: word }).word
          last = use(`table_${k}`, Table({}), { at: last, write, data: at }).found
        }
        return { held: w.y[0]!, word, last }
      },
    }))({})
    expect(await differenceIn(module, 33, [0, 1, 15, 16, 32], 80, 9)).toBeUndefined()
  })

  it('on many instances of memories', async () => {
    let run = 0
    for (let seed = 1; run < (full ? 100 : 6); seed++) {
      const leaf = randomComponent(seed, { width: 20, operations: 8, depth: 0 }).module
      if (leaf.memories.length === 0) continue
      const module = manyInstances(seed, leaf, 20, true)
      if (unsupported(module)) continue
      run++
      expect(await differenceIn(module, 40, [0, 16, 39], 40, seed), `manyInstances(${seed})`).toBeUndefined()
    }
  })
})

const Sum = component('sum', () => ({
  in: { x: s(8) },
  out: { y: s(20) },
  logic({ x }, { checked, regs }) {
    const r = regs({ sum: s(20) })
    r.sum.next = checked(r.sum.add(x), s(20), 'the sum fits')
    return { y: r.sum }
  },
}))

describe('a lane engine', () => {
  const { module } = Sum({})
  const constant = (value: bigint, rows: number): Int32Array => {
    const ports = portLayout(module)
    const words = new Int32Array(rows)
    for (let k = 0; k < rows; k++) writePort(words, portNamed(ports.inputs, 'x'), value, k)
    return words
  }

  it('reports the first failed check of each lane, with its cycle since the start', async () => {
    const engine = await openOwnLanes('wasm', module, { lanes: 3 })
    const stimulus = laneRows([constant(127n, 1000), constant(0n, 1000), constant(-128n, 1000)])
    for (let k = 0; k < 5; k++) await engine.replay(stimulus, 1000)
    const messages = 'the sum fits'
    expect(engine.failures).toEqual([
      { lane: 0, cycle: 4128, message: messages },
      { lane: 2, cycle: 4096, message: messages },
    ])
    expect(engine.cycle).toBe(5000)
    const without = await openOwnLanes('wasm', module, { lanes: 3, checks: false })
    for (let k = 0; k < 5; k++) await without.replay(stimulus, 1000)
    expect(without.failures).toEqual([])
  })

  it('repeats a stimulus that has fewer rows than cycles, and holds one row still', async () => {
    const ramp = Int32Array.of(1, 2, 3)
    for (const name of ['wasm', 'interpreter'] as const) {
      const engine = await openOwnLanes(name, module, { lanes: 2 })
      await engine.replay(laneRows([ramp, Int32Array.of(5, 0, 0)]), 3000)
      expect([await engine.register('sum', 0), await engine.register('sum', 1)]).toEqual([6000n, 5000n])
      await engine.replay(laneRows([Int32Array.of(1), Int32Array.of(-1)]), 2000)
      expect([await engine.register('sum', 0), await engine.register('sum', 1)]).toEqual([8000n, 3000n])
      expect(await engine.register('other', 0)).toBeUndefined()
      await engine.reset()
      expect([await engine.register('sum', 0), await engine.register('sum', 1)]).toEqual([0n, 0n])
    }
  })

  it('runs designs that have no vector program lane after lane, and says why', async () => {
    const Box = blackBox('BOX', { in: { A: u(8) }, out: { Y: u(8) }, model: { outputs: { Y: ({ A }) => A ^ 5n } } })
    const boxed = component('boxed', () => ({
      in: { x: u(8) },
      out: { y: u(8) },
      logic: ({ x }, { use }) => ({ y: use('box', Box, { A: x }).Y }),
    }))({}).module
    const engine = await openOwnLanes('wasm', boxed, { lanes: 5 })
    expect([engine.name, engine.fallback]).toEqual(['js', expect.stringContaining('black box')])
    expect(await laneDifference(boxed, engine, { cycles: 20, seed: 1 })).toBeUndefined()
    expect(engine.cycle).toBe(20)
  })

  it('runs values of more than 64 bits', async () => {
    const wide = component('wide', () => ({
      in: { x: u(40), y: s(70) },
      out: { z: s(110) },
      logic({ x, y }, { regs }) {
        const r = regs({ kept: s(110) })
        r.kept.next = y.mul(x).add(r.kept.shr(3)).wrap(s(110))
        return { z: r.kept }
      },
    }))({}).module
    const engine = await openOwnLanes('wasm', wide, { lanes: 21 })
    expect([engine.name, engine.fallback]).toEqual(['wasm', undefined])
    expect(await laneDifference(wide, engine, { cycles: 40, seed: 2 })).toBeUndefined()
  })

  it('chooses between values of 64-bit lanes by an input of one bit, whose mask is widened before it is made', async () => {
    const chosen = component('chosen', () => ({
      in: { first: bool, a: s(40), b: s(40) },
      out: { y: s(40) },
      logic: ({ first, a, b }) => ({ y: mux(first, a, b) }),
    }))({}).module
    const engine = await openOwnLanes('wasm', chosen, { lanes: 16 })
    expect(engine.name).toBe('wasm')
    expect(await laneDifference(chosen, engine, { cycles: 10, seed: 1 })).toBeUndefined()
  })

  it('refuses what is no number of lanes, rows that are not whole, responses of another size', async () => {
    for (const lanes of [0, 1.5, 2 ** 20 + 1, Number.NaN])
      await expect(openOwnLanes('wasm', module, { lanes })).rejects.toThrow(
        'lanes are a whole number from 1 to 1048576',
      )
    for (const name of ['wasm', 'js'] as const) {
      const engine = await openOwnLanes(name, module, { lanes: 17 })
      await expect(engine.replay(new Int32Array(33), 1)).rejects.toThrow('whole rows of 32 words, got 33')
      await expect(engine.replay(new Int32Array(32), 2, new Int32Array(63))).rejects.toThrow('has 64 words, got 63')
    }
    for (const name of ['wasm', 'js'] as const) {
      const engine = await openOwnLanes(name, module, { lanes: 17 })
      for (const lane of [-1, 17]) await expect(engine.register('sum', lane)).rejects.toThrow('lanes 0 to 16')
    }
    // @ts-expect-error no engine of that name
    await expect(openOwnLanes('wsam', module, { lanes: 1 })).rejects.toThrow("did you mean 'wasm'")
  })

  it('refuses more lanes than memory holds', async () => {
    const big = component('big', () => ({
      in: { at: u(16) },
      out: { word: s(64) },
      logic({ at }, { memory }) {
        const words = memory('words', { depth: 65536, of: s(64), collide: 'old' })
        words.write(at, at.sub(1))
        return { word: words.read(at) }
      },
    }))({}).module
    await expect(openOwnLanes('wasm', big, { lanes: 4096 })).rejects.toThrow('take fewer lanes at a time')
  })
})

describe('rows of lanes', () => {
  it('come out as they went in, and fill the last strip', () => {
    const ports = portLayout(Sum({}).module)
    for (const lanes of [1, 15, 16, 17, 40]) {
      const stimuli = Array.from({ length: lanes }, (_, lane) => randomStimulus(ports, 7, lane))
      const all = laneRows(stimuli)
      expect(all.length).toBe(laneWords(lanes, 7, ports.inputWords))
      stimuli.forEach((words, lane) => {
        expect(rowsOfLane(all, words.length, lane)).toEqual(words)
      })
    }
    expect(() => laneRows([new Int32Array(2), new Int32Array(3)])).toThrow('every lane has as many words, got 2 and 3')
  })
})
