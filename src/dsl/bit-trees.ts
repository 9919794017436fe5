import type { Graph } from './graph.ts'
import { type Node, type Range, widthOf } from './ir.ts'

/*
 * What is computed from all bits of a field, made of slices, choices and additions in trees, so that the depth of the
 * hardware grows with the logarithm of the width. Fields in and out are nodes without sign.
 */

const field = (width: number): Range => ({ min: 0n, max: (1n << BigInt(width)) - 1n })

/** `width` bits of a field from bit `low` upwards, taken from where they come from: a field of a field is one of the whole. */
export const part = (graph: Graph, node: Node, low: number, width: number): Node => {
  if (low === 0 && width === widthOf(node)) return node
  if (node.op === 'slice') return part(graph, node.args[0]!, node.amount + low, width)
  if (node.op === 'cat') {
    const [above, below] = node.args as [Node, Node]
    const split = node.amount
    if (low >= split) return part(graph, above, low - split, width)
    if (low + width <= split) return part(graph, below, low, width)
  }
  return graph.operation('slice', field(width), [node], low)
}

const joined = (graph: Graph, above: Node, below: Node): Node =>
  graph.operation('cat', field(widthOf(above) + widthOf(below)), [above, below], widthOf(below))

/** 1 where an odd number of bits is 1. Halves are folded onto each other: one operation a level. */
export const parity = (graph: Graph, node: Node): Node => {
  const width = widthOf(node)
  if (width === 1) return node
  const half = Math.ceil(width / 2)
  const above = part(graph, node, half, width - half)
  const below = part(graph, node, 0, half)
  const level = width % 2 === 0 ? above : graph.operation('wrap', field(half), [above])
  return parity(graph, graph.operation('xor', field(half), [level, below]))
}

/** How many bits are 1, 0 to the width: a balanced tree of additions. */
export const ones = (graph: Graph, node: Node): Node => {
  const count = (low: number, width: number): Node => {
    if (width === 1) return part(graph, node, low, 1)
    const half = Math.ceil(width / 2)
    return graph.operation('add', { min: 0n, max: BigInt(width) }, [count(low + half, width - half), count(low, half)])
  }
  return count(0, widthOf(node))
}

/**
 * Zeros above the highest 1, 0 to the width. Below the field stand ones up to a power of two; then each level says whether
 * its upper half is empty, which is the next bit of the count, and goes on with the half that is not.
 */
export const zerosAbove = (graph: Graph, node: Node): Node => {
  const width = widthOf(node)
  const whole = 2 ** Math.ceil(Math.log2(width))
  const zero = graph.constant(0n)
  const empty = (part: Node): Node =>
    widthOf(part) === 1 ? graph.operation('not', field(1), [part]) : graph.operation('eq', field(1), [part, zero])
  const padding = whole - width
  let rest = padding > 0 ? joined(graph, node, graph.constant(field(padding).max, field(padding))) : node
  let count: Node | undefined
  for (let half = whole / 2; half >= 1; half /= 2) {
    const [above, below] = [part(graph, rest, half, half), part(graph, rest, 0, half)]
    const isEmpty = empty(above)
    count = count ? joined(graph, count, isEmpty) : isEmpty
    if (half > 1) rest = graph.operation('mux', field(half), [isEmpty, below, above])
  }
  const bounds = { min: 0n, max: BigInt(width) }
  if (!count) return graph.operation('not', field(1), [node])
  // A padded field is never empty; its count stays within the field all the same.
  if (padding > 0) return graph.operation('wrap', bounds, [count])
  return graph.operation('mux', bounds, [empty(node), graph.constant(bounds.max), count])
}

/** The lowest bit first. */
export const reversed = (graph: Graph, node: Node): Node => {
  const join = (low: number, width: number): Node => {
    if (width === 1) return part(graph, node, low, 1)
    const half = Math.ceil(width / 2)
    return joined(graph, join(low, half), join(low + half, width - half))
  }
  return join(0, widthOf(node))
}

/** Turned left by a constant number of places. */
export const turned = (graph: Graph, node: Node, places: number): Node => {
  const width = widthOf(node)
  const by = places % width
  return by === 0 ? node : joined(graph, part(graph, node, 0, width - by), part(graph, node, width - by, by))
}

/** Turned left by a signal of any size, a level of choices for each of its bits that still moves anything. */
export const turnedBy = (graph: Graph, node: Node, amount: Node): Node => {
  const width = widthOf(node)
  let result = node
  let step = 1 % width
  for (let bit = 0; bit < widthOf(amount); bit++) {
    const isSet = part(graph, amount, bit, 1)
    result = graph.operation('mux', field(width), [isSet, turned(graph, result, step), result])
    step = (2 * step) % width
  }
  return result
}
