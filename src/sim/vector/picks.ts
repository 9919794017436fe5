import { bytesOf, fewestLanes } from './lane-type.ts'
import type { Assembly, Loop, Operand, Place, Program, Step, Vector } from './program.ts'
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
  const readOperands = (operands: readonly Operand[], loop?: Loop): void => {
    for (const operand of operands)
      if (operand.kind === 'lanes' && operand.stride === 1 && loop) read(operand.vector, { loop, lane: operand.lane })
      else if ('vector' in operand) read(operand.vector, 'other')
  }
  for (const { holds } of checks) read(holds.vector, 'other')
  const written = new Set<Vector>()
  for (const step of steps)
    switch (step.kind) {
      case 'loop':
        for (const { operands, stores } of step.statements) {
          readOperands(operands, step)
          for (const { vector } of stores) read(vector, 'other')
        }
        break
      case 'assembly':
        for (const { vector } of step.from) read(vector, 'other')
        // One that is written in several parts is no single assembly.
        if (written.has(step.to.vector)) read(step.to.vector, 'other')
        written.add(step.to.vector)
        break
      case 'moves':
        for (const { from, to } of step.moves) for (const { vector } of [from, to]) read(vector, 'other')
        break
      case 'gather':
        for (const vector of [step.of, step.into]) read(vector, 'other')
        break
      case 'edge':
        for (const { address, value, enable } of step.writes) readOperands([address, value, enable])
        for (const { address, enable, now } of step.reads) readOperands([address, enable, now])
    }
  return readers
}

/** True where a loop's steps can make their registers from a few loads each. */
const isSeenAsRegisters = ({ lanes, statements }: Loop, from: readonly Place[], { type }: Vector): boolean => {
  if (lanes < fewestLanes || lanes > mostWrittenOut || statements.some(({ op }) => op === 'lookup')) return false
  const reach = 16 / bytesOf(type)
  for (let lane = 0; lane < lanes; lane += reach)
    if (!windowsOf(from.slice(lane, Math.min(lane + reach, lanes)), type)) return false
  return true
}
