import { type Range, widthOf } from '../../../dsl/ir.ts'
import { declaredSignals } from '../../signals.ts'
import type { Body, BodyMemory, BodyNode } from '../body.ts'
import { laneType, workType } from '../lane-type.ts'
import { cutter, type Limbs, type Tools, wordBits, wordRanges } from './limbs.ts'
import { newNodes } from './nodes.ts'
import { wideOperation } from './operations.ts'
import { fieldRange } from './ranges.ts'

/**
 * The same design without a value of more than 64 bits: such values are limbs, and their ports, registers and memories words of
 * 32 bits, each a port, register or memory of its own. With `watching`, declared signals have nodes for their words.
 */
export const inWords = (top: Body, watching = false): Body => {
  const done = new Map<Body, Body>()
  const visit = (body: Body): Body => {
    const known = done.get(body)
    if (known) return known
    const isChanged = body.instances.reduce((changed, { of }) => visit(of) !== of || changed, false)
    const inside = isNarrow(body) ? body : lowered(body, watching)
    const result = isChanged
      ? { ...inside, instances: inside.instances.map((instance) => ({ ...instance, of: visit(instance.of) })) }
      : inside
    done.set(body, result)
    return result
  }
  return visit(top)
}

const isNarrow = (body: Body): boolean => {
  const { nodes, memories, instances } = body
  // The instances are few bodies many times, and their outputs have the ranges of these.
  const ports = [...new Set([body, ...instances.map(({ of }) => of)])].flatMap(
    ({ module: { inputs, outputs } }): readonly Range[] => [...inputs, ...outputs.map(({ range }) => range)],
  )
  const ranges = [...memories.map(({ word }) => word), ...ports]
  return (
    ranges.every((range) => laneType(range)) &&
    nodes.every((node) => {
      const { op, args } = node
      if (op === 'out') return true
      if (args.length === 0) return laneType(node) !== undefined
      return isHeld(
        node,
        args.map((arg) => nodes[arg]!),
      )
    })
  )
}

/** True for what has a lane, and is computed in one. */
const isHeld = (node: BodyNode, args: readonly BodyNode[]): boolean => {
  if (!laneType(node)) return false
  for (const arg of args) if (!laneType(arg)) return false
  return args.length === 0 || workType(node.op as Parameters<typeof workType>[0], node, args) !== undefined
}

/** Where each of several things begins that take so many places. */
const firsts = (counts: readonly number[]): readonly number[] => {
  let next = 0
  return counts.map((count) => {
    next += count
    return next - count
  })
}
const count = (range: Range): number => wordRanges(range).length

