import { UserError } from '../../base/user-error.ts'
import type { Component } from '../../dsl/component.ts'
import { bool, type Shape, scalarsOf } from '../../dsl/shape.ts'
import type { LiteralOf } from '../../dsl/signal.ts'
import { isStream, netsOf, type Ports, type StreamShape } from '../../dsl/stream.ts'
import { type Engine, portNamed, readPort, writePort } from '../engine.ts'
import { openOwnEngine } from '../own-engines.ts'
import {
  type Agent,
  type PauseOptions,
  type StreamDriver,
  type StreamMonitor,
  type StreamNets,
  streamDriver,
  streamMonitor,
  streamSink,
  tickOf,
} from './streams.ts'
import { codeOf, flat, type ReadingOf, readingOf } from './values.ts'

/** What drives a design from outside: its inputs, the readiness of its output streams, the ticks of its clocks. */
export type Driven<In extends Ports, Out extends Ports> = {
  readonly [K in keyof In]?: In[K] extends StreamShape<infer S>
    ? { readonly valid?: boolean; readonly data?: LiteralOf<S> }
    : LiteralOf<In[K]>
} & { readonly [K in keyof Out as Out[K] extends StreamShape ? K : never]?: { readonly ready: boolean } } & {
  readonly [tick: `${string}_tick`]: boolean
}
/** What is seen of it: its outputs, and the readiness of its input streams. */
export type Seen<In extends Ports, Out extends Ports> = {
  readonly [K in keyof Out]: Out[K] extends StreamShape<infer S>
    ? { readonly valid: boolean; readonly data: ReadingOf<S> }
    : ReadingOf<Out[K]>
} & { readonly [K in keyof In as In[K] extends StreamShape ? K : never]: { readonly ready: boolean } }

/** A design under test, its ports by name and as values of their shapes. */
export interface Testbench<In extends Ports, Out extends Ports> {
  /** Failed checks, registers by name, reset. */
  readonly engine: Engine
  /**
   * Sets the inputs that are named, lets the others stand, runs `cycles` cycles (default 1) and gives the outputs of the last
   * one, just before its clock edge. RangeError for a value that its port does not hold and a port that is not there.
   */
  step(inputs?: Driven<In, Out>, cycles?: number): Seen<In, Out>
  /**
   * Steps until what a cycle shows meets the condition, and gives that cycle. A UserError after `limit` cycles without. Inputs are
   * set as `step` sets them, before the first one.
   */
  until(condition: (seen: Seen<In, Out>) => boolean, limit: number, inputs?: Driven<In, Out>): Seen<In, Out>
  /** Offers elements to an input stream from the next cycle on, whenever nothing else is offered; sets its valid and data. */
  drive<K extends StreamsOf<In>>(
    name: K,
    elements: Iterable<ElementLiteral<In[K]>>,
    options?: PauseOptions,
  ): StreamDriver<ElementLiteral<In[K]>>
  /** Takes the elements of an output stream from the next cycle on; sets its ready. */
  receive<K extends StreamsOf<Out>>(
    name: K,
    options?: PauseOptions & { readonly onElement?: (element: ElementReading<Out[K]>, cycle: number) => void },
  ): StreamMonitor<ElementReading<Out[K]>>
  /** Looks at a stream of either side from the next cycle on, and sets nothing. */
  monitor<K extends StreamsOf<In> | StreamsOf<Out>>(
    name: K,
    onElement?: (element: ElementReading<(In & Out)[K]>, cycle: number) => void,
  ): StreamMonitor<ElementReading<(In & Out)[K]>>
  /** Lets an agent of your own take part in every cycle from the next one on, after those that are there; gives it back. */
  attach<A extends Agent>(agent: A): A
  /** Resets the engine and tells the agents. */
  reset(): void
}

/** Names of the stream ports among `P`. */
export type StreamsOf<P extends Ports> = {
  readonly [K in keyof P]: P[K] extends StreamShape ? K : never
}[keyof P] &
  string
type ElementLiteral<P> = P extends StreamShape<infer S> ? LiteralOf<S> : never
type ElementReading<P> = P extends StreamShape<infer S> ? ReadingOf<S> : never

