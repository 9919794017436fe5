import { describe, expect, it } from 'vitest'
import { cureOf, didYouMean, nearest } from '../../src/base/suggestion.ts'

describe('the word that was meant', () => {
  it.each([
    ['laod', ['idle', 'load'], 'load'],
    ['posit18', ['fp4', 'posit8', 'posit16'], 'posit8'],
    ['Enable', ['enable'], 'enable'],
    ['enabel', ['enable', 'data'], 'enable'],
    ['ad', ['add', 'sub'], 'add'],
    ['generik46', ['generic45'], 'generic45'],
  ])('is the nearest for %s', (found, known, meant) => {
    expect(nearest(found, known)).toBe(meant)
  })

  it.each([
    ['b', ['a']],
    ['more', ['sign', 'code']],
    ['ab', ['ba2x', 'cd']],
    ['drain', ['brown']],
    ['', ['a', 'fp4']],
  ])('is none for %s', (found, known) => {
    expect(nearest(found, known)).toBeUndefined()
  })

  it('is asked for, or the other cure is told', () => {
    expect(didYouMean('laod', ['load'])).toBe("; did you mean 'load'?")
    expect(didYouMean('store', ['load'])).toBe('')
    expect(cureOf('laod', ['load'], 'leave it out')).toBe("; did you mean 'load'?")
    expect(cureOf('store', ['load'], 'leave it out')).toBe('; leave it out')
  })
})
