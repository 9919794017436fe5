import { printVerilog } from '../../../src/dsl/index.ts'
import {
  type InstanceOutput,
  isSigned,
  type Lookup,
  type Memory,
  type Module,
  type Node,
  type Range,
  widthOf,
} from '../../../src/dsl/ir.ts'

/**
 * The module with its inside led out, so that two versions of it can be compared step by step: every register, read port and
 * word of a memory is an output as well, every promise too; instances are cut off, their outputs become inputs and their
 * inputs outputs.
 */
export const opened = (module: Module, name: string): Module => {
  let id = module.nodeCount
  const cut = new Map<Node, Node>()
  const inputs = [...module.inputs]
  for (const instance of module.instances)
    for (const [port, node] of instance.outputs) {
      const input = { op: 'in' as const, id: id++, name: `cut_${instance.name}_${port}`, min: node.min, max: node.max }
      cut.set(node as InstanceOutput, input)
      inputs.push(input)
    }
  const swapped = new Map<Node, Node>()
  const swap = (node: Node): Node => {
    const known = cut.get(node) ?? swapped.get(node)
    if (known) return known
    if (!('args' in node)) return node
    const made = { ...node, args: node.args.map(swap) } as Node
    swapped.set(node, made)
    return made
  }
  const memories = module.memories.map((memory): Memory & { readonly states: readonly Lookup[] } => {
    const states = Array.from({ length: memory.depth }, (_, address): Lookup => {
      const at = BigInt(address)
      const constant: Node = { op: 'const', id: id++, min: at, max: at, value: at }
      const name = `state_${memory.name}_${address}`
      return { op: 'lookup', id: id++, ...memory.word, name: `${name}_word`, memory: memory.name, args: [constant] }
    })
    return {
      ...memory,
      writes: memory.writes.map((port) => ({
        ...port,
        address: swap(port.address),
        value: swap(port.value),
        enable: swap(port.enable),
        ...(port.lanes && { lanes: port.lanes.map(swap) }),
      })),
      reads: memory.reads.map(({ node, address, enable }) => ({ node, address: swap(address), enable: swap(enable) })),
      lookups: [...memory.lookups.map((lookup) => swap(lookup) as Lookup), ...states],
      states,
    }
  })
  const operations = module.operations.map(swap) as unknown as Module['operations']
  return {
    ...module,
    name,
    inputs,
    outputs: [
      ...module.outputs.map((output) => ({ ...output, node: swap(output.node) })),
      ...module.registers.map(({ name, node }) => ({ name: `state_${name}`, node, range: node })),
      ...memories.flatMap(({ word, reads, states }) => [
        ...reads.map(({ node }) => ({ name: `state_${node.name}`, node, range: word })),
        ...states.map((node) => ({ name: node.name.slice(0, -'_word'.length), node, range: word })),
      ]),
      ...module.instances.flatMap((instance) =>
        [...instance.inputs].map(([port, driver]) => ({
          name: `cut_${instance.name}_${port}`,
          node: swap(driver),
          range: instance.of.inputs.find((input) => input.name === port)!,
        })),
      ),
      ...module.checks.map(({ holds }, k) => ({
        name: `promise_${k}`,
        node: swap(holds),
        range: { min: 0n, max: 1n },
      })),
      // A register nobody needs, so that there is a clock whatever else is left.
      { name: 'clock_user', node: clockUser, range: clockUser },
    ],
    registers: [
      ...module.registers.map((register) => ({ ...register, next: swap(register.next) })),
      { name: 'always_one', node: clockUser, reset: 1n, next: clockUser },
    ],
    wires: module.wires.map((wire) => ({ ...wire, driver: swap(wire.driver) })),
    memories,
    instances: [],
    checks: [],
    operations,
    nodeCount: id + 1,
  }
}
const clockUser = { op: 'reg' as const, id: -1, name: 'always_one', min: 0n, max: 1n }

