import { writeFileSync } from 'node:fs'
import { it } from 'vitest'
import { computeArray } from '../../../src/accel/coprocessor/compute-array.ts'
import { coprocessorCore } from '../../../src/accel/coprocessor/core.ts'
import { describeWarning, printVerilog, warningsUnder } from '../../../src/dsl/index.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'

it('prints', () => {
  for (const [spec, bits] of [
    ['mac', 64],
    ['mixpe(output=fp32)', 64],
    ['bitmod(w=fp3)', 128],
    ['mixpe(w=int3, weights=symmetric)', 64],
  ] as const) {
    const { module } = coprocessorCore({
      array: computeArray([elementOf(spec)], { rows: 8, columns: 8 }),
      transfers: { busBits: bits, addressBits: 40, mostBeats: 1024 },
    })
    console.log(spec, warningsUnder(module).map(describeWarning).join('\n'))
    writeFileSync(`/tmp/core12-${spec.slice(0, 5)}${spec.length}.v`, printVerilog(module))
  }
})
