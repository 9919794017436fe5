import { afterAll, describe, expect, it } from 'vitest'
import { createRandom, normal } from '../../../src/base/random.ts'
import { toNumber } from '../../../src/formats/index.ts'
import { type HardwareModel, hardwareModel } from '../../../src/llm/arithmetic/hardware-model.ts'
import { type RtlMachine, rtlMachine } from '../../../src/llm/arithmetic/rtl-machine.ts'
import { usualQuantiserOf } from '../../../src/llm/arithmetic/usual-quantiser.ts'
import type { Matrix, Model } from '../../../src/llm/model.ts'
import { layerQuantiserOf } from '../../../src/llm/quantised/layer-quantisers.ts'
import type { QuantisedMatrix, QuantisedRun } from '../../../src/llm/quantised/quantised-run.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { float32Weights, floatsOf } from '../../../src/llm/weights.ts'
import { catalogue, elementOf, families } from '../../../src/pe/catalogue.ts'
import type { ProcessingElement } from '../../../src/pe/family.ts'
import type { TiledElement } from '../../../src/pe/tile.ts'
import type { CodedMatrix } from '../../../src/quant/coded.ts'
import { float16BitsOf } from '../../../src/quant/float16.ts'
import { quantiseTokens } from '../../../src/quant/token-integer.ts'
import { parseSpec } from '../../../src/spec/index.ts'

const random = createRandom(31)
const [outputs, inputs, tokens] = [11, 70, 5]
const matrix: Matrix = {
  name: 'layers.0.query',
  outputs,
  inputs,
  weights: float32Weights(Float32Array.from({ length: outputs * inputs }, () => normal(random) / 8)),
}
const input = Float32Array.from({ length: tokens * inputs }, () => normal(random))
const model: Model = randomModel(
  {
    dimension: 16,
    hidden: 16,
    layers: 1,
    heads: 2,
    keyValueHeads: 2,
    vocabulary: 16,
    sequence: 8,
    sharedClassifier: true,
  },
  1,
)

const open: HardwareModel[] = []
afterAll(() => {
  for (const one of open) one.close()
})

/** One layer, quantised. */
const quantised = (quantiser: string): QuantisedRun & { readonly matrix: QuantisedMatrix } => {
  const { code, activations } = layerQuantiserOf(parseSpec(quantiser))
  const coded = code({ data: floatsOf(matrix.weights), outputs, inputs, name: matrix.name }, undefined)
  const found: QuantisedMatrix = { ...(coded ? { coded } : {}), activations }
  return { model, matrices: new Map([[matrix.name, found]]), matrix: found }
}

const opened = (pe: ProcessingElement | TiledElement, run: QuantisedRun, options = {}): HardwareModel => {
  const made = hardwareModel(run, pe, { threads: 1, ...options })
  open.push(made)
  return made
}

const words = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer, values.byteOffset, values.length)
const round = Math.fround

interface Groups {
  readonly codes: ArrayLike<number>
  /** Of token or output. */
  readonly row: number
}

/** A group's codes. */
const part = ({ codes, row }: Groups, from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, k) => codes[row * inputs + from + k]!)

/** The layer by the book: golden model, scales, additions, one after the other. */
const byTheBook = (
  pe: ProcessingElement | TiledElement,
  coded: CodedMatrix,
  activations: { readonly codes: ArrayLike<number>; readonly scales?: Float32Array },
  numberOf: (result: bigint) => number,
): Float32Array => {
  const { group, groups } = coded
  const result = new Float32Array(tokens * outputs)
  for (let token = 0; token < tokens; token++)
    for (let row = 0; row < outputs; row++) {
      let y = 0
      let before = 0n
      for (let g = 0; g < groups; g++) {
        const [from, to] = [g * group, Math.min(inputs, (g + 1) * group)]
        const x = part({ codes: activations.codes, row: token }, from, to)
        const w = part({ codes: coded.codes, row }, from, to)
        const slot = row * groups + g
        if ('tile' in pe && coded.kind === 'bitmod')
          before = pe.golden(
            { activations: x, weights: w, selector: coded.selectors[slot]!, scale: coded.scales[slot]! },
            before,
          )
        else if (!('tile' in pe)) {
          const zero = coded.kind === 'integer' ? coded.zeros[slot]! : 0
          const sum = pe.operands.zero
            ? pe.golden(x, w, zero)
            : pe.golden(
                x,
                w.map((code) => code - zero),
                0,
              )
          y = round(y + round(coded.scales[slot]! * numberOf(sum)))
        }
      }
      if ('tile' in pe && coded.kind === 'bitmod')
        y = round(new Float32Array(Uint32Array.of(Number(before)).buffer)[0]! * coded.channelScales[row]!)
      result[token * outputs + row] = activations.scales ? round(y * activations.scales[token]!) : y
    }
  return result
}

