import { bytesOf, fewestLanes } from './lane-type.ts'
import type { Assembly, Loop, Operand, Place, Program, Step, Vector } from './program.ts'
import { type Lanes, operandsOf, readsOf, writesOf } from './step-lanes.ts'
import { windowsOf } from './windows.ts'

/** Lanes of loops that are worth writing out, so that each of their registers has code of its own. */
const mostWrittenOut = 64

/**
 * The same program, with lanes from many places put together where a loop reads them, rather than by way of memory, where a
 * few loads have them.
 */
export const withPicks = (program: Program): Program => {
  const assemblies = new Map<Vector, Assembly>()
  for (const step of program.steps) if (step.kind === 'assembly') assemblies.set(step.to.vector, step)
  const readers = readersOf(program, assemblies)
  const picked = new Set(
    [...assemblies].filter(
      ([vector, { to, from }]) =>
        vector.space === 'temporary' &&
        to.lane === 0 &&
        readers.get(vector)?.every((reader) => {
          return reader !== 'other' && isSeenAsRegisters(reader.loop, from.slice(reader.lane), vector)
        }),
    ),
  )
  const inPlace = new Map(picked)
  /** One for all that read the same lanes. */
  const operands = new Map<string, Operand>()
  const operandOf = ({ to: { vector }, from }: Assembly, lane: number, lanes: number): Operand => {
    const key = `${vector.id} ${lane} ${lanes}`
    const operand = operands.get(key) ?? { kind: 'picked', from: from.slice(lane, lane + lanes), type: vector.type }
    operands.set(key, operand)
    return operand
  }
  const withOperands = (step: Loop): Loop => ({
    ...step,
    statements: step.statements.map((statement) => ({
      ...statement,
      operands: statement.operands.map((operand): Operand => {
        const assembly = operand.kind === 'lanes' ? inPlace.get(operand.vector) : undefined
        return operand.kind === 'lanes' && assembly ? operandOf(assembly, operand.lane, step.lanes) : operand
      }),
    })),
  })
  const steps = program.steps.flatMap((step): readonly Step[] => {
    if (step.kind === 'assembly' && inPlace.get(step.to.vector) === step) return []
    return [step.kind === 'loop' ? withOperands(step) : step]
  })
  return { ...program, steps }
}

type Reader = { readonly loop: Loop; readonly lane: number } | 'other'

/** Who reads what assemblies make: lanes of a loop, or anything else. */
const readersOf = (
  { steps, checks }: Program,
  assemblies: ReadonlyMap<Vector, Assembly>,
): ReadonlyMap<Vector, readonly Reader[]> => {
  const readers = new Map<Vector, Reader[]>()
  const read = (vector: Vector, reader: Reader): void => {
    if (assemblies.has(vector)) readers.set(vector, [...(readers.get(vector) ?? []), reader])
  }
  for (const { holds } of checks) read(holds.vector, 'other')
  const written = new Set<Vector>()
  for (const step of steps) {
    if (step.kind === 'loop') {
      for (const operand of operandsOf(step))
        if (operand.kind === 'lanes' && operand.stride === 1) read(operand.vector, { loop: step, lane: operand.lane })
        else if ('vector' in operand) read(operand.vector, 'other')
    } else for (const vector of vectorsOf(readsOf(step))) read(vector, 'other')
    // What is written otherwise, or in several parts, is no single assembly.
    for (const vector of vectorsOf(writesOf(step))) {
      if (step.kind !== 'assembly' || written.has(vector)) read(vector, 'other')
      written.add(vector)
    }
  }
  return readers
}

const vectorsOf = (lanes: readonly Lanes[]): ReadonlySet<Vector> => new Set(lanes.map(({ vector }) => vector))

/** True where a loop's steps can make their registers from a few loads each. */
const isSeenAsRegisters = ({ lanes, statements }: Loop, from: readonly Place[], { type }: Vector): boolean => {
  if (lanes < fewestLanes || lanes > mostWrittenOut || statements.some(({ op }) => op === 'lookup')) return false
  const reach = 16 / bytesOf(type)
  for (let lane = 0; lane < lanes; lane += reach)
    if (!windowsOf(from.slice(lane, Math.min(lane + reach, lanes)), type)) return false
  return true
}
