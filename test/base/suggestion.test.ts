import { describe, expect, it } from 'vitest'
import { nearest } from '../../src/base/suggestion.ts'

describe('the nearest known word', () => {
  it.each([
    ['a letter exchanged', 'control', 'contrul'],
    ['a letter dropped', 'control', 'contrl'],
    ['the first dropped', 'control', 'ontrol'],
    ['a letter added', 'control', 'controll'],
    ['two letters turned round', 'control', 'cnotrol'],
    ['one added and one dropped', 'control', 'xcontro'],
    ['another case', 'control', 'CONTROL'],
  ])('is found with %s', (_, word, found) => {
    expect(nearest(found, ['count', word, 'start'])).toBe(word)
  })

  it('is at most two edits away, and fewer for short words', () => {
    expect(nearest('abcdefgh', ['abcdxxxh'])).toBeUndefined()
    expect(nearest('abcdefgh', ['abcdxxgh'])).toBe('abcdxxgh')
    expect(nearest('abc', ['xbd'])).toBeUndefined()
    expect(nearest('abc', ['abd'])).toBe('abd')
    expect(nearest('', ['a'])).toBeUndefined()
    expect(nearest('x'.repeat(1_000_000), ['a', 'xx'])).toBeUndefined()
  })

  it('is the one of fewest edits, the first of these', () => {
    expect(nearest('state', ['slats', 'stats', 'stale'])).toBe('stats')
    expect(nearest('stat', ['slat', 'stat', 'swat'])).toBe('stat')
  })
})
