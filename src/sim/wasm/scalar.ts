import { fits, isSigned, widthOf } from '../../dsl/ir.ts'
import { type LaneType, masks, strip } from '../vector/lane-type.ts'
import type { Operand, Place, Statement } from '../vector/program.ts'
import { type Frame, keyOf, offsetOf, pushBase } from './frame.ts'
import { convert, kindOf, loadLane, loadOp, storeLane, storeOp } from './lane.ts'
import { wordAt } from './memory.ts'
import { type Local, op } from './writer.ts'

/** Puts a lane on the stack; what does not change within the cycle is loaded once. */
export const push = (frame: Frame, place: Place): void => {
  const { writer, held } = frame
  const { vector } = place
  if (vector.value !== undefined) {
    writer.constant(kindOf(vector.type), vector.value)
    return
  }
  const known = held.get(keyOf(place))
  if (known) {
    writer.get(known)
    return
  }
  pushBase(frame, vector)
  loadLane(frame, vector.type, offsetOf(frame, place))
  if (vector.space !== 'state' && vector.space !== 'input') return
  const local = writer.lasting(kindOf(vector.type))
  writer.tee(local)
  held.set(keyOf(place), local)
}

/** Writes a lane from a variable that holds a value of type `from`. */
export const store = (frame: Frame, place: Place, local: Local, from: LaneType): void => {
  const { writer, held, inMemory } = frame
  const { vector } = place
  if (vector.space === 'temporary' && vector.length === 1) {
    const lasting = writer.lasting(kindOf(vector.type))
    writer.get(local)
    convert(frame, from, vector.type)
    writer.set(lasting)
    held.set(keyOf(place), lasting)
    if (!inMemory(vector)) return
  }
  pushBase(frame, vector)
  writer.get(local)
  convert(frame, from, vector.type)
  storeLane(frame, vector.type, offsetOf(frame, place))
}

/** Copies a lane. */
export const move = (frame: Frame, to: Place, from: Place): void => {
  const { writer, held } = frame
  // A mask in memory is a byte of 0 or -1, whoever reads it.
  if (isMaskInMemory(to) && isMaskInMemory(from) && !held.has(keyOf(from))) {
    pushBase(frame, to.vector)
    pushBase(frame, from.vector)
    writer.access(loadOp(from.vector.type), offsetOf(frame, from))
    writer.access(storeOp(to.vector.type), offsetOf(frame, to))
    return
  }
  writer.scope(() => {
    const local = writer.local(kindOf(from.vector.type))
    push(frame, from)
    writer.set(local)
    store(frame, to, local, from.vector.type)
  })
}

const isMaskInMemory = ({ vector: { type, value, space, length } }: Place): boolean =>
  type.kind === 'mask' && value === undefined && !(space === 'temporary' && length === 1)

interface Value {
  readonly local: Local
  readonly type: LaneType
}

/** The statements of a loop in lane `lane`. */
export const scalarLane = (frame: Frame, statements: readonly Statement[], lane: number): void => {
  const { writer } = frame
  writer.scope(() => {
    /** By the place of their statements, of which checks have no value. */
    const values: (Value | undefined)[] = []
    for (const statement of statements) {
      const argument = (k: number, as: LaneType): void => {
        pushOperand(frame, statement.operands[k]!, lane, values)
        convert(frame, typeOf(statement.operands[k]!), as)
      }
      if (statement.op === 'check') {
        pushBroken(frame, statement, argument)
        writer.when(() => raiseFlag(frame))
        values.push(undefined)
        continue
      }
      const type = compute(frame, statement, argument, lane)
      convert(frame, type, statement.type)
      const local = writer.local(kindOf(statement.type))
      writer.set(local)
      values.push({ local, type: statement.type })
      for (const { vector, lane: first } of statement.stores)
        store(frame, { vector, lane: first + lane }, local, statement.type)
    }
  })
}

/** Puts whether a check's operand is out of its bounds on the stack. */
const pushBroken = (
  { writer }: Frame,
  { of, ranges, type }: Statement,
  argument: (k: number, as: LaneType) => void,
): void => {
  const kind = kindOf(type)
  const sign = type.kind === 'signed' ? 's' : 'u'
  const beyond: (() => void)[] = []
  const compare = (bound: bigint, operation: 'gt' | 'lt'): void => {
    beyond.push(() => {
      argument(0, type)
      writer.constant(kind, bound)
      writer.calculate(kind, `${operation}_${sign}`)
    })
  }
  if (ranges[0]!.max > of.max) compare(of.max, 'gt')
  if (ranges[0]!.min < of.min) compare(of.min, 'lt')
  if (beyond.length === 0) writer.i32(0)
  beyond.forEach((push, k) => {
    push()
    if (k > 0) writer.calculate('i32', 'or')
  })
}

export const raiseFlag = ({ writer, layout }: Frame): void => {
  writer.i32(0)
  writer.i32(1)
  writer.access(op.store, layout.flag)
}

const typeOf = (operand: Operand): LaneType => operand.type

const pushOperand = (frame: Frame, operand: Operand, lane: number, values: readonly (Value | undefined)[]): void => {
  const { writer } = frame
  if (operand.kind === 'constant') writer.constant(kindOf(operand.type), operand.value)
  else if (operand.kind === 'result') writer.get(values[operand.statement]!.local)
  else if (operand.kind === 'one') push(frame, operand)
  else if (operand.kind === 'picked') push(frame, operand.from[lane]!)
  else if (operand.kind === 'repeated') push(frame, { vector: operand.vector, lane: operand.lane + (lane % strip) })
  else push(frame, { vector: operand.vector, lane: operand.lane + operand.stride * lane })
}

