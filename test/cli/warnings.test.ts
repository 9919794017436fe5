import { describe, expect, it } from 'vitest'
import type { Output } from '../../src/cli/context.ts'
import { generateDesign, tellWarnings } from '../../src/cli/generate.ts'
import type { FoundWarning } from '../../src/dsl/index.ts'
import { processingElement } from '../../src/pe/catalogue.ts'

const design = generateDesign(processingElement('mac'))
const idle: FoundWarning = { module: 'cell', code: 'W-UNUSED', message: "input 'b' changes nothing", source: 'a.ts:3' }
const told = (warnings: readonly FoundWarning[], strict: boolean) => {
  const lines: string[] = []
  const output = { complain: (text: string) => lines.push(text) } as Pick<Output, 'complain'> as Output
  const twice = [
    { ...design, warnings },
    { ...design, warnings },
  ]
  return { code: tellWarnings(twice, strict, output), lines }
}

describe('generate', () => {
  it('tells each warning once on stderr, with its line', () => {
    expect(told([idle, { ...idle, module: 'other' }], false)).toEqual({
      code: 0,
      lines: [
        "W-UNUSED in cell (a.ts:3): input 'b' changes nothing",
        "W-UNUSED in other (a.ts:3): input 'b' changes nothing",
      ],
    })
  })

  it('fails for a warning with --strict, and for none that is accepted', () => {
    expect(told([idle], true).code).toBe(1)
    expect(told([{ ...idle, accepted: 'a pin' }], true)).toEqual({ code: 0, lines: [] })
    expect(told([], true)).toEqual({ code: 0, lines: [] })
  })
})
