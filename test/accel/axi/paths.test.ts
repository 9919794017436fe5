import { describe, expect, it } from 'vitest'
import { axiMaster } from '../../../src/accel/axi/master.ts'
import { registerFile } from '../../../src/accel/axi/register-file.ts'
import { axiStreamReader, axiStreamWriter } from '../../../src/accel/axi/stream-adapters.ts'
import { computeArray } from '../../../src/accel/coprocessor/compute-array.ts'
import { coreDescription } from '../../../src/accel/coprocessor/description.ts'
import { coprocessorMap } from '../../../src/accel/coprocessor/registers.ts'
import { combinationalInputs } from '../../../src/dsl/check/loops.ts'
import type { Component } from '../../../src/dsl/index.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'

const shape = { busBits: 64, addressBits: 32, mostBeats: 255 }
const array = computeArray([elementOf('mixpe')], { rows: 2, columns: 2 })
const map = coprocessorMap(coreDescription({ array, transfers: { ...shape, mostBeats: 4095 } }))

describe('an AXI interface', () => {
  it.each([
    ['m_axi', axiMaster({ ...shape, idBits: 1, id: 0, burstBeats: 16, outstanding: 4 })],
    ['s_axi', registerFile({ map })],
    ['s_axis', axiStreamReader(shape)],
    ['m_axis', axiStreamWriter(shape)],
  ] as [string, Component][])(
    '%s has no path from an input to an output within the cycle (A3.1.1)',
    (port, { module }) => {
      const outputs = [...combinationalInputs(module)].filter(([name]) => name.startsWith(`${port}_`))
      expect(outputs.length).toBeGreaterThan(0)
      for (const [output, inputs] of outputs)
        expect([output, ...[...inputs].filter((input) => input.startsWith(`${port}_`))]).toEqual([output])
    },
  )

  it('of a master starts nothing because the other side is ready, on neither of its sides', () => {
    const { module } = axiMaster({ ...shape, idBits: 1, id: 0, burstBeats: 16, outstanding: 4 })
    for (const [output, inputs] of combinationalInputs(module))
      if (/valid$/.test(output))
        expect([output, ...[...inputs].filter((input) => /ready$/.test(input))]).toEqual([output])
  })
})
