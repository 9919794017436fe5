import { bytesOf } from '../vector/lane-type.ts'
import type { Gather, Program, Step, Vector } from '../vector/program.ts'
import { operandsOf, readsOf, writesOf } from '../vector/step-lanes.ts'
import { assemble } from './assemble.ts'
import { arrangeEarlier } from './earlier.ts'
import { type FunctionCode, moduleOf } from './encoding.ts'
import { type Bases, type Frame, type Layout, nextBias, offsetOf, pushBase } from './frame.ts'
import { convert, loadLane, storeLane } from './lane.ts'
import { type LoopWriter, loopWriter } from './loop-template.ts'
import { memoryEdge } from './memory.ts'
import { move } from './scalar.ts'
import { type Local, op, Writer } from './writer.ts'

/** Statements that one function holds, so that V8 optimises it well and soon. */
const functionSize = 1000

/** The parameters of `run`, in their order; those of the parts are the rows and states. */
const parameters = ['cycles', 'input', 'inputStride', 'output', 'outputStride', 'state', 'next'] as const

/** `run` of a generated module; see `generate`. */
export type RunCycles = (
  cycles: number,
  input: number,
  inputStride: number,
  output: number,
  outputStride: number,
  state: number,
  next: number,
) => number

/**
 * A WebAssembly module whose `run(cycles, input, inputStride, output, outputStride, state, next)` runs cycles on rows that are
 * so many bytes apart and returns where the state is afterwards. It calls `host.failed(cycle, state)` in a cycle in which
 * checks failed, before its clock edge; a program that stops then returns.
 */
export const generate = (program: Program, layout: Layout): Uint8Array<ArrayBuffer> => {
  // Memories move last, so that what is asked after a failed check is still that of its cycle.
  const edges = program.steps.filter(({ kind }) => kind === 'edge')
  const parts = cut(program.steps.filter(({ kind }) => kind !== 'edge'))
  const inMemory = readElsewhere(program, [...parts, edges])
  const functions: FunctionCode[] = []
  const writeLoop = loopWriter(program)
  const code = (steps: readonly Step[], writer: Writer, bases: Bases): void => {
    const frame: Frame = { writer, layout, bases, held: new Map(), inMemory: (vector) => inMemory.has(vector) }
    for (const step of steps) emitStep(frame, step, writeLoop)
  }
  const local = (index: number): Local => ({ index, type: 'i32' })
  const inOne = parts.length <= 1
  const paces = [...new Set(program.vectors.flatMap(({ pace }) => pace ?? []))]
  if (!inOne)
    for (const steps of parts) {
      const writer = new Writer(4 + paces.length)
      const earlier = new Map(paces.map((pace, k) => [pace, local(4 + k)]))
      code(steps, writer, { input: local(0), output: local(1), state: local(2), next: local(3), earlier })
      writer.put(op.end)
      functions.push(
        finished(
          writer,
          Array.from({ length: 4 + paces.length }, () => 'i32' as const),
          [],
        ),
      )
    }

  const writer = new Writer(parameters.length)
  const at = Object.fromEntries(parameters.map((name, k) => [name, local(k)])) as Record<
    (typeof parameters)[number],
    Local
  >
  arrangeEarlier(program, layout, { functions, writer, cycles: at.cycles, input: at.input })
  const earlier = new Map(paces.map((pace) => [pace, writer.lasting('i32')]))
  for (const [pace, base] of earlier) {
    writer.get(at.cycles)
    writer.i32(1)
    writer.calculate('i32', 'sub')
    writer.i32(pace)
    writer.calculate('i32', 'mul')
    writer.set(base)
  }
  const bases = { ...at, earlier }
  const cycle = writer.lasting('i32')
  const swap = writer.lasting('i32')
  writer.repeat(() => {
    if (inOne) code(parts[0] ?? [], writer, bases)
    else
      parts.forEach((_, k) => {
        for (const base of [at.input, at.output, at.state, at.next, ...earlier.values()]) writer.get(base)
        writer.call(k + 1)
      })
    if (program.checks.length > 0 || program.stops) {
      writer.i32(0)
      writer.access(op.load, layout.flag)
      writer.when(() => {
        writer.i32(0)
        writer.i32(0)
        writer.access(op.store, layout.flag)
        writer.get(cycle)
        writer.get(at.state)
        writer.call(0)
        if (!program.stops) return
        writer.get(at.state)
        writer.put(op.return)
      })
    }
    code(edges, writer, bases)
    writer.get(at.state)
    writer.set(swap)
    writer.get(at.next)
    writer.i32(nextBias(layout))
    writer.calculate('i32', 'add')
    writer.set(at.state)
    writer.get(swap)
    writer.i32(nextBias(layout))
    writer.calculate('i32', 'sub')
    writer.set(at.next)
    writer.increase(at.input, at.inputStride)
    writer.increase(at.output, at.outputStride)
    for (const [pace, base] of earlier) writer.increase(base, -pace)
    writer.increase(cycle, 1)
    writer.get(cycle)
    writer.get(at.cycles)
    writer.calculate('i32', 'lt_s')
  })
  writer.get(at.state)
  writer.put(op.end)
  functions.push(
    finished(
      writer,
      parameters.map(() => 'i32' as const),
      ['i32'],
    ),
  )
  return moduleOf(functions)
}

