import { describe, expect, it } from 'vitest'
import { coProcessorMap } from '../../../src/accel/axi/co-processor-map.ts'
import { axiMaster } from '../../../src/accel/axi/master.ts'
import { registerFile } from '../../../src/accel/axi/register-file.ts'
import { axiStreamReader, axiStreamWriter } from '../../../src/accel/axi/stream-adapters.ts'
import { combinationalInputs } from '../../../src/dsl/check/loops.ts'
import type { Component } from '../../../src/dsl/index.ts'

const shape = { busBits: 64, addressBits: 32, mostBeats: 255 }
const buffers = { bufferBeats: 512, fieldBeats: 64, errors: ['none'] }

describe('an AXI interface', () => {
  it.each([
    ['m_axi', axiMaster({ ...shape, idBits: 1, id: 0, burstBeats: 16, outstanding: 4 })],
    ['s_axi', registerFile({ map: coProcessorMap({ rows: 1, columns: 1, family: 0, busBits: 64, ...buffers }) })],
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
