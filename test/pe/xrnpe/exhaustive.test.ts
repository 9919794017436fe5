import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { finite } from '../../../src/formats/index.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import {
  formatOfMode,
  lanesOf,
  type ModeName,
  modes,
  type PackingName,
  packingNames,
} from '../../../src/pe/xrnpe/modes.ts'
import { portNamed } from '../../../src/sim/engine.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { lonePe } from '../../../src/verify/verify.ts'

const full = process.env.BITLOOM_FULL === '1'

/** Results of groups of one code each, in one lane of words that are 0 elsewhere, back to back. */
const resultsOf = (
  name: ModeName,
  pairs: readonly (readonly [activation: number, weight: number])[],
  { packing = 'lanes_4_2_1', lane = 0 }: { readonly packing?: PackingName; readonly lane?: number } = {},
): Int32Array => {
  const pe = processingElement(`xrnpe(mode=${name}, packing=${packing})`)
  const engine = openEngine('wasm', lonePe(pe))
  const { ports } = engine
  const latency = pe.timing.latency_cycles
  const at = (port: string): number => portNamed(ports.inputs, port).offset
  const stimulus = new Int32Array((pairs.length + latency) * ports.inputWords)
  const from = lane * modes[name].bits
  pairs.forEach(([activation, weight], k) => {
    const row = k * ports.inputWords
    stimulus[row + at('activation_0') + (from >> 5)] = activation << (from & 31)
    stimulus[row + at('weight_0') + (from >> 5)] = weight << (from & 31)
    stimulus[row + at('last')] = 1
    stimulus[row + at('mode')] = modes[name].code
  })
  const response = new Int32Array((pairs.length + latency) * ports.outputWords)
  engine.replay(stimulus, pairs.length + latency, response)
  const result = portNamed(ports.outputs, 'result_0').offset
  return Int32Array.from(pairs, (_, k) => response[(k + latency) * ports.outputWords + result]!)
}

/** Codes of the products of every pair of codes in one lane, in rows of one activation each. */
const productsInLane = (name: 'posit(4,1)' | 'posit(8,0)', packing: PackingName, lane: number): Uint8Array => {
  const { bits } = modes[name]
  const pairs = Array.from({ length: 4 ** bits }, (_, k) => [k >> bits, k & (2 ** bits - 1)] as const)
  return Uint8Array.from(resultsOf(name, pairs, { packing, lane }), (result) => result & 0xff)
}

/** SHA-256 of tables of products that SoftPosit, Universal and fast-posit agree on, bit for bit. */
const digests = {
  'posit(4,1)': 'e17ea21efb6e542f06659e2c2660ebbb24e48d6486f5ede64ae46fce3ad690f4',
  'posit(8,0)': '908d123cd2f8b627e7fb8123215f74cf35a1cc9da49b8e69181a345076ae5113',
} as const

describe('every product of two codes', () => {
  it.each(
    packingNames.flatMap((packing) =>
      (['posit(4,1)', 'posit(8,0)'] as const).flatMap((name) =>
        Array.from({ length: lanesOf(modes[name], packing) }, (_, lane) => [name, packing, lane] as const),
      ),
    ),
  )('of %s with %s in lane %i is what three public libraries give', (name, packing, lane) => {
    expect(
      createHash('sha256')
        .update(productsInLane(name, packing, lane))
        .digest('hex'),
    ).toBe(digests[name])
  })
})

describe('products of posit(16,1)', () => {
  const format = formatOfMode(modes['posit(16,1)'])
  const mismatches = (words: readonly (readonly [number, number])[]): number => {
    const { golden } = processingElement('xrnpe(mode=posit(16,1))')
    const found = resultsOf('posit(16,1)', words)
    return words.filter(([a, b], k) => BigInt(found[k]!) !== golden([a], [b], 0)).length
  }

  it('are right for all pairs of corners: zero, NaR, the ends, powers of two and their neighbours', () => {
    const powers = Array.from({ length: 57 }, (_, k) => Number(format.encode(finite(1n, k - 28))))
    const corners = [0, 1, 2, 0x7fff, 0x7ffe, ...powers.flatMap((code) => [code - 1, code, code + 1])]
    const both = [...new Set(corners.flatMap((code) => [code & 0xffff, -code & 0xffff]).concat(0x8000))]
    expect(both.length).toBe(296)
    expect(mismatches(both.flatMap((a) => both.map((b) => [a, b] as const)))).toBe(0)
  }, 120_000)

  it(`are right for ${full ? '1,000,000' : '20,000'} random pairs`, () => {
    const random = randomWords(161)
    const words = Array.from({ length: full ? 1_000_000 : 20_000 }, () => {
      const pair = random()
      return [pair & 0xffff, pair >>> 16] as const
    })
    expect(mismatches(words)).toBe(0)
  }, 300_000)
})