const finished = (
  { code, locals }: Writer,
  parameters: FunctionCode['parameters'],
  results: FunctionCode['results'],
): FunctionCode => ({ parameters, results, locals, code })

/** Steps in parts of about `functionSize` statements. */
const cut = (steps: readonly Step[]): readonly (readonly Step[])[] => {
  const parts: Step[][] = []
  let size = functionSize
  for (const step of steps) {
    const weight = weightOf(step)
    if (size > 0 && size + weight > functionSize) {
      parts.push([])
      size = 0
    }
    parts[parts.length - 1]!.push(step)
    size += weight
  }
  return parts
}

const weightOf = (step: Step): number => {
  if (step.kind === 'moves') return step.moves.length
  if (step.kind === 'assembly') return step.from.length / 2
  if (step.kind !== 'loop') return 4
  const { lanes, statements } = step
  return statements.length * (lanes < 4 ? lanes : 4)
}

/** Temporary vectors that are read outside the function that writes them, or not lane by lane. */
const readElsewhere = ({ checks }: Program, parts: readonly (readonly Step[])[]): ReadonlySet<Vector> => {
  const found = new Set<Vector>(checks.map(({ holds }) => holds.vector))
  const home = new Map<Vector, number>()
  const read = (vector: Vector, part: number): void => {
    if (home.get(vector) !== part) found.add(vector)
  }
  parts.forEach((steps, part) => {
    for (const step of steps) {
      for (const operand of operandsOf(step)) {
        if (operand.kind === 'one' && step.kind === 'loop') read(operand.vector, part)
        else if (operand.kind === 'picked') for (const { vector } of operand.from) found.add(vector)
        else if ('vector' in operand) found.add(operand.vector)
      }
      if (step.kind === 'gather') found.add(step.of).add(step.into)
      if (step.kind === 'assembly' || step.kind === 'moves') for (const { vector } of readsOf(step)) read(vector, part)
      for (const { vector } of writesOf(step)) home.set(vector, part)
    }
  })
  return found
}

const emitStep = (frame: Frame, step: Step, writeLoop: LoopWriter): void => {
  switch (step.kind) {
    case 'loop':
      writeLoop(frame, step)
      return
    case 'assembly':
      assemble(frame, step)
      return
    case 'moves':
      for (const { to, from } of step.moves) move(frame, to, from)
      return
    case 'gather':
      gather(frame, step)
      return
    case 'edge':
      memoryEdge(frame, step)
  }
}

const gather = (frame: Frame, { into, of, to, tables }: Gather): void => {
  const { writer, layout } = frame
  writer.scope(() => {
    const at = writer.local('i32')
    writer.i32(0)
    writer.set(at)
    writer.repeat(() => {
      const push = (vector: Vector, table: Vector): void => {
        pushBase(frame, vector)
        writer.get(at)
        writer.access(op.load, layout.temporary + table.offset)
        writer.calculate('i32', 'add')
      }
      const start = (vector: Vector): number => offsetOf(frame, { vector, lane: 0 })
      push(into, tables.to)
      push(of, tables.from)
      loadLane(frame, of.type, start(of))
      convert(frame, of.type, into.type)
      storeLane(frame, into.type, start(into))
      writer.get(at)
      writer.i32(4)
      writer.calculate('i32', 'add')
      writer.tee(at)
      writer.i32(4 * to.length)
      writer.calculate('i32', 'lt_s')
    })
  })
}

/** What the tables of a gather hold: bytes from the start of each vector. */
export const tablesOf = ({
  into,
  of,
  to,
  from,
  tables,
}: Gather): readonly { readonly table: Vector; readonly bytes: readonly number[] }[] => [
  { table: tables.to, bytes: to.map((lane) => lane * bytesOf(into.type)) },
  { table: tables.from, bytes: from.map((lane) => lane * bytesOf(of.type)) },
]
