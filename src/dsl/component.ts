import { withGates } from './build/gates.ts'
import { buildModule } from './build/module.ts'
import type { Builder } from './builder.ts'
import { type Accepted, withAccepted } from './check/warnings.ts'
import { originHere, refuse } from './error.ts'
import type { Module } from './ir.ts'
import { describe as describeValue } from './kind.ts'
import { nameFault } from './names.ts'
import type { PortOperandOf, PortSignalOf, Ports, ReadyOf } from './stream.ts'

/** Signals of a record of ports, and operands that may drive them. */
export type SignalsOf<P extends Ports> = { readonly [K in keyof P]: PortSignalOf<P[K]> }
export type OperandsOf<P extends Ports> = { readonly [K in keyof P]: PortOperandOf<P[K]> }

/** A hardware block with its parameters applied: ports at once, logic when `module` is first read. */
export interface Component<In extends Ports = Ports, Out extends Ports = Ports> {
  readonly name: string
  readonly in: In
  readonly out: Out
  readonly module: Module
}

export interface Description<In extends Ports, Out extends Ports> {
  readonly in: In
  readonly out: Out
  /** Module name, if the one made of all parameters is too long to read; must differ for different parameters. */
  readonly name?: string
  /**
   * `checked`: values of different delay that meet are an error. An object says so too, and lists the inputs and registers
   * that hold still while data passes, such as a configuration.
   */
  readonly latency?: 'checked' | { readonly steady: readonly string[] }
  /** Warnings that are meant, each with why: `{ 'W-UNUSED': { spare: 'a pin of the board' } }`. */
  readonly accepted?: Accepted
  /** What comes in, the readiness of output streams among it; returns what goes out. */
  logic(inputs: SignalsOf<In> & ReadyOf<Out>, builder: Builder): OperandsOf<Out>
  /**
   * The same function once more, as it is to be built: from full adders, say. Simulation runs `logic`; Verilog has `gates`, so
   * that simulators and synthesis that read it see these. For components without registers, memories and checks.
   */
  gates?(inputs: SignalsOf<In> & ReadyOf<Out>, builder: Builder): OperandsOf<Out>
}

/**
 * A family of components. `describe` sees the parameters and returns ports and logic:
 *
 *     const Counter = component('counter', (p: { width: number }) => ({
 *       in: { enable: bool },
 *       out: { count: u(p.width) },
 *       logic({ enable }, { regs, when }) {
 *         const r = regs({ value: u(p.width) })
 *         when(enable, () => { r.value.next = r.value.add(1).wrap(u(p.width)) })
 *         return { count: r.value }
 *       },
 *     }))
 *
 * The same parameters give the same component and module object. Errors: `HdlError`, thrown where `module` is first read.
 */
export const component = <P extends object, In extends Ports, Out extends Ports>(
  label: string,
  describe: (parameters: P) => Description<In, Out>,
): ((parameters: P) => Component<In, Out>) => {
  const declared = originHere()
  const made = new Map<string, Component<In, Out>>()
  return (parameters) => {
    const all = parametersOf(label, parameters)
    const key = identityOf(all)
    const known = made.get(key)
    if (known) return known
    const description = describe(parameters)
    refuseIncomplete(label, description)
    const name = description.name ?? moduleName(label, all)
    const fault = nameFault(name)
    if (fault)
      refuse('E-NAME', label || 'component', `a module cannot be called '${name}': ${fault}; choose another name`)
    const texts = Object.fromEntries(all.map((parameter) => [parameter.key, parameter.text]))
    let module: Module | 'in the making' | undefined
    const result: Component<In, Out> = {
      name,
      in: description.in,
      out: description.out,
      get module() {
        if (module === 'in the making')
          refuse(
            'E-LOOP',
            name,
            'the component contains itself without end; give the inner one smaller parameters and stop somewhere',
          )
        if (module) return module
        module = 'in the making'
        try {
          const built = withAccepted(
            buildModule(name, texts, description, declared),
            description.accepted ?? {},
            declared,
          )
          const { gates } = description
          module = gates
            ? withGates(built, buildModule(name, texts, { ...description, logic: gates }, declared), declared)
            : built
          return module
        } catch (error) {
          module = undefined
          throw error // node-do-not-add-exception-line
        }
      },
    }
    made.set(key, result)
    return result
  }
}

