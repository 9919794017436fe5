import { clockPorts, mainDomain } from '../domains.ts'
import type { Expressions } from './expression.ts'
import { byClock, indent, quoted } from './layout.ts'
import type { Nets } from './nets.ts'
import type { PrintOptions } from './options.ts'
import type { Prepared } from './prepare.ts'

/** A promise in print: a Verilog condition that is true where it is broken, and the clock or clocks it is about. */
interface Printed {
  readonly test: string
  readonly message: string
  readonly clock: string
  readonly meets: string | undefined
}

/** The designer's promises, for simulation and formal tools only. */
export const checkBlock = (
  broken: Prepared['broken'],
  nets: Nets,
  expressions: Expressions,
  { formal }: PrintOptions,
): string[] => {
  const promises = broken.map(({ node, check }, index): Printed => {
    const { clock = mainDomain, meets } = check
    const test = expressions.print(node, 1, `check_${index}`)
    return { test, message: check.message.replace(/[\s\p{Cc}]+/gu, ' '), clock, meets }
  })
  const single = promises.filter(({ meets }) => meets === undefined)
  const onClocks = (lineOf: (promise: Printed) => string): string[] =>
    byClock(single, ({ clock }) => clock).flatMap(([domain, group]) => [
      `always @(posedge ${clockPorts(domain).clk}) begin`,
      indent(group.map(lineOf).join('\n')),
      'end',
    ])
  const simulated = [...onClocks((promise) => errorOf(promise, [])), ...meetings(promises, nets)]
  if (!formal) return simulated
  // Registers start anywhere in formal tools, so time begins with a reset.
  const assertionOf = ({ test, message, clock }: Printed): string =>
    `if (!${clockPorts(clock).rst}) assert (!${isPlain(test) && !test.startsWith('!') ? test : `(${test})`}); // ${message.replaceAll('`', "'")}`
  const resets = byClock(single, ({ clock }) => clock).map(([domain]) => `initial assume (${clockPorts(domain).rst});`)
  return ['`ifdef FORMAL', ...resets, ...onClocks(assertionOf), '`else', ...simulated, '`endif']
}

const errorOf = ({ test, message, clock }: Printed, conditions: readonly string[]): string => {
  const all = [...conditions, `!${clockPorts(clock).rst}`, isPlain(test) ? test : `(${test})`]
  return `if (${all.join(' && ')}) $error(${quoted(`%m: ${message.replaceAll('%', '%%')}`)});`
}

/**
 * Promises about edges of two clocks at one moment. A clock that is high and was low before has its edge now, whichever of
 * two that rise together is seen first. For simulation alone: formal tools take no block of two clocks.
 */
const meetings = (promises: readonly Printed[], nets: Nets): string[] => {
  const pairs = promises.flatMap((promise) => (promise.meets === undefined ? [] : [[promise, promise.meets] as const]))
  const domains = [...new Set(pairs.flatMap(([{ clock }, other]) => [clock, other]))]
  const before = new Map(domains.map((domain) => [domain, nets.fresh(`${clockPorts(domain).clk}_before`)]))
  const rises = (domain: string): string => `${clockPorts(domain).clk} && !${before.get(domain)}`
  return [
    ...domains.map((domain) => `reg ${before.get(domain)};`),
    ...domains.map((domain) => {
      const { clk } = clockPorts(domain)
      return `always @(posedge ${clk} or negedge ${clk}) ${before.get(domain)} <= ${clk};`
    }),
    ...pairs.flatMap(([promise, other]) => [
      `always @(posedge ${clockPorts(promise.clock).clk} or posedge ${clockPorts(other).clk}) begin`,
      `  ${errorOf(promise, [rises(promise.clock), rises(other), `!${clockPorts(other).rst}`])}`,
      'end',
    ]),
  ]
}

const isPlain = (test: string): boolean => /^!?[\w[\]]+$/.test(test)
