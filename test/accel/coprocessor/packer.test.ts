import { describe, expect, it } from 'vitest'
import { computeArray } from '../../../src/accel/coprocessor/compute-array.ts'
import { type CoreOptions, coreDescription } from '../../../src/accel/coprocessor/description.ts'
import { productLayout } from '../../../src/accel/coprocessor/layout.ts'
import { packActivations, packWeights, unpackResults, unpackRow } from '../../../src/accel/coprocessor/packer.ts'
import { UserError } from '../../../src/base/user-error.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'

const coreOf = (spec: string, busBits = 64, size = { rows: 4, columns: 4 }) =>
  coreDescription({
    array: computeArray([elementOf(spec)], size),
    transfers: { busBits, addressBits: 32, mostBeats: 1024 },
  })

describe('operands in memory', () => {
  it('are words side by side, rows of whole beats, and fields of groups behind them', () => {
    const core = coreOf('mixpe(w=int3, output=fp32)')
    const product = { tokens: 1, outputs: 2, inputs: 6, group: 4 }
    const layout = productLayout(core, product)
    expect(layout.weights).toEqual({ rows: 2, fieldsAt: 8, rowBytes: 16, bytes: 32 })
    const bytes = packWeights(core, product, layout, Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 1]), {
      zero: [1, 7, 2, 0],
      scale: [0x3c00, 0x1234, 0x8001, 0],
    })
    // 1 + 2 * 8 + 3 * 64 + 4 * 512 + 5 * 4096 + 6 * 32768
    expect([...bytes.subarray(0, 8)]).toEqual([0xd1, 0x58, 0x03, 0, 0, 0, 0, 0])
    // A zero point in 3 bits, the scale in the 16 above, and the next group 32 bits later.
    expect([...bytes.subarray(8, 16)]).toEqual([0x01, 0xe0, 0x01, 0, 0xa7, 0x91, 0, 0])
    expect([...bytes.subarray(16, 32)]).toEqual([7, 0x80, 0, 0, 0, 0, 0, 0, 0x0a, 0, 4, 0, 0, 0, 0, 0])
  })

  it.each([
    ['mac', 64],
    ['mac(w=int4, a=int16)', 32],
    ['mixpe', 64],
    ['mixpe(w=int3)', 128],
    ['figna', 64],
    ['bitmod(w=fp3)', 128],
    ['bitmod(w=int6)', 64],
    ['xrnpe(mode=fp4)', 64],
    ['xrnpe(mode=posit(8,0), packing=lanes_16_4_1)', 64],
  ] as const)('of %s on %i bits come back', (spec, busBits) => {
    const core = coreOf(spec, busBits)
    for (let seed = 1; seed <= 30; seed++) {
      const random = randomWords(seed)
      const below = (count: number): number => (random() >>> 0) % count
      const product = { tokens: 1 + below(5), outputs: 1 + below(5), inputs: 1 + below(70), group: 4 * (1 + below(9)) }
      const layout = productLayout(core, product)
      for (const [side, rows, bits, pack] of [
        ['activation', product.tokens, layout.mode.activationBits, packActivations],
        ['weight', product.outputs, layout.mode.weightBits, packWeights],
      ] as const) {
        const codes = Uint16Array.from({ length: rows * product.inputs }, () => below(2 ** bits))
        const fields = Object.fromEntries(
          core[side].fields.map(({ name, bits: width }) => [
            name,
            Array.from({ length: rows * layout.groups }, () => below(2 ** width)),
          ]),
        )
        const of = side === 'activation' ? layout.activations : layout.weights
        const memory = pack(core, product, layout, codes, fields)
        expect(memory.length, `seed ${seed}`).toBe(of.bytes)
        expect(of.rowBytes % (busBits / 8)).toBe(0)
        for (let row = 0; row < rows; row++) {
          const back = unpackRow(core[side], bits, of, product, layout, memory, row)
          expect(back.codes, `seed ${seed}`).toEqual([
            ...codes.subarray(row * product.inputs, (row + 1) * product.inputs),
          ])
          for (const [name, list] of Object.entries(fields))
            expect(back.fields[name], `seed ${seed}`).toEqual(
              list.slice(row * layout.groups, (row + 1) * layout.groups),
            )
        }
      }
    }
  })

  it('come with every field, or are refused', () => {
    const core = coreOf('mixpe')
    const product = { tokens: 1, outputs: 2, inputs: 6, group: 4 }
    const layout = productLayout(core, product)
    const codes = new Uint8Array(12)
    expect(() => packWeights(core, product, layout, codes)).toThrow("rows x groups are 4, got no codes of field 'zero'")
    expect(() => packWeights(core, product, layout, codes, { zero: [1, 2] })).toThrow('got 2 codes')
    expect(() => packWeights(core, product, layout, new Uint8Array(11), { zero: [1, 2, 3, 4] })).toThrow(
      '2 rows of 6 codes are 12, got 11',
    )
  })
})