const number = (pe: ProcessingElement | TiledElement) => (result: bigint) => {
  const format = pe.operands.codes?.result
  return format ? toNumber(format.decode(BigInt.asUintN(format.bits, result))) : Number(result)
}

describe('a linear layer in a PE’s arithmetic is the golden model with its scales, bit for bit', () => {
  it.each([
    ['mixpe(group=16)', 'mixpe(group=16)'],
    ['mixpe(group=16, weights=symmetric)', 'group-integer(group=16, weights=symmetric)'],
    ['mixpe(w=int8, group=32, output=fp32)', 'group-integer(group=32, w=int8)'],
    ['mac', 'group-integer(group=24, w=int8, weights=symmetric, a=int8)'],
    ['mac(w=int4, a=int4)', 'group-integer(group=24, w=int3, weights=symmetric, a=int4)'],
    ['bitfusion(w=int4, a=int8)', 'group-integer(group=24, weights=symmetric)'],
  ])('%s with %s', async (spec, quantiser) => {
    const pe = elementOf(spec)
    const run = quantised(quantiser)
    const bits = spec === 'mac(w=int4, a=int4)' ? 4 : 8
    const wanted = byTheBook(pe, run.matrix.coded!, quantiseTokens(input, tokens, inputs, { bits }), Number)
    const found = await opened(pe, run).run.linear(matrix, input, tokens)
    expect(words(found)).toEqual(words(wanted))
  })

  it.each([
    ['mixpe(a=fp16, group=16)', 'group-integer(group=16, weights=symmetric, a=fp16)'],
    ['mixpe(a=fp16, group=16, weights=asymmetric)', 'mixpe(group=16, a=fp16)'],
    ['mixpe(a=fp16, group=16, acc=exact)', 'group-integer(group=16, weights=symmetric)'],
    ['mixpe(a=fp16, group=16, acc=aligned)', 'group-integer(group=16, weights=symmetric)'],
    ['figna(w=int4, group=32)', 'group-integer(group=32, weights=symmetric)'],
    ['bitmod(group=16)', 'bitmod(group=16, a=fp16)'],
    ['bitmod(group=128, w=int6)', 'bitmod(group=24, w=int6)'],
  ])('%s with %s, activations in FP16', async (spec, quantiser) => {
    const pe = elementOf(spec)
    const run = quantised(quantiser)
    const codes = Uint16Array.from(input, float16BitsOf)
    const wanted = byTheBook(pe, run.matrix.coded!, { codes }, number(pe))
    const found = await opened(pe, run).run.linear(matrix, input, tokens)
    expect(words(found)).toEqual(words(wanted))
  })

  it.each([
    ['xrnpe(mode=fp4)', 'xrnpe(w=fp4, group=16, a=fp4)'],
    ['xrnpe', 'xrnpe(w=posit(8,0), group=16)'],
    ['xrnpe(mode=fp4, result=posit(16,1))', 'scaled(w=fp4, group=16, a=fp4)'],
    ['posit(format=posit(16,1))', 'xrnpe(w=posit(16,1), group=16)'],
    ['fmac(format=e4m3)', 'scaled(w=e4m3, group=16, a=e4m3)'],
    ['ant', 'scaled(w=flint4, group=16, a=flint4)'],
  ])('%s with %s, activations in the format of the weights', async (spec, quantiser) => {
    const pe = elementOf(spec)
    const run = quantised(quantiser)
    const format = pe.operands.codes!.activation.id
    // A token's activations are quantised as a row of weights with one scale is.
    const { code } = layerQuantiserOf(parseSpec(`scaled(w=${format}, per=channel)`))
    const x = code({ data: input, outputs: tokens, inputs, name: 'x' }, undefined)
    if (x?.kind !== 'typed') throw new Error('no codes')
    const wanted = byTheBook(pe, run.matrix.coded!, x, number(pe))
    const found = await opened(pe, run).run.linear(matrix, input, tokens)
    expect(words(found)).toEqual(words(wanted))
  })

  it('of a quire that leaves as it is, the sum', async () => {
    const pe = elementOf('xrnpe(mode=posit(16,1), result=quire)')
    const run = quantised('xrnpe(w=posit(16,1), group=16)')
    const { code } = layerQuantiserOf(parseSpec('scaled(w=posit(16,1), per=channel)'))
    const x = code({ data: input, outputs: tokens, inputs, name: 'x' }, undefined)
    if (x?.kind !== 'typed') throw new Error('no codes')
    const value = (word: bigint): number => Number(BigInt.asIntN(128, word)) * 2 ** -56
    const found = await opened(pe, run).run.linear(matrix, input, tokens)
    byTheBook(pe, run.matrix.coded!, x, value).forEach((wanted, at) => {
      expect(Math.abs(found[at]! - wanted)).toBeLessThanOrEqual(2e-7 * Math.abs(wanted))
    })
  })

  it('in threads as in one, a token alone as beside others', async () => {
    for (const [spec, quantiser] of [
      ['mixpe(group=16)', 'mixpe(group=16)'],
      ['bitmod(group=16)', 'bitmod(group=16)'],
      ['mixpe(a=fp16, group=16)', 'group-integer(group=16, weights=symmetric)'],
    ] as const) {
      const one = opened(elementOf(spec), quantised(quantiser))
      const three = opened(elementOf(spec), quantised(quantiser), { threads: 3 })
      const wide = Float32Array.from({ length: 97 * inputs }, () => normal(random))
      const wanted = await one.run.linear(matrix, wide, 97)
      expect(words(await three.run.linear(matrix, wide, 97))).toEqual(words(wanted))
      const alone = await one.run.linear(matrix, wide.subarray(96 * inputs), 1)
      expect(words(alone)).toEqual(words(wanted.slice(96 * outputs)))
    }
  })
})

