import type { Input, Module, Range } from '../../src/dsl/ir.ts'
import { printVerilog } from '../../src/dsl/verilog/print.ts'
import { type Port, readPort, writePort } from '../../src/sim/engine.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomWords } from '../../src/sim/stimulus.ts'
import type { YosysJob } from '../../src/synth/yosys.ts'

/** Values of a module's inputs by name. */
export type Case = Readonly<Record<string, bigint>>

const span = ({ min, max }: Range): bigint => max - min + 1n

/** More combinations than this are not run one by one. */
const mostCombinations = 2n ** 20n

/** Every combination of inputs where there are at most 2^20, else `count` random ones, ends of the bounds among them. */
export function* casesOf(inputs: readonly Input[], count = 20_000, seed = 1): Generator<Case> {
  const combinations = inputs.reduce((product, input) => product * span(input), 1n)
  if (combinations <= mostCombinations) {
    for (let k = 0n; k < combinations; k++) {
      let rest = k
      yield Object.fromEntries(
        inputs.map((input) => {
          const value = input.min + (rest % span(input))
          rest /= span(input)
          return [input.name, value]
        }),
      )
    }
    return
  }
  const random = randomWords(seed)
  const value = (range: Range): bigint => {
    const kind = random() % 16
    if (kind === 0) return range.min
    if (kind === 1) return range.max
    if (kind === 2 && range.min <= 0n && range.max >= 0n) return 0n
    let word = 0n
    for (let bits = span(range); bits > 0n; bits >>= 32n) word = (word << 32n) | BigInt(random() >>> 0)
    return range.min + (word % span(range))
  }
  for (let k = 0; k < count; k++) yield Object.fromEntries(inputs.map((input) => [input.name, value(input)]))
}

/** What one module says of a case, output by output. */
export const evaluate = (module: Module): ((values: Case) => Record<string, bigint>) => {
  const engine = javascriptEngine(module)
  const inputs = new Map<string, Port>(engine.ports.inputs.map((port) => [port.name, port]))
  return (values) => {
    for (const [name, value] of Object.entries(values)) writePort(engine.inputs, inputs.get(name)!, value)
    engine.step()
    return Object.fromEntries(engine.ports.outputs.map((port) => [port.name, readPort(engine.outputs, port)]))
  }
}

/** The first case in which the module's outputs are not `expected`, in words; undefined where there is none. */
export const firstDifference = (
  module: Module,
  expected: (values: Case) => Record<string, bigint>,
  { count, seed }: { readonly count?: number; readonly seed?: number } = {},
): string | undefined => {
  const found = evaluate(module)
  const show = (values: Record<string, bigint>): string =>
    Object.entries(values)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')
  for (const values of casesOf(module.inputs, count, seed)) {
    const [is, want] = [found(values), expected(values)]
    for (const [name, value] of Object.entries(want))
      if (is[name] !== value) return `${show(values)}: ${show(is)}, expected ${show(want)} (seed ${seed ?? 1})`
  }
  return undefined
}

/** The same of a component's gates against its logic. */
export const gatesDiffer = (module: Module, options: { readonly count?: number; readonly seed?: number } = {}) => {
  if (!module.gates) return `${module.name} has no gates`
  return firstDifference(module.gates, evaluate(module), options)
}

/** A Yosys job that succeeds where it can prove that gates and logic, as they are printed, are equal for all inputs. */
export const equivalenceProof = (module: Module): YosysJob => ({
  files: { 'logic.v': printVerilog(module, { gates: false }), 'gates.v': printVerilog(module) },
  script: ['logic', 'gates']
    .flatMap((side) => [
      `read_verilog ${side}.v`,
      `hierarchy -check -top ${module.name}`,
      'proc',
      'flatten',
      'opt -full',
      `rename ${module.name} side_${side}`,
      `design -stash ${side}`,
    ])
    .concat([
      'design -copy-from logic -as logic side_logic',
      'design -copy-from gates -as gates side_gates',
      'miter -equiv -flatten -make_assert logic gates miter',
      'hierarchy -top miter',
      'sat -verify -prove-asserts -timeout 60 miter',
    ])
    .join('\n'),
})