/** Opens a component on an engine, generated JavaScript unless said. Inputs are 0, or the bound nearest to it, until set. */
export const testbench = <In extends Ports, Out extends Ports>(
  component: Component<In, Out>,
  engine: Engine = openOwnEngine('js', component.module),
): Testbench<In, Out> => {
  const { inputs, outputs } = engine.ports
  for (const port of inputs) {
    const { min, max } = port.range
    writePort(engine.inputs, port, min > 0n ? min : max < 0n ? max : 0n)
  }
  const write = (name: string, shape: Shape, value: unknown): void => {
    const literals = flat(name, shape, value)
    for (const [leaf, scalar] of scalarsOf(name, shape))
      writePort(engine.inputs, portNamed(inputs, leaf), codeOf(leaf, scalar, literals.shift()))
  }
  const set = (name: string, value: unknown): void => {
    const shape = component.in[name]
    const nets = netsOf(name)
    if (shape && isStream(shape)) {
      const { valid, data } = value as { readonly valid?: unknown; readonly data?: unknown }
      if (valid !== undefined) write(nets.valid, bool, valid)
      if (data !== undefined) write(nets.data, shape.of, data)
      return
    }
    const output = component.out[name]
    if (output && isStream(output)) write(nets.ready, bool, (value as { readonly ready: unknown }).ready)
    else write(name, shape ?? bool, value)
  }
  const readNet = (net: string): bigint => readPort(engine.outputs, portNamed(outputs, net))
  const read = (name: string, shape: Shape, ports = outputs, words = engine.outputs): unknown => {
    if (shape.kind === 'vector')
      return Array.from({ length: shape.length }, (_, k) => read(`${name}_${k}`, shape.element, ports, words))
    if (shape.kind === 'record')
      return Object.fromEntries(
        Object.entries(shape.fields).map(([field, inner]) => [field, read(`${name}_${field}`, inner, ports, words)]),
      )
    return readingOf(shape, readPort(words, portNamed(ports, name)))
  }
  const seen = (): unknown => {
    const found: Record<string, unknown> = {}
    for (const [name, shape] of Object.entries(component.out)) {
      const nets = netsOf(name)
      found[name] = isStream(shape)
        ? { valid: readNet(nets.valid) === 1n, data: read(nets.data, shape.of) }
        : read(name, shape)
    }
    for (const [name, shape] of Object.entries(component.in))
      if (isStream(shape)) found[name] = { ready: readNet(netsOf(name).ready) === 1n }
    return found
  }
  const agents: Agent[] = []
  const attach = <A extends Agent>(agent: A): A => {
    agents.push(agent)
    return agent
  }
  const oneCycle = (): void => {
    for (const agent of agents) agent.before()
    const { cycle } = engine
    engine.step()
    for (const agent of agents) agent.after(cycle)
  }
  const setAll = (driven: object): void => {
    for (const [name, value] of Object.entries(driven)) if (value !== undefined) set(name, value)
  }
  const netsAt = (name: string, side: 'in' | 'out' | 'either'): StreamNets => {
    const known = { ...(side !== 'out' && component.in), ...(side !== 'in' && component.out) }
    const shape = Object.hasOwn(known, name) ? known[name] : undefined
    if (!shape || !isStream(shape)) {
      const streams = Object.entries(known).flatMap(([port, of]) => (isStream(of) ? port : []))
      throw new RangeError(
        `${component.name} has no ${side === 'in' ? 'input ' : side === 'out' ? 'output ' : ''}stream '${name}'; there are ${streams.join(', ') || 'none'}`,
      )
    }
    const isInput = Object.hasOwn(component.in, name)
    const nets = netsOf(name)
    const [offered, taken] = isInput ? [inputs, outputs] : [outputs, inputs]
    const [offeredWords, takenWords] = isInput ? [engine.inputs, engine.outputs] : [engine.outputs, engine.inputs]
    const [valid, ready] = [portNamed(offered, nets.valid).offset, portNamed(taken, nets.ready).offset]
    return {
      name,
      setValid(value) {
        offeredWords[valid] = Number(value)
      },
      setData: (data) => write(nets.data, shape.of, data),
      setReady(value) {
        takenWords[ready] = Number(value)
      },
      valid: () => offeredWords[valid] === 1,
      ready: () => takenWords[ready] === 1,
      data: () => read(nets.data, shape.of, offered, offeredWords),
      dataPorts: scalarsOf(nets.data, shape.of).map(([leaf]) => portNamed(offered, leaf)),
      dataWords: offeredWords,
      ticks: tickOf(engine, shape),
    }
  }
  const step = (driven: object = {}, cycles = 1): Seen<In, Out> => {
    setAll(driven)
    if (agents.length === 0) engine.step(cycles)
    else for (let k = 0; k < cycles; k++) oneCycle()
    return seen() as Seen<In, Out>
  }
  return {
    engine,
    step,
    until(condition, limit, driven = {} as Driven<In, Out>) {
      setAll(driven)
      const { cycle } = engine
      for (let k = 0; k < limit; k++) {
        const shown = step()
        if (condition(shown)) return shown
      }
      throw new UserError(
        'E-UNTIL',
        `${component.name} did not come to what was waited for in ${limit} cycles from cycle ${cycle} on; wait longer, or look at its waves`,
        { exitCode: 1 },
      )
    },
    drive: (name, elements, options = {}) => attach(streamDriver(netsAt(name, 'in'), elements, options)),
    receive(name, { onElement, ...options } = {}) {
      const nets = netsAt(name, 'out')
      attach(streamSink(nets, options))
      return attach(streamMonitor(nets, onElement))
    },
    monitor: (name, onElement) => attach(streamMonitor(netsAt(name, 'either'), onElement)),
    attach,
    reset() {
      engine.reset()
      for (const agent of agents) agent.reset?.()
    },
  }
}
