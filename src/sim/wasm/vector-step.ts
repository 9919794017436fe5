import { bytesOf, type LaneType, signed, unsigned } from '../vector/lane-type.ts'
import type { Operand, Place, Statement } from '../vector/program.ts'
import type { Alarms } from './alarms.ts'
import { pushGathered } from './assemble.ts'
import { type Frame, offsetOf, pushBase } from './frame.ts'
import { convert, kindOf, storeOp } from './lane.ts'
import { wordAt } from './memory.ts'
import type { Pointer } from './pointer.ts'
import { push } from './scalar.ts'
import { opcodeOf, simd } from './simd-instructions.ts'
import { type Operands, vectorOperation } from './simd-operations.ts'
import { type Converter, converted, made, register, registersOf, type VectorValue } from './simd-values.ts'
import { type Local, op } from './writer.ts'

type Lanes = Extract<Operand, { kind: 'lanes' }>

/** Where one step of a loop over chunks of lanes stands. */
export interface Step {
  /** Its first lane, beyond what the pointer says. */
  readonly start: number
  readonly pointer: Pointer
}

interface StepContext extends Step {
  readonly converter: Converter
  readonly hoist: (key: string, body: () => void) => Local
  readonly alarms: Alarms | undefined
}

/** The statements in one chunk of lanes: operands are loaded once, and what is stored is stored at the end. */
export const oneStep = (frame: Frame, statements: readonly Statement[], context: StepContext): void => {
  const { writer } = frame
  const { start, pointer, converter, hoist, alarms } = context
  const { chunk, constant } = converter
  const results: VectorValue[] = []
  const atEnd: { readonly share: number; readonly write: () => void }[] = []
  const known = new Map<string, VectorValue>()
  const once = (key: string, make: () => VectorValue): VectorValue => {
    const value = known.get(key) ?? make()
    known.set(key, value)
    return value
  }
  const everywhere = (type: LaneType, local: Local): VectorValue => ({
    type,
    registers: Array.from({ length: registersOf(type, chunk) }, () => local),
  })

  const keyOf = (operand: Operand): string => {
    if (operand.kind === 'result') return `result ${operand.statement}`
    if (operand.kind === 'constant') return `constant ${operand.value}`
    if (operand.kind === 'picked') return `picked ${pickOf(operand.from)}`
    if (operand.kind === 'repeated') return `repeated ${operand.vector.id} ${operand.lane}`
    return `${operand.kind} ${operand.vector.id} ${operand.lane} ${operand.kind === 'lanes' ? operand.stride : 0}`
  }
  const picks = new Map<readonly Place[], number>()
  const pickOf = (from: readonly Place[]): number => {
    const known = picks.get(from) ?? picks.size
    picks.set(from, known)
    return known
  }
  const raw = (operand: Operand): VectorValue => {
    if (operand.kind === 'result') return results[operand.statement]!
    return once(keyOf(operand), () => {
      if (operand.kind === 'constant') return everywhere(operand.type, constant(operand.type, operand.value))
      if (operand.kind === 'one') return everywhere(operand.type, uniform(operand, operand.type))
      if (operand.kind === 'repeated') return repeated(operand)
      if (operand.kind === 'picked') return picked(operand)
      return operand.stride === 1 ? load(operand) : loadEverySecond(operand)
    })
  }
  /** A single lane, splat into lanes of a type before the loop. */
  const uniform = (operand: Extract<Operand, { kind: 'one' }>, type: LaneType): Local =>
    hoist(`${keyOf(operand)} ${type.bits} ${type.kind === 'mask'}`, () => {
      push(frame, operand)
      convert(frame, operand.type, type)
      if (type.kind === 'mask') {
        writer.constant(kindOf(type), -1n)
        writer.calculate(kindOf(type), 'mul')
      }
      writer.simd(opcodeOf('splat', type.bits))
    })
  /** A strip, loaded before the loop. */
  const repeated = (operand: Extract<Operand, { kind: 'repeated' }>): VectorValue => ({
    type: operand.type,
    registers: Array.from({ length: registersOf(operand.type, chunk) }, (_, k) =>
      hoist(`${keyOf(operand)} ${k}`, () => {
        pushBase(frame, operand.vector)
        writer.simdAccess(simd.load, offsetOf(frame, operand) + 16 * k)
      }),
    ),
  })
  const picked = ({ from, type }: Extract<Operand, { kind: 'picked' }>): VectorValue => {
    const perRegister = Math.min(chunk, 16 / bytesOf(type))
    const registers = Array.from({ length: registersOf(type, chunk) }, (_, k) => {
      const first = start + k * perRegister
      return register(writer, () => pushGathered(frame, type, from.slice(first, first + perRegister)))
    })
    return { type, registers }
  }
  const as = (operand: Operand, type: LaneType): VectorValue => {
    if (operand.kind === 'constant') return everywhere(type, constant(type, operand.value))
    if (operand.kind === 'one') return everywhere(type, uniform(operand, type))
    const value = raw(operand)
    if (value.type === type) return value
    return once(`${keyOf(operand)} as ${type.kind} ${type.bits}`, () => converted(converter, value, type))
  }

  const byteOf = ({ vector, lane }: Place, stride = 1): number =>
    offsetOf(frame, { vector, lane: lane + stride * start })
  const load = (operand: Lanes): VectorValue => {
    const { type } = operand
    const bytes = Math.min(16, chunk * bytesOf(type))
    const opcode = bytes === 16 ? simd.load : bytes === 8 ? simd.load64Zero : simd.load32Zero
    const registers = Array.from({ length: registersOf(type, chunk) }, (_, k) =>
      register(writer, () => {
        pointer(operand, 1)
        writer.simdAccess(opcode, byteOf(operand) + 16 * k)
      }),
    )
    return { type, registers }
  }
  const loadEverySecond = (operand: Lanes): VectorValue => {
    const { type, vector, lane } = operand
    // Even and odd lanes share their loads.
    const odd = lane & 1
    const even = { vector, lane: lane - odd }
    const size = bytesOf(type)
    const picked = Array.from({ length: 16 }, (_, k) => (2 * Math.floor(k / size) + odd) * size + (k % size))
    const whole = (k: number): Local =>
      once(`whole ${vector.id} ${even.lane} ${k}`, () => ({
        type,
        registers: [
          register(writer, () => {
            pointer(even, 2)
            writer.simdAccess(simd.load, byteOf(even, 2) + 16 * k)
          }),
        ],
      })).registers[0]!
    const registers = Array.from({ length: registersOf(type, chunk) }, (_, k) => {
      const [low, high] = [whole(2 * k), whole(2 * k + 1)]
      return register(writer, () => {
        writer.get(low)
        writer.get(high)
        writer.simd(simd.shuffle, ...picked)
      })
    })
    return { type, registers }
  }
  const store = (place: Place, { type, registers }: VectorValue): void => {
    const bytes = Math.min(16, chunk * bytesOf(type))
    registers.forEach((of, k) => {
      atEnd.push({
        share: (k + 1) / registers.length,
        write: () => {
          pointer(place, 1)
          writer.get(of)
          if (bytes === 16) writer.simdAccess(simd.store, byteOf(place) + 16 * k)
          else writer.simdAccess(bytes === 8 ? simd.store64Lane : simd.store32Lane, byteOf(place), 0)
        },
      })
    })
  }
  /** Words at an address in each lane, by way of memory. */
  const lookup = (statement: Statement): VectorValue => {
    const { of: memory, lane: firstLane } = statement.memory!
    const addresses = as(statement.operands[0]!, unsigned[32])
    const { scratch } = frame.layout
    const words = scratch + 64
    addresses.registers.forEach((of, k) => {
      writer.i32(0)
      writer.get(of)
      writer.simdAccess(simd.store, scratch + 16 * k)
    })
    // The lane the loop stands at is the address of a vector of bytes.
    const from = writer.local('i32')
    pointer({ vector: byteVector, lane: 0 }, 1)
    writer.set(from)
    writer.scope(() => {
      const [address, lane] = [writer.local('i32'), writer.local('i32')]
      for (let k = 0; k < chunk; k++) {
        writer.i32(0)
        writer.access(op.load, scratch + 4 * k)
        writer.set(address)
        writer.get(from)
        writer.i32(firstLane + start + k)
        writer.calculate('i32', 'add')
        writer.set(lane)
        writer.i32(0)
        wordAt(frame, memory, address, lane)
        writer.access(storeOp(memory.type), words + k * bytesOf(memory.type))
      }
    })
    const { type } = memory
    const registers = Array.from({ length: registersOf(type, chunk) }, (_, k) =>
      register(writer, () => {
        writer.i32(0)
        writer.simdAccess(simd.load, words + 16 * k)
      }),
    )
    for (const of of registers) made(of)
    return { type, registers }
  }

  for (const statement of statements) {
    if (statement.op === 'check') {
      const [operand] = statement.operands as readonly [Operand]
      const value = statement.type.kind === 'mask' ? raw(operand) : as(operand, statement.type)
      const parts = alarms!.taking(statement, value)
      parts.forEach((write, k) => {
        atEnd.push({ share: (k + 1) / parts.length, write })
      })
      results.push(value)
      continue
    }
    const at: Operands = {
      ...converter,
      raw: (k) => raw(statement.operands[k]!),
      as: (k, type) => as(statement.operands[k]!, type),
      isConstant: (k, value) => {
        const operand = statement.operands[k]!
        return operand.kind === 'constant' && operand.value === value
      },
    }
    const made = statement.op === 'lookup' ? lookup(statement) : vectorOperation(at, statement)
    // A comparison stays as wide as what it compared until it is stored; integers take their own width.
    const isMask = made.type.kind === 'mask' && statement.type.kind === 'mask'
    const value = isMask || made.type === statement.type ? made : converted(converter, made, statement.type)
    results.push(value)
    for (const place of statement.stores) {
      const key = `result ${results.length - 1} as ${place.vector.type.kind} ${place.vector.type.bits}`
      const { type } = place.vector
      store(place, value.type === type ? value : once(key, () => converted(converter, value, type)))
    }
  }
  for (const { write } of atEnd.sort((a, b) => a.share - b.share)) write()
}

const byteVector = { id: -1, type: signed[8], length: 1, space: 'temporary', offset: 0 } as const
