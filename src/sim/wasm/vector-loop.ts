import { withBitFields } from '../vector/bit-fields.ts'
import { fewestLanes, type LaneType, strip } from '../vector/lane-type.ts'
import type { Loop, Place, Statement } from '../vector/program.ts'
import { quietForm } from '../vector/quiet.ts'
import { windowsOver } from '../vector/windows.ts'
import { alarmsOf } from './alarms.ts'
import { type Frame, offsetOf, pushBase } from './frame.ts'
import { fixedPointer, movingPointer } from './pointer.ts'
import { raiseFlag, scalarLane } from './scalar.ts'
import { simd } from './simd-instructions.ts'
import { type Chunk, splat } from './simd-values.ts'
import { oneStep, type Step } from './vector-step.ts'
import type { Local } from './writer.ts'

/** Steps of a loop that are written out one after the other. */
const mostUnrolled = 4

/** A loop over lanes: in chunks of as many as its types suit, or, where there are few, one by one. */
export const laneLoop = (frame: Frame, loop: Loop): void => {
  const { lanes, statements, padded: mayPad } = loop
  const padded = mayPad && statements.every(({ stores }) => stores.every(({ vector }) => !vector.halo))
  const steps = stepsOf(statements, lanes, padded)
  const { writer } = frame
  const written = (of: readonly Statement[], steps: Steps): void =>
    writer.scope(() => {
      // What one branch keeps in variables, others do not.
      chunkLoop({ ...frame, held: quiet ? new Map(frame.held) : frame.held }, of, steps)
    })
  const inChunks = steps && { ...loop, statements: withBitFields(statements) }
  const quiet = inChunks && quietForm(inChunks)
  if (quiet) {
    pushAnyMask(frame, quiet.masks)
    writer.either(
      () => written(inChunks.statements, steps),
      () => written(quiet.statements, steps),
    )
  } else if (inChunks) written(inChunks.statements, steps)
  else for (let lane = 0; lane < lanes; lane++) scalarLane(frame, statements, lane)
}

/** Puts whether a mask is 1 in any of the lanes on the stack, or in others beside them. */
const pushAnyMask = (frame: Frame, masks: readonly Place[]): void => {
  const { writer } = frame
  windowsOver(masks).forEach((window, k) => {
    pushBase(frame, window.vector)
    writer.simdAccess(simd.load, offsetOf(frame, window))
    if (k > 0) writer.simd(simd.or)
  })
  writer.simd(simd.anyTrue)
}

interface Steps {
  readonly chunk: Chunk
  /** First lane of each. */
  readonly starts: readonly number[]
}

/**
 * Whole chunks, and what is left in another, which goes beyond the last lane where it may, and else begins early: computed
 * again, a lane is what it was.
 */
const stepsOf = (statements: readonly Statement[], lanes: number, padded: boolean): Steps | undefined => {
  const inStrips = statements.some(({ operands }) => operands.some(({ kind }) => kind === 'repeated'))
  const chunks = inStrips
    ? ([strip] as const)
    : statements.some(({ work }) => work.bits === 64)
      ? ([8, 4] as const)
      : ([16, 8, 4] as const)
  const chunk = padded
    ? (chunks.findLast((chunk) => chunk >= lanes) ?? chunks[0])
    : chunks.find((chunk) => chunk <= lanes)
  if (lanes < fewestLanes || !chunk) return undefined
  const starts: number[] = []
  for (let lane = 0; lane < lanes; lane += chunk) starts.push(padded ? lane : Math.min(lane, lanes - chunk))
  return { chunk, starts }
}

const chunkLoop = (frame: Frame, statements: readonly Statement[], { chunk, starts }: Steps): void => {
  const { writer } = frame
  // Constants and lanes that are the same for all are made before the loop.
  const before: number[] = []
  const hoisted = new Map<string, Local>()
  const hoist = (key: string, body: () => void): Local => {
    const known = hoisted.get(key)
    if (known) return known
    const local = writer.lasting('v128')
    before.push(
      ...writer.captured(() => {
        body()
        writer.set(local)
      }),
    )
    hoisted.set(key, local)
    return local
  }
  const constant = (type: LaneType, value: bigint): Local =>
    hoist(`${value} ${type.bits} ${type.kind === 'mask'}`, () => splat(writer, type, value))
  const converter = { writer, chunk, constant }
  const alarms = statements.some(({ op }) => op === 'check') ? alarmsOf(converter, hoist) : undefined
  const inside = (step: Step): void => {
    writer.scope(() => oneStep(frame, statements, { ...step, converter, hoist, alarms }))
  }
  const body = writer.captured(() => {
    const isPicked = statements.some(({ operands }) => operands.some(({ kind }) => kind === 'picked'))
    const writtenOut = isPicked || starts.length <= mostUnrolled
    const apart = starts.filter((start, k) => writtenOut || start !== k * chunk)
    const steps = starts.length - apart.length
    if (steps > 0) {
      const lane = writer.local('i32')
      writer.i32(0)
      writer.set(lane)
      writer.repeat(() => {
        inside({ start: 0, pointer: movingPointer(frame, lane) })
        writer.get(lane)
        writer.i32(chunk)
        writer.calculate('i32', 'add')
        writer.tee(lane)
        writer.i32(chunk * steps)
        writer.calculate('i32', 'lt_s')
      })
    }
    for (const start of apart) inside({ start, pointer: fixedPointer(frame) })
  })
  const end = writer.captured(() => {
    if (!alarms) return
    alarms.pushRaised()
    writer.when(() => raiseFlag(frame))
  })
  for (const part of [before, body, end]) writer.append(part)
}