/** Fewer promises may be left, in their old order: those that always hold are gone. */
interface Sides {
  readonly gold: Module
  readonly gate: Module
}

/**
 * Verilog of both versions and of a module `miter` around them. It takes the ports' bounds and the promises for granted and
 * asserts, outside reset, that outputs are equal, and always that states are and stay within the bounds of the new version.
 */
export const miter = ({ gold, gate }: Sides): string => {
  const [left, right] = [opened(gold, 'gold'), opened(gate, 'gate')]
  const vector = ({ min, max }: Range): string => `${min < 0n ? 'signed ' : ''}[${widthOf({ min, max }) - 1}:0]`
  const within = (name: string, range: Range): string => {
    const width = widthOf(range) + 1
    const bound = (value: bigint): string => (value < 0n ? `(-${width + 1}'sd${-value})` : `${width + 1}'sd${value}`)
    const operand = isSigned(range) ? name : `$signed({1'b0, ${name}})`
    return `(${operand} >= ${bound(range.min)} && ${operand} <= ${bound(range.max)})`
  }
  const rightOutputs = new Map(right.outputs.map((output) => [output.name, output]))
  const promises = left.outputs.filter(({ name }) => name.startsWith('promise_')).map(({ name }) => `left_${name}`)
  const compared = left.outputs.filter(({ name }) => rightOutputs.has(name) && !name.startsWith('promise_'))
  // What a cut instance would have said.
  const constants = gold.instances.flatMap((instance) =>
    instance.of.outputs.flatMap(({ name, node }) =>
      node.op === 'const' ? [{ name: `cut_${instance.name}_${name}`, value: node.value }] : [],
    ),
  )
  const wires = (side: string, module: Module): string[] =>
    module.outputs.map(({ name, range }) => `  wire ${vector(range)} ${side}_${name};`)
  const connect = (side: string, module: Module): string =>
    [
      '.clk(clk)',
      '.rst(rst)',
      ...module.inputs.map(({ name }) => `.${name}(${name})`),
      ...module.outputs.map(({ name }) => `.${name}(${side}_${name})`),
    ].join(', ')
  const equal = compared.map(({ name, range }) => {
    const other = rightOutputs.get(name)!
    return {
      name,
      state: name.startsWith('state_'),
      lines: [`  wire ${vector(range)} same_${name} = right_${name};`],
      test: `left_${name} == same_${name}`,
      other,
    }
  })
  return `${printVerilog(left)}
${printVerilog(right)}
module miter (input clk, input rst${left.inputs.map((input) => `, input ${vector(input)} ${input.name}`).join('')});
${[...wires('left', left), ...wires('right', right)].join('\n')}
${equal.flatMap(({ lines }) => lines).join('\n')}
  gold left (${connect('left', left)});
  gate right (${connect('right', right)});
  always @* begin
${left.inputs.map((input) => `    assume (${within(input.name, input)});`).join('\n')}
${constants.map(({ name, value }) => `    assume (${name} == ${value});`).join('\n')}
${promises.map((promise) => `    assume (rst || ${promise});`).join('\n')}
${equal
  .map(({ name, state, test, other }) =>
    state ? `    assert (${test} && ${within(`right_${name}`, other.range)});` : `    assert (rst || ${test});`,
  )
  .join('\n')}
  end
endmodule
`
}

/** Yosys commands that prove the miter's assertions from a reset onwards, by induction over at most `steps` cycles. */
export const proof = (file: string, steps = 4): string[] => [
  `read_verilog -formal ${file}`,
  'hierarchy -check -top miter',
  'proc',
  'flatten',
  'memory_collect',
  'memory_map',
  'chformal -lower',
  'opt -full',
  // In the first step anything may be in the registers; in it they are reset.
  `sat -verify -tempinduct -prove-asserts -set-assumes -set-at 1 rst 1 -seq 1 -maxsteps ${steps} -timeout 60 miter`,
]