const lowered = (body: Body, watching: boolean): Body => {
  const nodes = newNodes()
  const cut = cutter(nodes)
  const tools: Tools = { nodes, cut }
  const { module, instances } = body
  const values: Limbs[] = []
  const repeats = new Map<number, Repeat>()
  const memoryWords = body.memories.map(({ word }) => wordRanges(word))
  const firstMemory = firsts(memoryWords.map(({ length }) => length))
  const firstInput = firsts([...module.inputs.map(count), ...body.inputs.slice(module.inputs.length).map(() => 1)])
  const firstOutput = instances.map(({ of }) => firsts(of.module.outputs.map(({ range }) => count(range))))

  const asWords = (range: Range, node: (word: Range, k: number) => number): Limbs =>
    wordRanges(range).map((word, k, all) => ({
      node: node(word, k),
      bits: k < all.length - 1 ? wordBits : widthOf(range) - k * wordBits,
    }))
  const only = (k: number): number => values[k]![0]!.node
  const single = (node: number): Limbs => [{ node, bits: widthOf(nodes.at(node)) }]

  const limbsOf = (node: BodyNode, k: number): Limbs => {
    const { op, args, port, instance } = node
    switch (op) {
      case 'const':
        return laneType(node) ? single(nodes.constant(node.value)) : cut.constant(node.value)
      case 'in':
        return asWords(node, ({ min, max }, word) => nodes.push({ op, min, max, port: firstInput[port]! + word }))
      case 'out': {
        const { range } = instances[instance]!.of.module.outputs[port]!
        const first = firstOutput[instance]![port]!
        return asWords(range, ({ min, max }, word) => nodes.push({ op, min, max, instance, port: first + word }))
      }
      case 'reg':
      case 'read':
        return asWords(node, ({ min, max }) => nodes.push({ op, min, max }))
      case 'lookup':
        return asWords(body.memories[node.amount]!.word, ({ min, max }, word) =>
          nodes.push({ op, min, max, args: [only(args[0]!)], amount: firstMemory[node.amount]! + word }),
        )
      default: {
        const repeat = repeatOf(node, k)
        if (repeat) return repeat
        const of = args.map((arg) => body.nodes[arg]!)
        if (isHeld(node, of)) return single(nodes.make(op, node, args.map(only), node.amount))
        return wideOperation(
          tools,
          node,
          args.map((arg) => (values[arg]!.length === 1 ? cut.of(only(arg)) : values[arg]!)),
        )
      }
    }
  }
  /** One bit many times over, as the sign is where a value is made wider: a choice between two constants. */
  const repeatOf = ({ op, args, amount }: BodyNode, k: number): Limbs | undefined => {
    if (op !== 'cat') return undefined
    const [upper, lower] = args.map((arg): Repeat | undefined => {
      const { min, max } = body.nodes[arg]!
      return repeats.get(arg) ?? (min === 0n && max === 1n ? { bit: only(arg), count: 1 } : undefined)
    })
    if (!upper || !lower || upper.bit !== lower.bit || lower.count !== amount) return undefined
    const whole = { bit: upper.bit, count: upper.count + lower.count }
    repeats.set(k, whole)
    return asWords(fieldRange(whole.count), ({ min, max }) =>
      nodes.make('mux', { min, max }, [whole.bit, nodes.constant(max), nodes.constant(0n)]),
    )
  }
  body.nodes.forEach((node, k) => {
    const limbs = limbsOf(node, k)
    values.push(laneType(node) ? single(cut.top(limbs, 0, node)) : limbs)
  })

  const wordsOf = (node: number, range: Range): readonly number[] => cut.words(values[node]!, range)
  const nodesOf = (node: number): readonly number[] => values[node]!.map((limb) => limb.node)
  return {
    ...body,
    nodes: nodes.all,
    inputs: body.inputs.flatMap(nodesOf),
    outputs: module.outputs.flatMap(({ range }, k) => wordsOf(body.outputs[k]!, range)),
    registers: body.registers.flatMap(({ path, node, next, reset }) => {
      const range = body.nodes[node]!
      const becomes = wordsOf(next, range)
      return constantWords(reset, range).map((reset, k) => {
        return { path, node: values[node]![k]!.node, next: becomes[k]!, reset, from: k * wordBits }
      })
    }),
    memories: body.memories.flatMap(({ word, ...memory }, k): readonly BodyMemory[] =>
      memoryWords[k]!.map((range, part) => ({
        ...memory,
        word: range,
        from: part * wordBits,
        initial: memory.initial.map((value) => constantWords(value, word)[part]!),
        writes: memory.writes.map(({ address, value, enable }) => {
          return { address: only(address), value: wordsOf(value, word)[part]!, enable: only(enable) }
        }),
        reads: memory.reads.map(({ path, value, address, enable }) => {
          return { path, value: nodesOf(value)[part]!, address: only(address), enable: only(enable) }
        }),
      })),
    ),
    checks: body.checks.map(({ holds, ...check }) => ({ ...check, holds: only(holds) })),
    instances: instances.map(({ inputs, ...instance }) => {
      const ports = instance.of.module.inputs
      return {
        ...instance,
        inputs: inputs.flatMap((input, k) => (k < ports.length ? wordsOf(input, ports[k]!) : only(input))),
      }
    }),
    parts: new Map(
      [...body.parts].map(([path, { module, nodesOf }]) => {
        const known = new Map(
          (watching ? declaredSignals(module) : []).map((signal) => [
            signal,
            wordsOf(nodesOf(signal)[0]!, signal.range),
          ]),
        )
        return [path, { module, nodesOf: (signal) => known.get(signal)! }]
      }),
    ),
  }
}

interface Repeat {
  readonly bit: number
  readonly count: number
}

const constantWords = (value: bigint, range: Range): readonly bigint[] =>
  wordRanges(range).map((_, k, all) => {
    const rest = value >> BigInt(k * wordBits)
    return k < all.length - 1 ? BigInt.asUintN(wordBits, rest) : rest
  })
