import type { Builder } from '../builder.ts'
import type { Clock } from '../clock.ts'
import { bits, bool, IntShape, type ScalarShape } from '../shape.ts'
import type { AnySignal, Bits, Bool, Int } from '../signal.ts'
import { stagesUnder } from './stages.ts'

export type Balanced<S> = { readonly [K in keyof S]: S[K] extends Int ? Int : S[K] extends Bool ? Bool : Bits }

/**
 * The signals, each delayed by registers until all are as late as the latest: `name_delay_1` upwards, from the record's
 * keys. Constants stay as they are. Delays are counted from the component's inputs, over the registers assigned so far.
 */
export const balance = <const S extends Readonly<Record<string, AnySignal>>>(
  builder: Builder,
  signals: S,
  options: { readonly clock?: Clock } = {},
): Balanced<S> => {
  const all = Object.entries(signals)
  const graph = all[0]?.[1].graph
  if (!graph) return {} as Balanced<S>
  const { netlist, steady } = graph.description!
  const isSteady = (signal: AnySignal): boolean => signal.node.op === 'const' || steady(signal.node)
  const stages = stagesUnder(
    netlist,
    all.map(([, { node }]) => node),
    steady,
    () => {},
  )
  const moving = all.filter(([, signal]) => !isSteady(signal))
  for (const [key, { node }] of moving)
    if (!stages.get(node))
      throw graph.error(
        'E-LATENCY',
        `balance cannot count the delay of '${key}': it comes out of feedback or another clock alone, or out of registers that nothing was assigned to yet; assign them first or leave it out`,
      )
  const latest = Math.max(0, ...moving.map(([, { node }]) => stages.get(node)!.cycles))
  const delayed = (key: string, signal: AnySignal): AnySignal => {
    if (isSteady(signal)) return signal
    const missing = latest - stages.get(signal.node)!.cycles
    let value = signal
    for (let k = 1; k <= missing; k++) {
      const name = `${key}_delay_${k}`
      const register = builder.regs({ [name]: shapeOf(signal) }, options)[name] as AnySignal & { next: unknown }
      register.next = value
      value = register
    }
    return value
  }
  return Object.fromEntries(all.map(([key, signal]) => [key, delayed(key, signal)])) as Balanced<S>
}

const shapeOf = (signal: AnySignal): ScalarShape => {
  if (signal.kind === 'bool') return bool
  return signal.kind === 'bits' ? bits(signal.width) : new IntShape(signal.node.min, signal.node.max)
}