describe('results in memory', () => {
  it('are a matrix a group, with their sign', () => {
    const core = coreOf('mixpe')
    const product = { tokens: 1, outputs: 3, inputs: 8, group: 4 }
    const layout = productLayout(core, product)
    expect(layout.results).toEqual({ rows: 1, rowBytes: 16, matrices: 2, matrixBytes: 16, bytes: 32 })
    const words = Int32Array.from([1, -2, 3, 99, -4, 5, -6, 99])
    expect(unpackResults(core, product, layout, new Uint8Array(words.buffer))).toEqual([1n, -2n, 3n, -4n, 5n, -6n])
  })

  it('are one matrix where the array adds up the groups', () => {
    const core = coreOf('mixpe(output=fp32)')
    const layout = productLayout(core, { tokens: 5, outputs: 3, inputs: 8, group: 4 })
    expect(layout.results).toMatchObject({ matrices: 1, matrixBytes: 80, bytes: 80 })
  })
})

describe('what does not go together is refused with a cure', () => {
  const small = { bufferBeats: 4, fieldBeats: 2 }
  const described = (options: Partial<CoreOptions>) =>
    coreDescription({
      array: computeArray([elementOf('mac')], { rows: 2, columns: 8 }),
      transfers: { busBits: 64, addressBits: 32, mostBeats: 1024 },
      ...options,
    })
  const product = { tokens: 1, outputs: 1, inputs: 16, group: 8 }
  it.each([
    ['no tokens', () => productLayout(coreOf('mac'), { ...product, tokens: 0 }), '1 to 65535 tokens, got 0'],
    [
      'too many outputs',
      () => productLayout(coreOf('mac'), { ...product, outputs: 65536 }),
      '65535 outputs, got 65536',
    ],
    ['half an input', () => productLayout(coreOf('mac'), { ...product, inputs: 0.5 }), '65535 inputs, got 0.5'],
    ['half a step', () => productLayout(coreOf('bitmod'), { ...product, group: 6 }), 'whole steps of 4 numbers, got 6'],
    ['no mode', () => productLayout(coreOf('mac'), { ...product, mode: 3 }), 'has the modes 0, got 3'],
    ['a narrow bus', () => coreOf('bitmod', 32), 'a word of activations of bitmod_fp4_g128_shared takes 64 bits'],
    ['3 columns', () => coreOf('mac', 64, { rows: 1, columns: 3 }), '3 results of 4 bytes are 12 bytes'],
    ['lanes by three', () => coreOf('bitmod(lanes=3)'), 'takes 3 numbers a step'],
    ['buffers of 100 beats', () => described({ bufferBeats: 100 }), 'bufferBeats is a power of two from 2 on, got 100'],
    ['one place for results', () => described({ resultGroups: 1 }), 'resultGroups is a power of two from 2 on, got 1'],
    ['large buffers', () => described({ bufferBeats: 1024 }), 'as long as its buffers, has 1088 beats'],
    [
      'long rows of results',
      () => described({ ...small, transfers: { busBits: 32, addressBits: 32, mostBeats: 7 } }),
      'a row of results has 8 beats, and a transfer at most 7',
    ],
    [
      'two hardwares',
      () => computeArray([elementOf('mac'), elementOf('mixpe')], { rows: 1, columns: 1 }),
      'is no mode',
    ],
  ])('such as %s', (_, make, message) => {
    expect(make).toThrow(UserError)
    expect(make).toThrow(message)
  })
})
