/** A mapped netlist and its cells as Verilog, so that other tools can simulate them or read them. */
import type { Cell, Library } from '../../src/synth/library/library.ts'
import { type Bit, highestNet, type Netlist } from '../../src/synth/netlist.ts'

/** The net numbered k is bit k of the wire `net`, so that a dump names them all. */
const bitText = (bit: Bit): string => (typeof bit === 'number' ? `net[${bit}]` : bit === '1' ? "1'b1" : "1'b0")

/** Structural Verilog of the netlist as module `top`. */
export const netlistVerilog = (netlist: Netlist, top: string): string => {
  const ports = netlist.ports.map(({ name, direction, bits }) => `${direction} [${bits.length - 1}:0] ${name}`)
  const joined = netlist.ports.flatMap(({ name, direction, bits }) =>
    bits.map((bit, k) =>
      direction === 'input' ? `  assign ${bitText(bit)} = ${name}[${k}];` : `  assign ${name}[${k}] = ${bitText(bit)};`,
    ),
  )
  const instances = netlist.instances.map(({ cell, connections }, k) => {
    const pins = Object.entries(connections).map(([pin, bits]) => `.${pin}(${bitText(bits[0]!)})`)
    return `  ${cell} u${k} (${pins.join(', ')});`
  })
  return `module ${top} (${ports.join(', ')});
  wire [${highestNet(netlist)}:0] net;
${joined.join('\n')}
${instances.join('\n')}
endmodule
`
}

const behaviour = ({ flipFlop, clockGate }: Cell): string => {
  if (clockGate) return `  reg IQ = 0;\n  always @(*) if (!${clockGate.clock}) IQ = ${clockGate.enable};\n`
  if (!flipFlop) return ''
  const { clock, data, clearLow } = flipFlop
  return clearLow === undefined
    ? `  reg IQ = 0;\n  always @(posedge ${clock}) IQ <= ${data};\n`
    : `  reg IQ = 0;\n  always @(posedge ${clock} or negedge ${clearLow}) IQ <= ${clearLow} ? ${data} : 1'b0;\n`
}

/** Behavioural models of a library's cells, without delay. */
export const cellModels = (library: Library): string =>
  library.cells
    .map((cell) => {
      const pins = [
        ...cell.inputs.map(({ name }) => `input ${name}`),
        ...cell.outputs.map(({ name }) => `output ${name}`),
      ]
      const assigns = cell.outputs.map((output) => `  assign ${output.name} = ${output.function};`)
      return `module ${cell.name} (${pins.join(', ')});\n${behaviour(cell)}${assigns.join('\n')}\nendmodule\n`
    })
    .join('')
