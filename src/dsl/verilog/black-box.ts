import { UserError } from '../../base/user-error.ts'
import type { Module } from '../ir.ts'
import { clockPortNames } from './module.ts'
import { typeOf } from './nets.ts'
import type { PrintOptions } from './options.ts'
import { blackBoxesUnder, printVerilog } from './print.ts'

/** The printed design with the user's Verilog of its black boxes; a UserError for a box that came without. */
export const verilogForSimulation = (top: Module, options: Pick<Partial<PrintOptions>, 'gates'> = {}): string => {
  const texts = new Set(
    blackBoxesUnder(top, options).map(({ name, blackBox }) => {
      if (blackBox.verilog !== undefined) return `${blackBox.verilog.trimEnd()}\n`
      throw new UserError(
        'E-BLACK-BOX',
        `black box '${name}' has no Verilog, which Verilator and Icarus need; give blackBox a 'verilog' text or use the engines js and interpreter, which run its model`,
      )
    }),
  )
  return [printVerilog(top, options), ...texts].filter((text) => text !== '').join('\n')
}

/** The printed design with an empty module for each black box, for linters and for synthesis that leaves them open. */
export const verilogWithStubs = (top: Module): string =>
  [printVerilog(top), ...new Map(blackBoxesUnder(top).map((box) => [box.name, stub(box)])).values()]
    .filter((text) => text !== '')
    .join('\n')

const stub = (module: Module): string => {
  const parameters = Object.entries(module.blackBox!.parameters).map(
    ([name, value]) => `  parameter ${name} = ${value}`,
  )
  const ports = [
    ...clockPortNames(module).map((name) => `  input wire ${name}`),
    ...module.inputs.map((node) => `  input wire ${typeOf(node)}${node.name}`),
    ...module.outputs.map(({ name, range }) => `  output wire ${typeOf(range)}${name}`),
  ]
  const head = parameters.length > 0 ? ` #(\n${parameters.join(',\n')}\n)` : ''
  return [
    '/* verilator lint_off UNUSED */',
    '/* verilator lint_off UNDRIVEN */',
    '(* blackbox *)',
    `module ${module.name}${head} (\n${ports.join(',\n')}\n);`,
    'endmodule',
    '/* verilator lint_on UNDRIVEN */',
    '/* verilator lint_on UNUSED */',
    '',
  ].join('\n')
}