describe('layers on the RTL', () => {
  const machineOf = (spec: string): RtlMachine =>
    rtlMachine(elementOf(spec), { size: { rows: 2, columns: 3 }, engine: 'js', threads: 1 })

  it.each([
    ['mixpe(group=16)', 'mixpe(group=16)'],
    ['mixpe(a=fp16, group=16, weights=asymmetric)', 'mixpe(group=16, a=fp16)'],
    ['bitmod(group=16)', 'bitmod(group=16)'],
    ['xrnpe(mode=fp4)', 'xrnpe(w=fp4, group=16)'],
    ['xrnpe(mode=posit(16,1))', 'xrnpe(w=posit(16,1), group=16)'],
    ['fmac(format=e4m3)', 'scaled(w=e4m3, group=16)'],
    ['ant(w=int4, a=int8)', 'group-integer(group=16, weights=symmetric)'],
    ['ant(w=int4, a=int4)', 'group-integer(group=16, weights=symmetric, a=int4)'],
  ])('%s gives what the kernels give, and a bit that differs is counted', async (spec, quantiser) => {
    const pe = elementOf(spec)
    const run = quantised(quantiser)
    const machine = machineOf(spec)
    const hardware = opened(pe, run, { rtl: { machine, runs: () => true } })
    const found = await hardware.run.linear(matrix, input, tokens)
    expect(words(found)).toEqual(words(await opened(pe, run).run.linear(matrix, input, tokens)))
    const perOutput = 'tile' in pe ? 1 : run.matrix.coded!.groups
    expect(hardware.onRtl()).toEqual([
      {
        name: matrix.name,
        macs: tokens * outputs * inputs,
        cycles: expect.any(Number),
        compared: tokens * outputs * perOutput,
        mismatches: 0,
      },
    ])
    const wrong: RtlMachine = {
      ...machine,
      run: async (...product) => {
        const { results, cycles } = await machine.run(...product)
        results[7]! ^= 1
        return { results, cycles }
      },
    }
    const broken = opened(pe, run, { rtl: { machine: wrong, runs: (name: string) => name === matrix.name } })
    // What the array gave goes on, not what the kernels have.
    expect(words(await broken.run.linear(matrix, input, tokens))).not.toEqual(words(found))
    expect(broken.onRtl()[0]).toMatchObject({ mismatches: 1 })
    expect(broken.firstMismatch()).toMatch(
      /^layers\.0\.query: result 7 is -?\d+ on the array and -?\d+ in the kernels$/,
    )
    const none = opened(pe, run, { rtl: { machine: wrong, runs: () => false } })
    await none.run.linear(matrix, input, tokens)
    expect(none.onRtl()).toEqual([])
    await machine.close()
  })

  it.each([
    ['mixpe(output=fp32)', /applies scales itself/],
    ['xrnpe(result=quire)', /have 131 bits/],
  ])('%s is refused', (spec, message) => {
    expect(() => machineOf(spec)).toThrow(message)
  })
})

