import { type Component, type Module, printVerilog } from '../../src/dsl/index.ts'
import type { PassName } from '../../src/dsl/pass/index.ts'
import { compareEngines, describeDifference } from '../../src/sim/compare.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { rowOfPart } from './bundle.ts'
import { type Case, caseOf, differenceIn, differenceOf, type Row } from './case.ts'
import { describedAnew } from './evaluated.ts'
import { afterPass, type Judge, javascript } from './judges.ts'
import { reduce, type StillFails } from './reduce.ts'
import { componentsOf } from './typescript.ts'
import { lintersAbout, yosysAbout } from './verilator-judge.ts'

/**
 * What to say where a judge and the interpreter differ, undefined where they agree: the difference, where the module comes
 * from, and the smallest case that still shows it, as a whole test file. Registers are compared where asked for.
 */
export const disagreement = async (
  module: Module,
  stimulus: Int32Array,
  judge: Judge,
  origin: string,
  registers = false,
): Promise<string | undefined> => {
  const difference = differenceIn(module, stimulus, judge, registers)
  return difference && reportOf(caseOf(module, stimulus), judge, origin)
}

/** The same for a bundle of components, of which the one that differs is made smaller alone if it differs alone. */
export const disagreementIn = async (
  bundled: Module,
  parts: readonly Part[],
  stimulus: Int32Array,
  judge: Judge,
): Promise<string | undefined> => {
  const difference = differenceIn(bundled, stimulus, judge, false)
  if (difference === undefined) return undefined
  const whole = caseOf(bundled, stimulus)
  const k = Number(/\bd(\d+)\b|\bd(\d+)_/.exec(difference)?.slice(1).find(Boolean) ?? 0)
  const { component, text } = parts[k]!
  const alone = { module: component.module, rows: whole.rows.map((row) => rowOfPart(row, k)) }
  return (await reportOf(alone, judge, text)) ?? reportOf(whole, judge, `in a bundle, ${text}`)
}

/**
 * The same for what a pass made of a module: in the interpreter it gives the same outputs and as many failed checks, and
 * JavaScript agrees.
 */
export const passDisagreement = async (
  name: PassName | 'optimise',
  module: Module,
  changed: Module,
  stimulus: Int32Array,
  origin: string,
): Promise<string | undefined> => {
  const engines = [interpreter(module), interpreter(changed), javascriptEngine(changed)] as const
  const difference = compareEngines(engines, stimulus)
  if (!difference && engines[1].failedChecks === engines[0].failedChecks) return undefined
  return (
    (await disagreement(module, stimulus, afterPass(name), origin)) ??
    (await disagreement(changed, stimulus, javascript, `${origin} after ${name}`)) ??
    `${difference ? describeDifference(difference) : 'failed checks differ'}: ${origin} after ${name}`
  )
}

/** A component of a bundle, and how to make it again. */
export interface Part {
  readonly component: Component
  readonly text: string
}

export const reportOf = async (failing: Case, judge: Judge, origin: string): Promise<string | undefined> => {
  const difference = differenceOf(failing, judge)
  if (difference === undefined) return undefined
  const kind = kindOf(difference)
  const stillFails = (one: Case): boolean => {
    const found = differenceOf(one, judge)
    return found !== undefined && kindOf(found) === kind
  }
  const small = await reduce(failing, stillFails, { seconds: judge.seconds })
  const now = differenceOf(small, judge) ?? difference
  const test = (top: string) => [
    `import { ${judge.text.replace(/\(.*/, '')} } from '${judge.file}'`,
    "import { differenceOf } from './case.ts'",
    `it(${JSON.stringify(now)}, () => {
  const rows = [${small.rows.map(rowText).join(', ')}]
  expect(differenceOf({ module: ${top}.module, rows }, ${judge.text})).toBeUndefined()
})`,
  ]
  return `${difference}: ${origin}\n${await fileOf(small, stillFails, test)}`
}

/** The same for what linters and Yosys dislike about the printed Verilog. */
export const complaintReportOf = async (
  module: Module,
  origin: string,
  tools: readonly ((module: Module) => Promise<readonly string[]>)[] = [lintersAbout, yosysAbout],
): Promise<string | undefined> => {
  const all = await Promise.all(tools.map((tool) => tool(module)))
  const tool = tools[all.findIndex((complaints) => complaints.length > 0)]
  if (!tool) return undefined
  const kinds = new Set(all.flat().map(withoutNames))
  const stillFails = async (one: Case): Promise<boolean> =>
    (await tool(one.module)).some((complaint) => kinds.has(withoutNames(complaint)))
  const small = await reduce({ module, rows: [{}] }, stillFails, { seconds: 120 })
  const test = (top: string) => [
    "import { complaintsAbout } from './verilator-judge.ts'",
    `it('is printed as Verilog that no tool dislikes', async () => {
  expect(await complaintsAbout(${top}.module)).toEqual([])
})`,
  ]
  return `${all.flat().join('\n')}: ${origin}\n${await fileOf(small, stillFails, test)}`
}

/** Failures of one kind are taken for the same: values of other signals, the same error. */
const kindOf = (failure: string): string =>
  failure.includes(' throws ')
    ? withoutNames(failure.replace(/^.*? throws /, ''))
    : failure.replace(/ (?:in cycle|interpreter says).*/s, '')
/** A message without places, names and numbers. */
const withoutNames = (message: string): string =>
  message
    .split('\n')
    .slice(0, 2)
    .join(' ')
    .replaceAll(/\w+\.v:[\d:]+,?|[`'"][^'"]*['"]|\\\w+|\w+\[.*\]|\b\w*\d\w*\b/g, '')

const rowText = (row: Row): string => {
  const values = Object.entries(row).map(([name, value]) => `${name}: ${value}n`)
  return values.length === 0 ? '{}' : `{ ${values.join(', ')} }`
}

/** A test file for this folder; where the case has no TypeScript, why not, and its Verilog. */
const fileOf = async (small: Case, stillFails: StillFails, test: (top: string) => string[]): Promise<string> => {
  try {
    const { imports, text, top } = componentsOf(small.module)
    const lines = test(top)
    const again = await describedAnew(small.module)
    const sentence = (await stillFails({ ...small, module: again }))
      ? 'The smallest case found, as a test in test/fuzz:'
      : 'The smallest case found, as a test in test/fuzz; described anew like this it does not fail, the module itself does:'
    return `${sentence}\n
import { expect, it } from 'vitest'
import { ${imports.join(', ')} } from '../../src/dsl/index.ts'
${lines
  .filter((line) => line.startsWith('import '))
  .sort()
  .join('\n')}

${text}

${lines.filter((line) => !line.startsWith('import ')).join('\n')}
`
  } catch (error) {
    return `The smallest case found cannot be told in TypeScript (${String(error)}); its Verilog:\n\n${printVerilog(small.module)}`
  }
}
