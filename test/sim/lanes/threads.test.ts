import { afterAll, describe, expect, it } from 'vitest'
// Threads run the compiled program.
import { openLanes } from '../../../dist/sim/lanes/index.js'
import { outputStationaryArray } from '../../../src/accel/output-stationary.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { laneRows, laneWords, rowsOfLane } from '../../../src/sim/lanes/engine.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'
import { laneDifference } from './lanes.ts'

const module = outputStationaryArray(processingElement('mac(w=int8, a=int8)'), { rows: 1, columns: 1 })
const open: { close(): Promise<void> }[] = []
const threaded = async (lanes: number, threads: number, checks = true) => {
  const engine = await openLanes('wasm', module, { lanes, threads, checks })
  open.push(engine)
  return engine
}
afterAll(async () => {
  for (const engine of open) await engine.close()
})

describe('threads that share lanes', () => {
  it.each([
    [100, 2],
    [17, 3],
    [5, 4],
  ])('agree with the interpreter on %d lanes in %d threads', async (lanes, threads) => {
    const looks = [0, 15, 16, 47, 48, 64, lanes - 1].filter((lane) => lane < lanes)
    const engine = await threaded(lanes, threads)
    expect(await laneDifference(module, engine, { cycles: 60, seed: 1, looks, registers: true })).toBeUndefined()
    expect(engine.cycle).toBe(60)
    await engine.reset()
    for (const lane of looks) expect(await engine.register('pe_0_0.sum_valid', lane)).toBe(0n)
  })

  it('read and write shared memory where it is', async () => {
    const engine = await threaded(64, 2, false)
    const { inputWords, outputWords } = engine.ports
    const stimuli = Array.from({ length: 64 }, (_, lane) => randomStimulus(engine.ports, 50, lane))
    const own = laneRows(stimuli)
    const shared = new Int32Array(new SharedArrayBuffer(own.byteLength))
    shared.set(own)
    const words = laneWords(64, 50, outputWords)
    const [response, copied] = [new Int32Array(new SharedArrayBuffer(4 * words)), new Int32Array(words)]
    await engine.replay(shared, 50, response)
    await engine.reset()
    await engine.replay(own, 50, copied)
    expect(rowsOfLane(shared, 50 * inputWords, 63)).toEqual(stimuli[63])
    expect(Buffer.from(response.buffer).equals(Buffer.from(copied.buffer))).toBe(true)
    expect(copied.some((word) => word !== 0)).toBe(true)
  })

  it('are a whole number', async () => {
    for (const threads of [0, 1.5, 257])
      await expect(openLanes('wasm', module, { lanes: 16, threads })).rejects.toThrow('threads are a whole number')
  })
})
