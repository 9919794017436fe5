import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { packLanes } from '../../../src/pe/lanes.ts'
import { modes } from '../../../src/pe/xrnpe/modes.ts'
import { portNamed } from '../../../src/sim/engine.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { lonePe } from '../../../src/verify/verify.ts'

/** Results of a group of one for every pair of codes in one lane of words that are 0 elsewhere, in rows of one activation each. */
const productsInLane = (name: 'posit(4,1)' | 'posit(8,0)', lane: number): Uint8Array => {
  const pe = processingElement(`xrnpe(mode=${name})`)
  const engine = openEngine('js', lonePe(pe))
  const { ports } = engine
  const { bits, lanes, code } = modes[name]
  const count = 4 ** bits
  const latency = pe.timing.latency_cycles
  const at = (port: string): number => portNamed(ports.inputs, port).offset
  const stimulus = new Int32Array((count + latency) * ports.inputWords)
  const word = (value: number): number =>
    packLanes(
      Array.from({ length: lanes }, (_, k) => (k === lane ? value : 0)),
      bits,
    )
  for (let k = 0; k < count; k++) {
    const row = k * ports.inputWords
    stimulus[row + at('activation_0')] = word(k >> bits)
    stimulus[row + at('weight_0')] = word(k & (2 ** bits - 1))
    stimulus[row + at('last')] = 1
    stimulus[row + at('mode')] = code
  }
  const response = new Int32Array((count + latency) * ports.outputWords)
  engine.replay(stimulus, count + latency, response)
  const result = portNamed(ports.outputs, 'result_0').offset
  return Uint8Array.from({ length: count }, (_, k) => response[(k + latency) * ports.outputWords + result]! & 0xff)
}

/** SHA-256 of tables of products that SoftPosit, Universal and fast-posit agree on, bit for bit. */
const digests = {
  'posit(4,1)': 'e17ea21efb6e542f06659e2c2660ebbb24e48d6486f5ede64ae46fce3ad690f4',
  'posit(8,0)': '908d123cd2f8b627e7fb8123215f74cf35a1cc9da49b8e69181a345076ae5113',
} as const

describe('every product of two codes', () => {
  it.each(
    (['posit(4,1)', 'posit(8,0)'] as const).flatMap((name) =>
      Array.from({ length: modes[name].lanes }, (_, lane) => [name, lane] as const),
    ),
  )('of %s in lane %i is what three public libraries give', (name, lane) => {
    expect(createHash('sha256').update(productsInLane(name, lane)).digest('hex')).toBe(digests[name])
  })
})
