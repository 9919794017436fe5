import { clockPorts, domainsOf } from '../domains.ts'
import {
  type Constant,
  type Encoding,
  isSigned,
  type Module,
  type Node,
  type Output,
  type Range,
  widthOf,
} from '../ir.ts'
import { NameTable } from '../names.ts'

/** A named value of the printed module, and which of its bits somebody reads. */
export interface Net {
  readonly name: string
  readonly width: number
  readonly signed: boolean
  /** Bit k is 1 where bit k is read. */
  read: bigint
}

/** Every net of one module. Ports, registers, wires and instance outputs have one from the start, operations on demand. */
export class Nets {
  readonly #byNode = new Map<Node, Net>()
  readonly #names = new NameTable()
  readonly #valueNames = new Map<string, { readonly name: string; readonly of: Encoding; readonly code: bigint }>()
  /** Registers and wires that are output ports. */
  readonly #ports: ReadonlySet<Node>

  /** `shared` tells operations that are read more than once, which need a net anyway. */
  constructor(module: Module, shared: (node: Node) => boolean) {
    this.#ports = new Set(module.outputs.filter(isOwnNet).map(({ node }) => node))
    for (const word of ['clk', 'rst', 'unused', ...domainsOf(module).flatMap((domain) => portsOf(domain))])
      this.#names.take(word, 'the printer')
    for (const input of module.inputs) this.#add(input, input.name)
    for (const output of module.outputs) this.#names.take(output.name, 'an output')
    for (const register of module.registers) this.#add(register.node, register.name)
    for (const wire of module.wires) this.#add(wire.node, wire.name)
    for (const memory of module.memories) {
      this.#names.take(memory.name, 'a memory')
      for (const { node } of memory.reads) this.#add(node, node.name)
      for (const node of memory.lookups) this.#add(node, node.name)
    }
    for (const instance of module.instances) this.#names.take(instance.name, 'an instance')
    // A wire driven by an instance is that instance's output net; other outputs get one named after instance and port.
    for (const wire of module.wires)
      if (wire.driver.op === 'out' && !this.#byNode.has(wire.driver)) this.#byNode.set(wire.driver, this.of(wire.node)!)
    for (const instance of module.instances)
      for (const [port, node] of instance.outputs)
        if (!this.#byNode.has(node)) this.#byNode.set(node, made(this.#names.fresh(`${instance.name}_${port}`), node))
    // What is shared and drives a wire or an output is read there.
    for (const { node, driver } of module.wires) this.#becomes(this.of(node)!, node, driver, shared)
    for (const { name, node, range } of module.outputs) {
      const net = made(name, range)
      net.read = (1n << BigInt(net.width)) - 1n
      this.#becomes(net, range, node, shared)
    }
  }

  #becomes(net: Net, range: Range, driver: Node, shared: (node: Node) => boolean): void {
    const fits = widthOf(driver) === widthOf(range) && isSigned(driver) === isSigned(range)
    if (fits && shared(driver) && !this.#byNode.has(driver)) this.#byNode.set(driver, net)
  }

  /** True for a register or wire that is the output port of its name. */
  isPort(node: Node): boolean {
    return this.#ports.has(node)
  }

  of(node: Node): Net | undefined {
    return this.#byNode.get(node)
  }

  /** A new net for an operation, called `base` or `base_2` and so on. */
  temporary(node: Node, base: string, range: Range = node): Net {
    const net = made(this.#names.fresh(base), range)
    this.#byNode.set(node, net)
    return net
  }

  /** A name nothing has yet, for what is no net. */
  fresh(base: string): string {
    return this.#names.fresh(base)
  }

  /** `CONTROL_IDLE` for a value of an enumeration, or undefined for any other constant. */
  valueName({ encoding, value }: Constant): string | undefined {
    const word = encoding?.values[Number(value)]
    if (!encoding || word === undefined) return undefined
    const key = `${encoding.name} ${encoding.values.join()} ${value}`
    const known = this.#valueNames.get(key)
    if (known) return known.name
    const name = this.#names.fresh(`${encoding.name}_${word}`.toUpperCase())
    this.#valueNames.set(key, { name, of: encoding, code: value })
    return name
  }

  /** `localparam [1:0] CONTROL_IDLE = 2'd0;` for each value that was printed, enumeration by enumeration. */
  valueDeclarations(): string[] {
    const used = [...this.#valueNames.values()]
    return [...new Set(used.map(({ of }) => of))].flatMap((encoding) => {
      const range = { min: 0n, max: BigInt(encoding.values.length - 1) }
      return used
        .filter(({ of }) => of === encoding)
        .sort((a, b) => Number(a.code - b.code))
        .map(({ name, code }) => `localparam ${typeOf(range)}${name} = ${widthOf(range)}'d${code};`)
    })
  }

  /** In the order they were made. */
  all(): ReadonlySet<Net> {
    return new Set(this.#byNode.values())
  }

  /** Parts of nets that nobody reads, as Verilog selects. */
  unread(nets: Iterable<Net>): string[] {
    const parts: string[] = []
    for (const net of nets) {
      for (let low = 0; low < net.width; ) {
        if ((net.read >> BigInt(low)) & 1n) {
          low++
          continue
        }
        let high = low
        while (high + 1 < net.width && !((net.read >> BigInt(high + 1)) & 1n)) high++
        parts.push(low === 0 && high === net.width - 1 ? net.name : select(net, high, low))
        low = high + 1
      }
    }
    return parts
  }

  /** A pass may have left a register whose output is now driven by something else: then the port keeps the name. */
  #add(node: Node, name: string): void {
    const taken = this.#names.take(name, 'a net') !== undefined && !this.#ports.has(node)
    this.#byNode.set(node, made(taken ? this.#names.fresh(name) : name, node))
  }
}

/** True where an output is a register or wire of its own name, which then is the port itself. */
const isOwnNet = ({ name, node, range }: Output): boolean =>
  (node.op === 'wire' || node.op === 'reg') &&
  node.name === name &&
  widthOf(node) === widthOf(range) &&
  isSigned(node) === isSigned(range)

const portsOf = (domain: string): string[] => [clockPorts(domain).clk, clockPorts(domain).rst]

const made = (name: string, range: Range): Net => ({ name, width: widthOf(range), signed: isSigned(range), read: 0n })

/** Bits `high` down to `low` of a net, noted as read by `readBits`. */
export const select = (net: Net, high: number, low: number): string => {
  if (low === 0 && high === net.width - 1) return net.name
  return high === low ? `${net.name}[${high}]` : `${net.name}[${high}:${low}]`
}

export const readBits = (net: Net, high: number, low: number): string => {
  net.read |= ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low)
  return select(net, high, low)
}

/** `signed [7:0] ` or `` for one bit, to stand after `wire`, `reg`, `input`. */
export const typeOf = (range: Range): string => {
  const width = widthOf(range)
  return `${isSigned(range) ? 'signed ' : ''}${width > 1 ? `[${width - 1}:0] ` : ''}`
}