describe('what a PE cannot read is refused in a sentence', () => {
  it.each([
    ['mixpe', 'float', /no layer has codes for mixpe.* give --quant/],
    ['mixpe', 'bitmod', /codes of layers\.0\.query are .*which mixpe.* does not read/],
    ['mixpe(w=int3)', 'group-integer(w=int4)', /are uint4, which mixpe/],
    ['mac', 'group-integer(w=int8)', /are uint8, which mac/],
    ['bitmod', 'bitmod(w=fp3)', /which bitmod.* does not read/],
    ['bitmod', 'olive', /are pairs, which bitmod/],
    ['xrnpe', 'xrnpe(w=fp4)', /are fp4, which xrnpe/],
    ['mixpe(group=16)', 'mixpe(group=32)', /groups of 32 weights, .* at most 16; give the quantiser group=16/],
    ['mixpe', 'group-integer(a=fp16)', /reads int8; give the quantiser a=int8, or none/],
    ['mac(w=int8, a=int4)', 'group-integer(weights=symmetric, a=int8)', /reads int4/],
    ['bitmod', 'bitmod(a=int8)', /reads fp16/],
    ['xrnpe', 'scaled(w=posit(8,0), a=fp16)', /reads posit\(8,0\)/],
    ['olive', 'olive', /no quantiser makes pairs of activations/],
    ['bitfusion(a=uint8)', 'group-integer(weights=symmetric)', /activations have no sign/],
    ['xrnpe(lanes=separate)', 'xrnpe(w=posit(8,0))', /sums of its lanes stay apart/],
  ])('%s, weights of %s', (spec, quantiser, message) => {
    expect(() => opened(elementOf(spec), quantised(quantiser))).toThrow(message)
  })

  it.each([
    ['mixpe(group=96)', 'group-integer(w=int4, group=96, weights=asymmetric)'],
    ['mixpe(w=int3, group=96, weights=symmetric)', 'group-integer(w=int3, group=96, weights=symmetric)'],
    ['mixpe(a=fp16, weights=asymmetric)', 'group-integer(w=int4, group=128, weights=asymmetric)'],
    ['mac(w=int16)', 'group-integer(w=int8, group=128, weights=symmetric)'],
    ['bitmod(w=fp3, group=64)', 'bitmod(w=fp3, group=64, a=fp16)'],
    ['xrnpe(mode=fp4)', 'scaled(w=fp4, group=128, a=fp4)'],
    ['ant(w=int4, a=flint4)', 'group-integer(w=int4, group=128, weights=symmetric)'],
    ['ant(a=int8)', 'scaled(w=flint4, group=128, a=float)'],
  ])('%s has the usual quantiser %s', (spec, quantiser) => {
    expect(usualQuantiserOf(elementOf(spec))).toBe(quantiser)
  })

  it('every PE of the catalogue reads what is its usual quantiser’s, or says why no model runs on it', () => {
    const refused: string[] = []
    for (const text of [...families.map(({ id }) => id), ...catalogue]) {
      const pe = elementOf(text)
      try {
        opened(pe, quantised(usualQuantiserOf(pe)))
      } catch (error) {
        refused.push(`${text}: ${(error as Error).message}`)
      }
    }
    expect(refused).toMatchInlineSnapshot(`
      [
        "fmac: no model runs in the arithmetic of fmac(format=fp16, acc=fp32, rounding=fused, subnormals=kept, stages=1): no quantiser makes codes of fp16; take another PE of bitloom list pes",
        "olive: no model runs in the arithmetic of olive(w=olive(int4), a=olive(int4), acc=32): no quantiser makes pairs of activations; take another PE of bitloom list pes",
        "xrnpe(mode=posit(16,1), lanes=separate, result=quire): no model runs in the arithmetic of xrnpe(mode=posit(16,1), lanes=separate, packing=lanes_4_2_1, result=quire, gating=on): the sums of its lanes stay apart; take another PE of bitloom list pes",
        "fmac(format=fp16, acc=fp32): no model runs in the arithmetic of fmac(format=fp16, acc=fp32, rounding=fused, subnormals=kept, stages=1): no quantiser makes codes of fp16; take another PE of bitloom list pes",
        "fmac(format=fp16, acc=fp16, rounding=separate, subnormals=flushed, stages=3): no model runs in the arithmetic of fmac(format=fp16, acc=fp16, rounding=separate, subnormals=flushed, stages=3): no quantiser makes codes of fp(e5m10,lowest=flush); take another PE of bitloom list pes",
        "olive(w=olive(int4), a=olive(int4)): no model runs in the arithmetic of olive(w=olive(int4), a=olive(int4), acc=32): no quantiser makes pairs of activations; take another PE of bitloom list pes",
      ]
    `)
  })
})
