import { describe, expect, it } from 'vitest'
import { elementOf } from '../../../src/pe/catalogue.ts'
import { javascriptEngine } from '../../../src/sim/javascript/engine.ts'
import { lonePe, verify } from '../../../src/verify/verify.ts'

const full = process.env.BITLOOM_FULL === '1'
const options = { groups: full ? 3000 : 150, seed: 6 }

describe('bitmod', () => {
  it.each([
    'bitmod(w=int8)',
    'bitmod(w=int6)',
    'bitmod(w=int5)',
    'bitmod(w=int4)',
    'bitmod(w=int3)',
    'bitmod(w=fp4)',
    'bitmod(w=fp3)',
    'bitmod(w=int8, significance=shift)',
    'bitmod(w=fp4, significance=shift, inputs=local)',
    'bitmod(w=int6, inputs=skewed)',
    'bitmod(w=int8, inputs=local, magnitude=18)',
    'bitmod(w=fp4, magnitude=18, significance=shift)',
    'bitmod(w=fp4, inputs=aligned)',
    'bitmod(w=int8, inputs=aligned, significance=shift, magnitude=18, guard=4)',
    'bitmod(w=int6, inputs=aligned, lanes=3, guard=0)',
    'bitmod(w=fp3, lanes=8, guard=0)',
    'bitmod(w=int4, lanes=1, guard=5, magnitude=11)',
    'bitmod(w=int8, lanes=3, group=4096, magnitude=10, significance=shift)',
  ])(
    '%s is its golden model, in the cycles of its contract',
    async (spec) => {
      const pe = elementOf(spec)
      const result = await verify(javascriptEngine(lonePe(pe)), pe, options)
      expect(result.first).toBeUndefined()
      expect(result).toMatchObject({ mismatches: 0, vectors: options.groups })
    },
    600_000,
  )
})
