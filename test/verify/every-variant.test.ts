import { describe, expect, it } from 'vitest'
import { elementOf, families } from '../../src/pe/catalogue.ts'
import { type EngineName, openEngine } from '../../src/sim/engines.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { type ParameterRule, SpecError } from '../../src/spec/index.ts'
import { lonePe, verify } from '../../src/verify/verify.ts'

const full = process.env.BITLOOM_FULL === '1'
const seed = 5
const hasVerilator = ['verilator', 'g++', 'make'].every((tool) => versionOf(tool) !== undefined)
if (full && !hasVerilator) console.warn('variants are not run in Verilator: it is missing; run npm run setup:tools')

type Family = (typeof families)[number]
type Values = Readonly<Record<string, string | number>>

const textOf = (family: Family, values: Values): string =>
  `${family.id}(${Object.entries(values)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')})`

/** Formats and choices have all their values; integers their bounds beside the default. */
const valuesOf = (rule: ParameterRule): readonly (string | number)[] =>
  rule.kind === 'integer' ? [rule.default, rule.min, rule.max] : rule.kind === 'spec' ? [rule.default] : rule.allowed

/** Texts that differ from the family's defaults in one parameter. */
const neighbours = (family: Family): readonly string[] => [
  `${family.id}()`,
  ...Object.entries(family.parameters).flatMap(([key, rule]) =>
    valuesOf(rule)
      .filter((value) => value !== rule.default)
      .map((value) => textOf(family, { [key]: value })),
  ),
]

/** Texts with every combination of formats and choices. */
const combinations = (family: Family): readonly string[] =>
  Object.entries(family.parameters)
    .filter(([, rule]) => rule.kind !== 'integer')
    .reduce<readonly Values[]>(
      (all, [key, rule]) => all.flatMap((values) => valuesOf(rule).map((value) => ({ ...values, [key]: value }))),
      [{}],
    )
    .map((values) => textOf(family, values))

/** The specs of texts that the family takes; a combination that it does not is refused with a sentence. */
const specsOf = (texts: readonly string[]): readonly string[] => [
  ...new Set(
    texts.flatMap((text) => {
      try {
        return [elementOf(text).spec]
      } catch (error) {
        if (error instanceof SpecError) return []
        throw error
      }
    }),
  ),
]

const mismatchesOf = async (spec: string, engineName: EngineName, groups: number): Promise<string | undefined> => {
  const pe = elementOf(spec)
  const engine = openEngine(engineName, lonePe(pe), { checks: true })
  try {
    const { mismatches, first } = await verify(engine, pe, { groups, seed, everyProduct: engineName !== 'interpreter' })
    expect(mismatches > 0).toBe(first !== undefined)
    return first
  } finally {
    engine.close()
  }
}

describe.each(families.map((family) => [family.id, family] as const))('%s', (_, family) => {
  const near = specsOf(neighbours(family))
  const others = specsOf(combinations(family)).filter((spec) => !near.includes(spec))

  it('has variants', () => {
    expect(near.length).toBeGreaterThan(1)
  })

  it.each(near)(
    '%s is its golden model',
    async (spec) => {
      expect(await mismatchesOf(spec, 'wasm', full ? 300 : 20)).toBeUndefined()
    },
    300_000,
  )

  if (!full) return
  it.each(near)(
    '%s is its golden model on the other engines',
    async (spec) => {
      expect(await mismatchesOf(spec, 'js', 100)).toBeUndefined()
      expect(await mismatchesOf(spec, 'interpreter', 30)).toBeUndefined()
      if (hasVerilator) expect(await mismatchesOf(spec, 'verilator', 300)).toBeUndefined()
    },
    900_000,
  )

  if (others.length > 0)
    it.each(others)(
      '%s is its golden model',
      async (spec) => {
        expect(await mismatchesOf(spec, 'wasm', 100)).toBeUndefined()
      },
      300_000,
    )
})