/** Leaves the result on the stack; its type says how it is to be read. */
const compute = (
  frame: Frame,
  statement: Statement,
  argument: (k: number, as: LaneType) => void,
  lane: number,
): LaneType => {
  const { writer } = frame
  const { work, of, ranges, operands, type } = statement
  const kind = kindOf(work)
  const bits = kind === 'i32' ? 32 : 64
  const isSignedWork = work.kind === 'signed'
  const shifted = (direction: 'shl' | 'shr_s' | 'shr_u', places: number): void => {
    if (places === 0) return
    writer.constant(kind, BigInt(places))
    writer.calculate(kind, direction)
  }
  /** Every bit of a value without sign goes beyond the lowest. */
  const nothing = (): LaneType => {
    writer.constant(kind, 0n)
    return work
  }
  switch (statement.op) {
    case 'copy':
      argument(0, type)
      return type
    case 'add':
    case 'sub':
    case 'mul':
    case 'and':
    case 'or':
    case 'xor':
      argument(0, work)
      argument(1, work)
      writer.calculate(kind, statement.op)
      return work
    case 'not':
      writer.constant(kind, of.max)
      argument(0, work)
      writer.calculate(kind, 'sub')
      return work
    case 'eq':
    case 'lt':
      argument(0, work)
      argument(1, work)
      writer.calculate(kind, statement.op === 'eq' ? 'eq' : work.kind === 'unsigned' ? 'lt_u' : 'lt_s')
      return type
    case 'mux':
      argument(1, work)
      argument(2, work)
      argument(0, masks[8])
      writer.put(op.select)
      return work
    case 'shl':
      if (of.amount >= bits) return nothing()
      argument(0, work)
      shifted('shl', of.amount)
      return work
    case 'shr':
      if (of.amount >= bits && !isSignedWork) return nothing()
      argument(0, work)
      shifted(isSignedWork ? 'shr_s' : 'shr_u', Math.min(of.amount, bits - 1))
      return work
    case 'slice':
      if (of.amount >= bits) return nothing()
      argument(0, work)
      shifted('shr_u', of.amount)
      writer.constant(kind, of.max)
      writer.calculate(kind, 'and')
      return work
    case 'cat':
      argument(1, work)
      if (of.amount >= bits) return work
      argument(0, work)
      shifted('shl', of.amount)
      writer.calculate(kind, 'or')
      return work
    case 'shlBy':
      argument(0, work)
      argument(1, work)
      writer.calculate(kind, 'shl')
      return work
    case 'shrBy': {
      argument(0, work)
      if (ranges[1]!.max < BigInt(bits)) {
        argument(1, work)
        writer.calculate(kind, isSignedWork ? 'shr_s' : 'shr_u')
        return work
      }
      const places = writer.local(kind)
      argument(1, work)
      writer.set(places)
      const inReach = (): void => {
        writer.get(places)
        writer.constant(kind, BigInt(bits))
        writer.calculate(kind, 'lt_u')
      }
      if (isSignedWork) {
        writer.get(places)
        writer.constant(kind, BigInt(bits - 1))
        inReach()
        writer.put(op.select)
        writer.calculate(kind, 'shr_s')
      } else {
        writer.get(places)
        writer.calculate(kind, 'shr_u')
        writer.constant(kind, 0n)
        inReach()
        writer.put(op.select)
      }
      return work
    }
    case 'wrap': {
      argument(0, work)
      if (fits(ranges[0]!, of)) return work
      const width = widthOf(of)
      if (isSigned(of)) {
        if (width === 8 || width === 16) writer.calculate(kind, width === 8 ? 'extend8' : 'extend16')
        else {
          shifted('shl', bits - width)
          shifted('shr_s', bits - width)
        }
      } else if (width < bits) {
        writer.constant(kind, (1n << BigInt(width)) - 1n)
        writer.calculate(kind, 'and')
      }
      return work
    }
    case 'sat': {
      const value = writer.local(kind)
      argument(0, work)
      writer.set(value)
      const clamp = (bound: bigint, beyond: 'gt_s' | 'gt_u' | 'lt_s' | 'lt_u'): void => {
        writer.constant(kind, bound)
        writer.get(value)
        writer.get(value)
        writer.constant(kind, bound)
        writer.calculate(kind, beyond)
        writer.put(op.select)
        writer.set(value)
      }
      if (ranges[0]!.max > of.max) clamp(of.max, isSignedWork ? 'gt_s' : 'gt_u')
      if (ranges[0]!.min < of.min) clamp(of.min, isSignedWork ? 'lt_s' : 'lt_u')
      writer.get(value)
      return work
    }
    case 'lookup': {
      const address = writer.local('i32')
      argument(0, operands[0]!.type)
      if (kindOf(operands[0]!.type) === 'i64') writer.put(op.wrap)
      writer.set(address)
      const { of: memory, lane: first } = statement.memory!
      wordAt(frame, memory, address, first + lane)
      return memory.type
    }
    case 'check':
      throw new TypeError('a check has no result')
  }
}
