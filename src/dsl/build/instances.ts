import { cureOf } from '../../base/suggestion.ts'
import { leavesOf, valueFor } from '../aggregate.ts'
import type { Builder, InstanceOptions } from '../builder.ts'
import { type Clock, clockNamed, mainClock } from '../clock.ts'
import type { Component } from '../component.ts'
import { domainsOf, isDomainFree, mainDomain, portDomains } from '../domains.ts'
import { HdlError, type Origin, originHere } from '../error.ts'
import type { Graph } from '../graph.ts'
import type { Instance, InstanceOutput, Module, Node } from '../ir.ts'
import { describe } from '../kind.ts'
import { bool, leafOf, type ScalarShape } from '../shape.ts'
import { type AnySignal, signalFor } from '../signal.ts'
import { isStream, netsOf, type Ports, Stream, type StreamShape } from '../stream.ts'
import type { Scope } from './scope.ts'
import type { Streams } from './streams.ts'

/** The child instances of a component. */
export interface Instances {
  readonly use: Builder['use']
  readonly all: readonly Instance[]
  /** The mistake of a child, which is the child's own and not mixed with those of the component around it. */
  failure(): unknown
}

export const instancesOf = (scope: Scope, streams: Streams): Instances => {
  const { graph, claim, fresh, claimClock, place } = scope
  const all: Instance[] = []
  let failure: unknown

  const moduleOf = (instance: string, child: Component, origin: Origin): Module => {
    if (typeof child !== 'object' || child === null || !('out' in child))
      throw graph.error(
        'E-KIND',
        `instance '${instance}' takes a component, got ${describe(child)}; call the component with its parameters, Counter({ width: 8 })`,
      )
    try {
      return child.module
    } catch (error) {
      // Anything else failed around the child's description, not in it: its end is here.
      if (!(error instanceof HdlError)) throw error
      failure = error.through(instance, graph.component, origin)
      throw failure
    }
  }

  const clocksOf = (instance: string, module: Module, { clocks = [] }: InstanceOptions): Map<string, string> => {
    const mapped = new Map(clocks.map(([inner, outer]) => [inner.name, outer.name]))
    const known = new Set([mainDomain, ...domainsOf(module), ...portDomains(module)])
    for (const inner of mapped.keys())
      if (!known.has(inner))
        throw graph.error(
          'E-NAME',
          `instance '${instance}' has no clock '${inner}', its clocks are ${[...known].join(', ')}${cureOf(inner, [...known], 'map one of those')}`,
        )
    for (const domain of domainsOf(module)) claimClock(mapped.get(domain) ?? domain)
    return mapped
  }

  const use = (
    name: string,
    child: Component,
    inputs: Readonly<Record<string, unknown>> = {},
    options: InstanceOptions = {},
  ): unknown => {
    claim(name, 'an instance')
    const source = originHere(use)
    const module = moduleOf(name, child, source)
    const clocks = clocksOf(name, module, options)
    onlyKnown(graph, `instance '${name}'`, 'input', inputs, child.in)
    const drivers = new Map<string, Node>()
    const outputs = new Map<string, InstanceOutput>()
    const signals: Record<string, unknown> = {}
    const outputOf = (port: string, shape: ScalarShape): InstanceOutput => ({
      op: 'out',
      id: graph.takeId(),
      instance: name,
      port,
      ...leafOf(shape),
    })
    const output = (port: string, shape: ScalarShape): AnySignal => {
      const node = outputOf(port, shape)
      outputs.set(port, node)
      return signalFor(graph, shape, node)
    }

    // The readiness of input streams comes behind all other outputs, as in the module.
    const readiness: (readonly [string, InstanceOutput])[] = []
    // Pure logic belongs to whoever uses it: its streams are on the clock of those it is given.
    const given = isDomainFree(module) ? Object.values(inputs).find((operand) => operand instanceof Stream) : undefined
    const clockOfStream = ({ clock = mainClock }: StreamShape): Clock =>
      given?.clock ?? clockNamed(clocks.get(clock.name) ?? clock.name)
    for (const [port, shape] of Object.entries(child.in)) {
      const what = `input '${port}' of '${name}'`
      if (isStream(shape)) {
        const nets = netsOf(port)
        const ready = outputOf(nets.ready, bool)
        readiness.push([nets.ready, ready])
        signals[port] = { ready: signalFor(graph, bool, ready) }
        const [streamName, clock] = [`${name}_${port}`, clockOfStream(shape)]
        const { valid, data } = streams.drive(streamName, what, port, shape, clock, inputs[port], ready)
        drivers.set(nets.valid, valid)
        for (const leaf of data) drivers.set(leaf.name, leaf.node)
        continue
      }
      for (const leaf of leavesOf(graph, port, shape, inputs[port], what))
        drivers.set(leaf.name, place(`input '${leaf.name}' of '${name}'`, leaf.shape, leaf.operand))
    }
    for (const [port, shape] of Object.entries(child.out)) {
      if (!isStream(shape)) {
        signals[port] = valueFor(port, shape, output)
        continue
      }
      const [nets, streamName] = [netsOf(port), `${name}_${port}`]
      const readyName = fresh(`${streamName}_ready`, 'the readiness of a stream')
      const valid = output(nets.valid, bool).node
      const data = valueFor(nets.data, shape.of, output)
      const made = streams.taken(streamName, shape.of, clockOfStream(shape), valid, data, readyName)
      signals[port] = made
      drivers.set(nets.ready, made.ready.node)
    }
    for (const [port, node] of readiness) outputs.set(port, node)
    all.push({ name, of: module, inputs: drivers, outputs, source, ...(clocks.size > 0 ? { clocks } : {}) })
    return signals
  }
  return { use: use as Builder['use'], all, failure: () => failure }
}

/** A port nobody declared is a slip that types miss where an object is spread into another. */
export const onlyKnown = (graph: Graph, whose: string, what: 'input' | 'output', given: object, ports: Ports): void => {
  const stranger = Object.keys(given).find((key) => !(key in ports))
  if (stranger === undefined) return
  const known = Object.keys(ports)
  const list = known.length === 0 ? `it has no ${what}s` : `its ${what}s are ${known.join(', ')}`
  const free = known.filter((port) => !(port in given))
  graph.report(
    'E-NAME',
    `${whose} has no ${what} '${stranger}', ${list}${cureOf(stranger, free, `leave it out or declare it under '${what === 'input' ? 'in' : 'out'}'`)}`,
  )
}
