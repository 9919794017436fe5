import { expect, it } from 'vitest'
import { bits, bool, delay, delays, s } from '../../../src/dsl/index.ts'
import { maker, run, trace } from '../maker.ts'

it('a delay gives every kind of signal as many cycles later, and 0 until then', () => {
  const module = maker(
    { number: s(8), flag: bool, field: bits(4) },
    { number_late: s(8), flag_late: bool, field_now: bits(4) },
    ({ number, flag, field }, builder) => ({
      number_late: delay(builder, 'number_delay', number, 2),
      flag_late: delay(builder, 'flag_delay', flag, 1),
      field_now: delay(builder, 'field_delay', field, 0),
    }),
  )
  const rows = [-5, 6, -7, 8].map((number, k) => ({ number, flag: k % 2, field: k }))
  expect(run(module, rows)).toEqual([
    { number_late: 0n, flag_late: 0n, field_now: 0n },
    { number_late: 0n, flag_late: 0n, field_now: 1n },
    { number_late: -5n, flag_late: 1n, field_now: 2n },
    { number_late: 6n, flag_late: 0n, field_now: 3n },
  ])
  expect(module.registers.map(({ name }) => name)).toEqual(['number_delay_1', 'number_delay_2', 'flag_delay_1'])
})

it('delays are all stages, the value itself first', () => {
  const module = maker({ a: s(4) }, { y: s(6) }, ({ a }, builder) => {
    const [now, one, two] = delays(builder, 'taps', a, 2)
    return { y: now!.add(one!).add(two!) }
  })
  expect(trace(module, 'y', [{ a: 1 }, { a: 2 }, { a: 4 }, { a: -8 }])).toEqual([1n, 3n, 7n, -2n])
})
