import { type LaneType, signed, strip, unsigned } from './lane-type.ts'
import type { Loop, MemoryEdge, Operand, Place, Program, ProgramMemory, Statement, Step, Vector } from './program.ts'
import { joinStrips } from './strips.ts'
import { vectors as newVectors } from './vectors.ts'

/**
 * The same program for a strip of stimuli side by side: every lane becomes `strip` lanes, one a stimulus, so that a design of
 * one instance fills vectors as well. Rows of inputs and outputs hold the first word of each stimulus, then the second of each.
 * The program reads no earlier rows and does not stop.
 */
export const acrossStimuli = (program: Program): Program => {
  if (program.history > 0 || program.stops) throw new TypeError('strips have no earlier rows, and do not stop')
  const made = newVectors()
  const steps: Step[] = []
  const push = (step: Step): void => {
    steps.push(step)
  }
  const twins = new Map<number, Vector>()
  for (const vector of program.vectors) if (vector.space === 'next') twins.set(vector.offset, vector)

  const known = new Map<Vector, Vector>()
  const vectorOf = (vector: Vector): Vector => {
    const found = known.get(vector)
    if (found) return found
    const { type, length, space, offset, halo } = vector
    if (space === 'earlier') throw new TypeError('strips have no earlier rows')
    if (space === 'state' || space === 'next') {
      const { now, next } = made.state(type, length * strip)
      const twin = twins.get(offset)!
      const present = program.vectors.find((other) => other.space === 'state' && other.offset === offset)!
      known.set(present, now).set(twin, next)
      if (present.halo) surround(now, present.halo)
      return known.get(vector)!
    }
    const wide =
      space === 'temporary'
        ? made.make(type, length * strip, space)
        : made.at(space, offset * strip, type, length * strip)
    known.set(vector, wide)
    if (halo) surround(wide, halo)
    return wide
  }
  const surround = (vector: Vector, { value, before, behind }: NonNullable<Vector['halo']>): void => {
    made.surround(vector, value, before * strip, behind * strip)
  }
  const memories = new Map<ProgramMemory, ProgramMemory>()
  const memoryOf = (memory: ProgramMemory): ProgramMemory => {
    const { depth, lanes, type, initial } = memory
    const found = memories.get(memory) ?? made.memory({ depth, lanes: lanes * strip, type, initial })
    memories.set(memory, found)
    return found
  }

  /** The words of a port that has two, the lower first. */
  const halves = (space: 'input' | 'output', offset: number, high: LaneType): readonly [Vector, Vector] => [
    made.at(space, offset * strip, unsigned[32], strip),
    made.at(space, (offset + 4) * strip, high, strip),
  ]
  /** Inputs of two words, whose lanes are put together once. */
  const joined = new Map<Vector, Vector>()
  const joinWords = (vector: Vector): Vector => {
    const found = joined.get(vector)
    if (found) return found
    const { type, offset } = vector
    const whole = made.make(type, strip, 'temporary')
    joined.set(vector, whole)
    const [low, high] = halves('input', offset, type.kind === 'signed' ? signed[32] : unsigned[32])
    const operands = [high, low].map((of): Operand => lanes({ vector: of, lane: 0 }))
    const of = { min: 0n, max: 0n, amount: 32 }
    push(loopOf(strip, [{ op: 'cat', of, ranges: [], type, work: type, operands, stores: [place(whole)] }]))
    return whole
  }
  /** The first lane of a strip. */
  const stripAt = ({ vector, lane }: Place): Place => {
    if (vector.value !== undefined) return made.constant(vector.value)
    if (vector.space === 'input' && vector.type.bits === 64) return place(joinWords(vector))
    return { vector: vectorOf(vector), lane: lane * strip }
  }
  const stripOf = (from: Place): Operand => {
    const { value, type } = from.vector
    return value === undefined ? lanes(stripAt(from)) : { kind: 'constant', value, type }
  }

  /** Strips that lie apart, side by side. */
  const copies = new Map<string, Vector>()
  const sideBySide = (count: number, from: (k: number) => Place): Operand => {
    const first = from(0)
    const second = from(1)
    const key = `${first.vector.id} ${first.lane} ${second.lane - first.lane} ${count}`
    let vector = copies.get(key)
    if (!vector) {
      vector = made.make(first.vector.type, count * strip, 'temporary')
      copies.set(key, vector)
      for (let k = 0; k < count; k++) copy({ vector, lane: k * strip }, stripOf(from(k)))
    }
    return lanes(place(vector))
  }
  const copy = (to: Place, operand: Operand): void => {
    const { type } = to.vector
    const of = { min: 0n, max: 0n, amount: 0 }
    push(loopOf(strip, [{ op: 'copy', of, ranges: [], type, work: type, operands: [operand], stores: [to] }]))
  }
  const copyLane = (to: Place, from: Place): void => {
    const target = storeAt(to)
    copy(target.place, stripOf(from))
    target.finish()
  }
  /** Where a strip of results goes; outputs of two words are taken apart once they are there. */
  const storeAt = (to: Place): { readonly place: Place; finish(): void } => {
    const { space, type, offset } = to.vector
    if (space !== 'output' || type.bits < 64) return { place: stripAt(to), finish: () => {} }
    const whole = made.make(type, strip, 'temporary')
    const finish = (): void => {
      const operands = [lanes(place(whole))]
      const part = (op: 'slice' | 'shr', amount: number, max: bigint, half: Vector): Statement => {
        const of = { min: 0n, max, amount }
        return { op, of, ranges: [], type: half.type, work: type, operands, stores: [place(half)] }
      }
      const [low, high] = halves(space, offset, signed[32])
      push(loopOf(strip, [part('slice', 0, (1n << 32n) - 1n, low), part('shr', 32, 0n, high)]))
    }
    return { place: place(whole), finish }
  }

  const operandOf = (operand: Operand, count: number): Operand => {
    if (operand.kind === 'result' || operand.kind === 'constant') return operand
    if (operand.kind === 'picked') throw new TypeError('lanes are picked once a program is spread')
    const { vector, lane } = operand
    if (count === 1) return stripOf(operand)
    if (operand.kind === 'one') return { ...stripAt(operand), kind: 'repeated', type: vector.type }
    if (operand.kind === 'repeated') throw new TypeError('a program is spread across stimuli once')
    if (operand.stride === 1) return lanes(stripAt(operand))
    return sideBySide(count, (k) => ({ vector, lane: lane + operand.stride * k }))
  }
  const loop = ({ lanes: count, statements }: Loop): void => {
    const finish: (() => void)[] = []
    const wide = statements.map((statement): Statement => {
      const stores = statement.stores.map((to) => {
        const target = storeAt(to)
        finish.push(target.finish)
        return target.place
      })
      const operands = statement.operands.map((operand) => operandOf(operand, count))
      const { memory } = statement
      const of = memory && { of: memoryOf(memory.of), lane: memory.lane * strip }
      return { ...statement, operands, stores, ...(of && { memory: of }) }
    })
    push(loopOf(count * strip, wide))
    for (const end of finish) end()
  }
  const edge = ({ memory, writes, reads, collide }: MemoryEdge): void => {
    const operand = (of: Operand): Operand => operandOf(of, memory.lanes)
    push({
      kind: 'edge',
      memory: memoryOf(memory),
      collide,
      writes: writes.map(({ address, value, enable }) => ({
        address: operand(address),
        value: operand(value),
        enable: operand(enable),
      })),
      reads: reads.map(({ address, enable, now, next }) => ({
        address: operand(address),
        enable: operand(enable),
        now: operand(now),
        next: stripAt(next),
      })),
    })
  }

  for (const step of program.steps) {
    if (step.kind === 'loop') loop(step)
    else if (step.kind === 'assembly')
      step.from.forEach((from, k) => {
        copyLane({ vector: step.to.vector, lane: step.to.lane + k }, from)
      })
    else if (step.kind === 'moves') for (const { to, from } of step.moves) copyLane(to, from)
    else if (step.kind === 'gather')
      step.to.forEach((lane, k) => {
        copyLane({ vector: step.into, lane }, { vector: step.of, lane: step.from[k]! })
      })
    else edge(step)
  }
  const checks = program.checks.map(({ holds, ...check }) => ({ ...check, holds: stripAt(holds) }))
  const registers = program.registers().map((register) => ({ ...register, place: stripAt(register.place) }))
  const resets = program.resets.map((reset) => ({ ...reset, place: stripAt(reset.place), lanes: reset.lanes * strip }))
  const memoryPaths = new Map(
    [...program.memoryPaths].map(([path, { memory, lane }]) => [
      path,
      { memory: memoryOf(memory), lane: lane * strip },
    ]),
  )
  const { input, output } = program.sizes
  const finished = joinStrips(
    steps,
    checks.map(({ holds }) => holds.vector),
  )
  const sizes = made.layOut({ input: input * strip, output: output * strip, watch: 0 })
  return {
    vectors: made.all,
    steps: finished,
    memories: [...memories.values()],
    sizes,
    history: 0,
    earlier: { lines: [], blocks: [] },
    registers: () => registers,
    resets,
    stops: false,
    checks,
    memoryPaths,
  }
}

const place = (vector: Vector): Place => ({ vector, lane: 0 })
const lanes = ({ vector, lane }: Place): Operand => ({ kind: 'lanes', vector, lane, stride: 1, type: vector.type })
/** Rows have no room behind their lanes; strips are whole chunks, so that nothing is computed there. */
const loopOf = (count: number, statements: readonly Statement[]): Loop => {
  return { kind: 'loop', lanes: count, statements, padded: false }
}
