import { expect, test } from 'vitest'
import { namesIn, printFormula, readFormula, senseOf, truthTable } from '../../../src/synth/liberty/formula.ts'

test.each([
  ['!A', '!A'],
  ["A'", '!A'],
  ["(A B)'", '!(A & B)'],
  ['A * B + C', '(A & B) | C'],
  ['A&B|C', '(A & B) | C'],
  // Exclusive or binds stronger than and, and stronger than or.
  ['A & B ^ C', 'A & (B ^ C)'],
  ['A ^ B | C', '(A ^ B) | C'],
  ['!A B', '!A & B'],
  ["A''", 'A'],
  ["A'''", '!A'],
  ["!A'", '!!A'],
  [`A${"'".repeat(9999)}`, '!A'],
  ["(SCE*SCD)+(SCE'*D)", '(SCE & SCD) | (!SCE & D)'],
  ['A[3] & 1', 'A[3] & 1'],
])('%s is %s', (text, printed) => {
  expect(printFormula(readFormula(text)!)).toBe(printed)
})

test.each(['', 'A &', '(A', 'A)', '& A', 'A ! ', 'A # B', '('.repeat(5000), '!'.repeat(5000), 'A'.repeat(20_000)])(
  '%j is no function',
  (text) => {
    expect(readFormula(text)).toBeUndefined()
  },
)

test('a function of the longest text is worked on without a stack overflow', () => {
  const long = readFormula(`(${'A&'.repeat(4990)}B)${"'".repeat(9)}`)!
  expect(senseOf(long, 'B')).toBe('negative')
  expect(printFormula(long)).toMatch(/^!\(.* & B\)$/)
})

test('names, truth tables and senses follow the function', () => {
  const mux = readFormula('(S & B) | (!S & A)')!
  expect(namesIn(mux)).toEqual(['S', 'B', 'A'])
  expect(truthTable(mux, ['A', 'B', 'S'])).toEqual([0, 1, 0, 1, 0, 0, 1, 1].map(Boolean))
  expect([senseOf(mux, 'A'), senseOf(mux, 'S')]).toEqual(['positive', 'both'])
  expect(senseOf(readFormula('!(A & B)')!, 'B')).toBe('negative')
})

test('names change in print alone', () => {
  expect(printFormula(readFormula("IQ'")!, (name) => (name === 'IQ' ? 'state' : name))).toBe('!state')
})
