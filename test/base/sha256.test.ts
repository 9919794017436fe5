import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../src/base/sha256.ts'

describe('SHA-256', () => {
  it("is what Node's is, over every length around its blocks and beyond ASCII", () => {
    const texts = ['', 'abc', 'Grüße 🌍', 'x'.repeat(100_000)]
    for (let length = 50; length < 140; length++) texts.push('bitloom '.repeat(20).slice(0, length))
    for (const text of texts) expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'))
  })
})
