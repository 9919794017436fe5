import type { Component } from './component.ts'
import { HdlError, originHere } from './error.ts'
import type { BlackBox, BlackBoxOutput, Input, Module } from './ir.ts'
import { NameTable, nameFault } from './names.ts'
import type { ScalarShape } from './shape.ts'
import { quoted } from './verilog/layout.ts'

/** Ports of a black box: scalars, called as its Verilog calls them. */
export type BlackBoxPorts = Readonly<Record<string, ScalarShape>>

/** Values a model works with: truth values for flags, bigints for integers and fields. */
export type ValueOf<S> = S extends { kind: 'bool' } ? boolean : bigint
export type ValuesOf<P extends BlackBoxPorts> = { readonly [K in keyof P]: ValueOf<P[K]> }

/** What stands in for the Verilog in the interpreter and in generated JavaScript. Pure functions over plain values. */
export interface BlackBoxModel<In extends BlackBoxPorts, Out extends BlackBoxPorts, State> {
  /** State after reset; leave it out for pure logic. */
  readonly reset?: State
  /** Each output within the cycle, from the inputs and the state. */
  readonly outputs: { readonly [K in keyof Out]: (inputs: ValuesOf<In>, state: NoInfer<State>) => ValueOf<Out[K]> }
  /** The state after a clock edge. */
  readonly next?: (inputs: ValuesOf<In>, state: NoInfer<State>) => NoInfer<State>
}

export interface BlackBoxDescription<In extends BlackBoxPorts, Out extends BlackBoxPorts, State> {
  readonly in: In
  readonly out: Out
  /** Verilog parameters; text is quoted. */
  readonly parameters?: Readonly<Record<string, string | number | bigint | boolean>>
  /** Its clock port, `CLK`, and the port of that clock's synchronous active-high reset, if it has them. */
  readonly clock?: string
  readonly reset?: string
  /** Inputs each output depends on within the cycle; all of them where an output is not named. */
  readonly through?: { readonly [K in keyof Out]?: readonly (keyof In & string)[] }
  /** Cycles from an input through the state to an output, if it is one number. */
  readonly latency?: number
  readonly model: BlackBoxModel<In, Out, State>
  /** Its Verilog, for the simulators that read Verilog; never part of what is printed. */
  readonly verilog?: string
}

/**
 * A module written elsewhere, to be used like a component: ports, Verilog name and parameters, and a model, so that
 * simulation runs without its Verilog:
 *
 *     const Multiplier = blackBox('DSP_MUL', {
 *       in: { A: s(18), B: s(18) },
 *       out: { P: s(36) },
 *       clock: 'CLK',
 *       through: { P: [] },
 *       model: { reset: 0n, outputs: { P: (_, product) => product }, next: ({ A, B }) => A * B },
 *     })
 */
export const blackBox = <const In extends BlackBoxPorts, const Out extends BlackBoxPorts, State = undefined>(
  name: string,
  description: BlackBoxDescription<In, Out, State>,
): Component<In, Out> => {
  const declared = originHere()
  const error = (sentence: string): HdlError => new HdlError('E-NAME', name, sentence, declared)
  const { model, clock, reset } = description
  const names = new NameTable()
  const claim = (wanted: string, what: string): void => {
    const fault = nameFault(wanted)
    const why = (wanted === clock || wanted === reset ? undefined : fault) ?? names.take(wanted, what)
    if (why !== undefined) throw error(`${what} cannot be called '${wanted}': ${why}; choose another name`)
  }
  const fault = nameFault(name)
  if (fault) throw error(`a module cannot be called '${name}': ${fault}; choose another name`)
  if (clock !== undefined) claim(clock, 'the clock')
  if (reset !== undefined) claim(reset, 'the reset')
  if (model.next && clock === undefined)
    throw new HdlError(
      'E-PARAMETER',
      name,
      "its model has a state and no clock; name the clock's port, clock: 'CLK'",
      declared,
    )
  for (const parameter of Object.keys(description.parameters ?? {})) claim(parameter, 'a parameter')

  const inputs = Object.entries(description.in).map(([port, { min, max }], id): Input => {
    claim(port, 'an input')
    return { op: 'in', id, name: port, min, max }
  })
  const outputs = Object.entries(description.out).map(([port, { min, max }], k) => {
    claim(port, 'an output')
    const node: BlackBoxOutput = { op: 'box', id: inputs.length + k, name: port, min, max }
    return { name: port, node, range: { min, max } }
  })
  const every = Object.keys(description.in)
  const through = new Map<string, readonly string[]>(
    outputs.map(({ name: port }) => [port, description.through?.[port] ?? every]),
  )
  const box: BlackBox = {
    parameters: Object.fromEntries(
      Object.entries(description.parameters ?? {}).map(([key, value]) => [key, verilogValue(value)]),
    ),
    through,
    reset: model.reset,
    output: (port, values, state) => {
      const known = through.get(port)!
      const given = valuesOf(name, description.in, known, values, port)
      const value: unknown = model.outputs[port]!(given as ValuesOf<In>, state as State)
      return typeof value === 'boolean' ? BigInt(value) : (value as bigint)
    },
    ...(model.next
      ? {
          next: (values, state) =>
            model.next!(valuesOf(name, description.in, every, values) as ValuesOf<In>, state as State),
        }
      : {}),
    ...(clock === undefined ? {} : { clock: { clk: clock, rst: reset } }),
    ...(description.latency === undefined ? {} : { latency: description.latency }),
    ...(description.verilog === undefined ? {} : { verilog: description.verilog }),
  }
  const module: Module = {
    name,
    parameters: box.parameters,
    inputs,
    outputs,
    registers: [],
    wires: [],
    instances: [],
    memories: [],
    checks: [],
    operations: [],
    nodeCount: inputs.length + outputs.length,
    warnings: [],
    accepted: [],
    blackBox: box,
  }
  return { name, in: description.in, out: description.out, module }
}

/** Values by port name; reading one that the output was said not to depend on is a mistake of the model. */
const valuesOf = (
  box: string,
  shapes: BlackBoxPorts,
  ports: readonly string[],
  values: readonly bigint[],
  output?: string,
): Readonly<Record<string, unknown>> => {
  const given: Record<string, unknown> = {}
  ports.forEach((port, k) => {
    given[port] = shapes[port]!.kind === 'bool' ? values[k] === 1n : values[k]
  })
  for (const port of Object.keys(shapes))
    if (!(port in given))
      Object.defineProperty(given, port, {
        get: () => {
          throw new HdlError(
            'E-PARAMETER',
            box,
            `the model of output '${output}' reads input '${port}', which 'through' does not list for it; add it there`,
          )
        },
      })
  return given
}

const verilogValue = (value: string | number | bigint | boolean): string => {
  if (typeof value === 'string') return quoted(value)
  return typeof value === 'boolean' ? (value ? "1'b1" : "1'b0") : String(value)
}
