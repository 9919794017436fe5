import { type Builder, buildModule } from './build.ts'
import { HdlError } from './error.ts'
import type { Module } from './ir.ts'
import type { Shapes } from './shape.ts'
import type { OperandOf, SignalOf } from './signal.ts'

/** Signals of a record of shapes, and operands that may drive them. */
export type SignalsOf<P extends Shapes> = { readonly [K in keyof P]: SignalOf<P[K]> }
export type OperandsOf<P extends Shapes> = { readonly [K in keyof P]: OperandOf<P[K]> }

/** A hardware block with its parameters applied: ports at once, logic when `module` is first read. */
export interface Component<In extends Shapes = Shapes, Out extends Shapes = Shapes> {
  readonly name: string
  readonly in: In
  readonly out: Out
  readonly module: Module
}

export interface Description<In extends Shapes, Out extends Shapes> {
  readonly in: In
  readonly out: Out
  /** Module name, if the one made of all parameters is too long to read; must differ for different parameters. */
  readonly name?: string
  logic(inputs: SignalsOf<In>, builder: Builder): OperandsOf<Out>
}

/**
 * A family of components. `describe` sees the parameters and returns ports and logic:
 *
 *     const Counter = component('counter', (p: { width: number }) => ({
 *       in: { enable: bool },
 *       out: { count: u(p.width) },
 *       logic({ enable }, { regs, when }) {
 *         const r = regs({ count: u(p.width) })
 *         when(enable, () => { r.count.next = r.count.add(1).wrap(u(p.width)) })
 *         return { count: r.count }
 *       },
 *     }))
 *
 * The same parameters give the same component and module object. Errors: `HdlError`, thrown where `module` is first read.
 */
export const component = <P extends object, In extends Shapes, Out extends Shapes>(
  label: string,
  describe: (parameters: P) => Description<In, Out>,
): ((parameters: P) => Component<In, Out>) => {
  const made = new Map<string, Component<In, Out>>()
  return (parameters) => {
    const texts = parameterTexts(label, parameters)
    const key = JSON.stringify(texts)
    const known = made.get(key)
    if (known) return known
    const description = describe(parameters)
    const name = description.name ?? moduleName(label, texts)
    let module: Module | undefined
    const result: Component<In, Out> = {
      name,
      in: description.in,
      out: description.out,
      get module() {
        module ??= buildModule(name, texts, description)
        return module
      },
    }
    made.set(key, result)
    return result
  }
}

const parameterTexts = (label: string, parameters: object): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, parameterText(label, key, value)]))

const parameterText = (label: string, key: string, value: unknown): string => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value)
  if (typeof value === 'object' && value !== null) {
    // Shapes have a tag, components a name, anything else may carry an identity: they differ wherever the things differ.
    if ('tag' in value && typeof value.tag === 'string') return value.tag
    if ('out' in value && 'name' in value) return String(value.name)
    if ('identity' in value && typeof value.identity === 'string') return value.identity
  }
  if (value === undefined) return 'none'
  throw new HdlError(
    'E-PARAMETER',
    label,
    `parameter '${key}' is neither text, number, flag, shape, component nor an object with an 'identity' text, so it cannot be part of a module's identity; pass plain values`,
  )
}

/** Every parameter is in the name, so that two names are equal only if the parameters are; long ones end in a hash. */
const moduleName = (label: string, texts: Readonly<Record<string, string>>): string => {
  const full = [label, ...Object.entries(texts).flat()]
    .join('_')
    .replaceAll('-', 'm')
    .replace(/[^A-Za-z0-9_]/g, '_')
  const whole = JSON.stringify(texts)
  if (full.length <= 60 && /^[A-Za-z0-9_\-",:{}]*$/.test(whole)) return full
  return `${full.slice(0, 48).replace(/_+$/, '')}_${fnv1a(whole).toString(16).padStart(8, '0')}`
}

/** 32-bit FNV-1a of the text's UTF-16 code units. */
const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5
  for (let k = 0; k < text.length; k++) hash = Math.imul(hash ^ text.charCodeAt(k), 0x01000193)
  return hash >>> 0
}
