import type { Builder } from '../builder.ts'
import { type Clock, clockNamed } from '../clock.ts'
import { mainDomain, parentDomain } from '../domains.ts'
import type { Module } from '../ir.ts'
import { bits, bool } from '../shape.ts'
import type { Bits, Bool, Int } from '../signal.ts'

export interface SyncOptions {
  /** The clock that takes the signal. */
  readonly to: Clock
  /** Says that the field is Gray-coded: from cycle to cycle at most one bit changes. Checked in simulation. */
  readonly gray?: boolean
}

/**
 * Brings a signal into another clock through two flip-flops, `name_first` and `name`. It takes a flag, a field of one bit or
 * a Gray-coded field, straight from a register: of other fields, bits of two different values could arrive together, and
 * logic in front of the flip-flops could let a glitch through.
 */
export function sync2(builder: Builder, name: string, signal: Bool, options: SyncOptions): Bool
export function sync2(builder: Builder, name: string, signal: Bits, options: SyncOptions): Bits
export function sync2(
  builder: Builder,
  name: string,
  signal: Bool | Bits,
  { to, gray = false }: SyncOptions,
): Bool | Bits {
  const { graph } = signal
  const source = sourceOf(signal)
  if (!source.settled)
    throw graph.error(
      'E-CROSSING',
      `sync2 '${name}' takes the output of a register, got a computed value, which may glitch; put it into a register of its own clock first`,
    )
  const wide = signal.kind === 'bits' && signal.width > 1
  if (wide && !gray)
    throw graph.error(
      'E-CROSSING',
      `sync2 '${name}' takes one bit, got ${signal.width}, of which some could arrive a cycle late; use asyncFifo, or Gray code and say so with gray: true`,
    )
  if (wide) {
    const before = builder.regs({ [`${name}_before`]: bits(signal.width) }, { clock: clockNamed(source.clock) })[
      `${name}_before`
    ]!
    before.next = signal
    builder.check(atMostOneBit(signal.xor(before)), `${name} is Gray-coded: at most one bit changes in a cycle`)
  }
  const shape = signal.kind === 'bool' ? bool : bits(signal.width)
  const options = { clock: to, synchroniser: true }
  const first = builder.regs({ [`${name}_first`]: shape }, { ...options, crossing: 'two flip-flops settle it' })[
    `${name}_first`
  ]! as unknown as (Bool | Bits) & { next: unknown }
  const second = builder.regs({ [name]: shape }, options)[name]! as unknown as (Bool | Bits) & { next: unknown }
  first.next = signal
  second.next = first
  return second
}

/** Whether a signal comes straight from a register, as far as this component and those under it show, and its clock. */
const sourceOf = ({ graph, node }: Bool | Bits): { readonly settled: boolean; readonly clock: string } => {
  if (node.op === 'reg' || node.op === 'in') return { settled: true, clock: node.clock ?? mainDomain }
  if (node.op !== 'out') return { settled: false, clock: mainDomain }
  const instance = graph.description!.netlist.instance(node.instance)
  const { clock = mainDomain } = instance.of.outputs.find(({ name }) => name === node.port)!
  return { settled: isRegistered(instance.of, node.port), clock: parentDomain(instance, clock) }
}

const isRegistered = (module: Module, output: string): boolean => {
  const { node } = module.outputs.find(({ name }) => name === output)!
  if (node.op === 'out') return isRegistered(module.instances.find(({ name }) => name === node.instance)!.of, node.port)
  return node.op === 'reg' || (node.op === 'box' && module.blackBox!.through.get(output)!.length === 0)
}

/** x and x - 1 share no bit. */
const atMostOneBit = (field: Bits): Bool => field.and(field.unsigned().sub(1).bits(field.width)).any().not()

/** The Gray code of an unsigned integer: neighbours differ in one bit, the last and the first among them. */
export const toGray = (value: Int): Bits => {
  const code = value.bits()
  return code.width === 1 ? code : code.xor(value.shr(1).bits(code.width))
}

/** The unsigned integer that a Gray code stands for. */
export const fromGray = (code: Bits): Int => {
  let value = code
  for (let shift = 1; shift < code.width; shift *= 2) value = value.xor(value.unsigned().shr(shift).bits(code.width))
  return value.unsigned()
}