interface Parameter {
  readonly key: string
  readonly kind: 'text' | 'number' | 'flag' | 'shape' | 'component' | 'identity' | 'list'
  readonly text: string
  /** Of a list. */
  readonly elements?: readonly Omit<Parameter, 'key'>[]
}

/** What only JavaScript without types lets through: `(p) => { in: ... }` returns nothing. */
const refuseIncomplete = (label: string, description: unknown): void => {
  if (typeof description !== 'object' || description === null)
    refuse(
      'E-PARAMETER',
      label,
      `a component is described by an object with in, out and logic, got ${describeValue(description)}; write (p) => ({ ... }) with parentheses`,
    )
  for (const key of ['in', 'out', 'logic'])
    if (!(key in description))
      refuse('E-PARAMETER', label, `the description has no '${key}'; give it in, out and logic`)
}

/** The parameters in alphabetical order; one that is undefined is as good as left out. */
const parametersOf = (label: string, parameters: object): readonly Parameter[] => {
  if (typeof parameters !== 'object' || parameters === null)
    refuse(
      'E-PARAMETER',
      label,
      `parameters come in an object, got ${describeValue(parameters)}; pass {} where there are none`,
    )
  return Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ key, ...textOf(label, key, value) }))
}

const textOf = (label: string, key: string, value: unknown): Omit<Parameter, 'key'> => {
  if (typeof value === 'string') return { kind: 'text', text: value }
  if (typeof value === 'number' || typeof value === 'bigint') return { kind: 'number', text: String(value) }
  if (typeof value === 'boolean') return { kind: 'flag', text: String(value) }
  if (Array.isArray(value)) {
    const elements = value.map((element, k) => textOf(label, `${key}[${k}]`, element))
    return { kind: 'list', text: elements.map(({ text }) => text).join(' '), elements }
  }
  if (typeof value === 'object' && value !== null) {
    // Shapes have a tag, components a name, anything else may carry an identity: they differ wherever the things differ.
    if ('tag' in value && typeof value.tag === 'string') return { kind: 'shape', text: value.tag }
    if ('out' in value && 'name' in value) return { kind: 'component', text: String(value.name) }
    if ('identity' in value && typeof value.identity === 'string') return { kind: 'identity', text: value.identity }
  }
  refuse(
    'E-PARAMETER',
    label,
    `parameter '${key}' is ${describeValue(value)}, which cannot tell one module from another; pass text, numbers, flags, shapes, components or lists of these, or give the object an 'identity' text`,
  )
}

const identityOf = (parameters: readonly Parameter[]): string =>
  JSON.stringify(parameters.map((parameter) => [parameter.key, contentOf(parameter)]))

const contentOf = ({ kind, text, elements }: Omit<Parameter, 'key'>): readonly unknown[] => [
  kind,
  elements?.map(contentOf) ?? text,
]

/**
 * Every parameter is in the name, so that two names are equal only if the parameters are: names that are long, or that
 * other parameters could be written as too, end in a hash of all of them.
 */
const moduleName = (label: string, parameters: readonly Parameter[]): string => {
  const full = [label, ...parameters.flatMap(({ key, text }) => [key, text])]
    .join('_')
    .replaceAll('-', 'm')
    .replace(/[^A-Za-z0-9_]/g, '_')
  if (full.length <= 60 && /^\w*$/.test(label) && parameters.every(isPlain)) return full
  const hash = fnv1a(JSON.stringify([label, identityOf(parameters)]))
  return `${full.slice(0, 48).replace(/_+$/, '')}_${hash.toString(16).padStart(8, '0')}`
}

/** True where nothing but this parameter is written like it. */
const isPlain = ({ kind, text, elements = [] }: Omit<Parameter, 'key'>): boolean => {
  if (kind === 'list') return elements.length > 1 && elements.every((one) => one.kind === 'number' && isPlain(one))
  if (kind === 'shape') return /^\w+$/.test(text)
  if (kind === 'flag') return true
  if (kind === 'number') return /^-?\d+$/.test(text)
  return kind === 'text' && /^[A-Za-z][A-Za-z0-9]*$/.test(text) && !/^(?:m\d+|[sub]\d+|bool|true|false)$/.test(text)
}

/** 32-bit FNV-1a of the text's UTF-16 code units. */
const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5
  for (let k = 0; k < text.length; k++) hash = Math.imul(hash ^ text.charCodeAt(k), 0x01000193)
  return hash >>> 0
}
