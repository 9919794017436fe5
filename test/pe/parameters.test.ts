import { describe, expect, it } from 'vitest'
import { elementOf, families } from '../../src/pe/catalogue.ts'
import type { ParameterRule } from '../../src/spec/index.ts'

const rule = (key: string, rule: ParameterRule): string =>
  `  ${key}: ${rule.kind === 'integer' ? `${rule.min} to ${rule.max}` : rule.kind === 'spec' ? 'a spec' : rule.allowed.join(' | ')}, default ${rule.default}`

describe('what a family takes', () => {
  it('is written down: ranges, choices, defaults, and the name of the modules they give', async () => {
    const text = families.flatMap(({ id, parameters }) => {
      const { spec, name } = elementOf(id)
      return [id, ...Object.entries(parameters).map(([key, each]) => rule(key, each)), `  ${spec}`, `  ${name}`, '']
    })
    // A change here changes what users may write: update the file with `vitest run test/pe/parameters.test.ts --update` and the pages of docs/pe by hand.
    await expect(text.join('\n')).toMatchFileSnapshot('parameters.txt')
  })

  it('ends where the range ends', () => {
    for (const { id, parameters } of families)
      for (const [key, each] of Object.entries(parameters)) {
        if (each.kind !== 'integer') continue
        for (const value of [each.min - 1, each.max + 1])
          expect(() => elementOf(`${id}(${key}=${value})`), `${id} ${key}`).toThrow(/an integer from/)
      }
  })
})
