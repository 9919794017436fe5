import { clockPorts, mainDomain } from '../domains.ts'
import type { Expressions } from './expression.ts'
import { byClock, indent } from './layout.ts'
import type { PrintOptions } from './options.ts'
import type { Prepared } from './prepare.ts'

/** The designer's promises, for simulation and formal tools only. */
export const checkBlock = (
  broken: Prepared['broken'],
  expressions: Expressions,
  { formal }: PrintOptions,
): string[] => {
  const promises = broken.map(({ node, check }, index) => ({
    test: expressions.print(node, 1, `check_${index}`),
    message: check.message.replace(/\s+/g, ' '),
    clock: check.clock,
    rst: clockPorts(check.clock ?? mainDomain).rst,
  }))
  type Promise = (typeof promises)[number]
  const errorOf = ({ test, message, rst }: Promise): string => {
    const text = message.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')
    return `if (!${rst} && ${isPlain(test) ? test : `(${test})`}) $error("%m: ${text}");`
  }
  const onClocks = (lineOf: (promise: Promise) => string): string[] =>
    byClock(promises, ({ clock }) => clock).flatMap(([domain, group]) => [
      `always @(posedge ${clockPorts(domain).clk}) begin`,
      indent(group.map(lineOf).join('\n')),
      'end',
    ])
  if (!formal) return onClocks(errorOf)
  // Registers start anywhere in formal tools, so time begins with a reset.
  const assertionOf = ({ test, message, rst }: Promise): string =>
    `if (!${rst}) assert (!${isPlain(test) && !test.startsWith('!') ? test : `(${test})`}); // ${message}`
  const resets = byClock(promises, ({ clock }) => clock).map(
    ([domain]) => `initial assume (${clockPorts(domain).rst});`,
  )
  return ['`ifdef FORMAL', ...resets, ...onClocks(assertionOf), '`else', ...onClocks(errorOf), '`endif']
}

const isPlain = (test: string): boolean => /^!?[\w[\]]+$/.test(test)
