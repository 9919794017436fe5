import { describe, expect, it } from 'vitest'
import { processingElement } from '../../src/pe/catalogue.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { lonePe, verify } from '../../src/verify/verify.ts'

const full = process.env.BITLOOM_FULL === '1'
const options = { groups: full ? 2000 : 60, seed: 16 }

describe('fmac', () => {
  it.each([
    'fmac',
    'fmac(acc=fp16)',
    'fmac(acc=fp16, rounding=separate)',
    'fmac(acc=fp16, rounding=separate, subnormals=flushed, stages=3)',
    'fmac(acc=fp16, rounding=fused, stages=2)',
    'fmac(acc=fp32, stages=3)',
    'fmac(acc=fp32, rounding=separate, stages=2)',
    'fmac(format=bf16)',
    'fmac(format=bf16, acc=bf16, rounding=separate)',
    'fmac(format=e4m3, acc=fp16)',
    'fmac(format=e5m2, acc=fp32, rounding=separate, stages=2)',
  ])('%s is its golden model, in the cycles of its contract', async (spec) => {
    const pe = processingElement(spec)
    const result = await verify(javascriptEngine(lonePe(pe)), pe, options)
    expect(result.first).toBeUndefined()
    expect(result).toMatchObject({ mismatches: 0, exhaustive: pe.operands.activation.width === 8 })
  })

  it('sums of random groups are seldom NaN or infinite, so that their other terms count', async () => {
    const pe = processingElement('fmac(acc=fp16)')
    const result = pe.operands.codes!.result!
    let finite = 0
    const watched = {
      ...pe,
      golden: (activations: readonly number[], weights: readonly number[], zero: number) => {
        const sum = pe.golden(activations, weights, zero)
        if (result.decode(sum).kind === 'finite') finite++
        return sum
      },
    }
    await verify(javascriptEngine(lonePe(pe)), watched, options)
    expect(finite).toBeGreaterThan(options.groups * 0.6)
    expect(finite).toBeLessThan(options.groups)
  })

  it('says in the name of its modules what is not usual', () => {
    const names = ['fmac', 'fmac(stages=2)', 'fmac(rounding=separate, subnormals=flushed)', 'fmac(acc=bf16)'].map(
      (spec) => processingElement(spec).name,
    )
    expect(names).toEqual([
      'fmac_fp16_acc32_fused',
      'fmac_fp16_acc32_fused_s2',
      'fmac_fp16_acc32_separate_ftz',
      'fmac_fp16_accbf16_fused',
    ])
  })
})
