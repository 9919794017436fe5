import { describe, expect, it } from 'vitest'
import { HdlError } from '../../src/dsl/index.ts'

describe('an error of the language', () => {
  const error = new HdlError('E-RANGE', 'queue', 'it is too small; make it larger', () => undefined)

  it('without a line has that of the instance it was met through', () => {
    expect([error.where, error.message]).toEqual([undefined, 'E-RANGE in queue: it is too small; make it larger'])
    const through = error.through('store', 'mixer', () => 'src/mixer.ts:7').through('mix', 'top', () => 'src/top.ts:9')
    expect([through.where, through.message]).toEqual([
      'src/mixer.ts:7',
      "E-RANGE in queue, instance 'store' of mixer (src/mixer.ts:7), instance 'mix' of top (src/top.ts:9): it is too small; make it larger",
    ])
    expect(through.places.map(({ line }) => line)).toEqual([undefined, 'src/mixer.ts:7', 'src/top.ts:9'])
    expect(through.mistakes).toEqual([through])
  })

  it('keeps its code, its sentence and its frames on the way up', () => {
    const through = error.through('store', 'mixer', () => undefined)
    expect([through.code, through.sentence, through.component]).toEqual(['E-RANGE', error.sentence, 'queue'])
    expect(through.stack!.split('\n').slice(1)).toEqual(error.stack!.split('\n').slice(1))
  })

  it('of many mistakes shows twenty and counts the others', () => {
    const all = Array.from({ length: 23 }, (_, k) => new HdlError('E-NAME', 'mac', `mistake ${k}`, () => `a.ts:${k}`))
    const together = HdlError.all('mac', all)
    expect(together.mistakes).toEqual(all)
    expect(together.message.split('\n')).toHaveLength(22)
    expect(together.message).toMatch(/^23 mistakes in mac:\n {2}E-NAME in mac \(a\.ts:0\): mistake 0\n/)
    expect(together.message).toMatch(/mistake 19\n {2}and 3 more$/)
    expect(HdlError.all('mac', [all[4]!])).toBe(all[4])
  })
})
