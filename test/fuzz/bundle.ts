import { type Component, component, type Shape } from '../../src/dsl/index.ts'
import type { Row } from './case.ts'

/**
 * One component that holds many and leads all their ports outside, `d3_i0` for port `i0` of the fourth: so that slow tools
 * are started once for all of them.
 */
export const bundle = (name: string, parts: readonly Component[]): Component => {
  const ports = (of: 'in' | 'out'): Record<string, Shape> =>
    Object.fromEntries(
      parts.flatMap((part, k) => Object.entries(part[of]).map(([port, shape]) => [`d${k}_${port}`, shape as Shape])),
    )
  return component(name, (_: object) => ({
    in: ports('in'),
    out: ports('out'),
    logic(inputs, { use }) {
      const outputs = parts.map((part, k) => {
        const drivers = Object.keys(part.in).map((port) => [port, inputs[`d${k}_${port}`]!])
        return Object.entries(use(`d${k}`, part, Object.fromEntries(drivers))).map(([port, value]) => [
          `d${k}_${port}`,
          value,
        ])
      })
      return Object.fromEntries(outputs.flat())
    },
  }))({})
}

/** The inputs of the k-th component of a bundle, and the ticks of all clocks. */
export const rowOfPart = (row: Row, k: number): Row =>
  Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => {
      const [, part, port] = /^d(\d+)_(.*)$/.exec(name) ?? []
      if (part === undefined) return [[name, value]]
      return Number(part) === k ? [[port!, value]] : []
    }),
  )
