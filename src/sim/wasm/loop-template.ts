import { fewestLanes } from '../vector/lane-type.ts'
import type { Loop, Operand, Place, Program, Vector } from '../vector/program.ts'
import { type Frame, offsetOf } from './frame.ts'
import { laneLoop } from './vector-loop.ts'
import { addressMark, localMark, Writer } from './writer.ts'

/**
 * A loop's instructions with variables and addresses left open. The rows of an array are loops that do the same with other
 * lanes: the code of one, with other addresses, is that of all.
 */
interface Template {
  readonly code: Float64Array
  readonly locals: Writer['locals']
}

/** What loops of one template have in common, as text, and a lane of each vector that this one reads or stores to. */
interface Shape {
  readonly key: string
  readonly starts: readonly Place[]
}

/** Writes loops, those that are alike from one template. */
export type LoopWriter = (frame: Frame, loop: Loop) => void

export const loopWriter = ({ steps }: Program): LoopWriter => {
  const shapes = new Map<Loop, Shape>()
  const count = new Map<string, number>()
  for (const step of steps) {
    const shape = step.kind === 'loop' ? shapeOf(step) : undefined
    if (step.kind !== 'loop' || !shape) continue
    shapes.set(step, shape)
    count.set(shape.key, (count.get(shape.key) ?? 0) + 1)
  }
  const templates = new Map<string, Template>()
  return (frame, loop) => {
    const shape = shapes.get(loop)
    if (!shape || count.get(shape.key) === 1) {
      laneLoop(frame, loop)
      return
    }
    const template = templates.get(shape.key) ?? templateOf(frame, loop, shape)
    templates.set(shape.key, template)
    fill(frame, template, shape)
  }
}

/** Undefined for loops whose code depends on more than what the key says: on other loops, or on where lanes lie exactly. */
const shapeOf = ({ lanes, statements, padded }: Loop): Shape | undefined => {
  if (lanes < fewestLanes) return undefined
  const starts: Place[] = []
  const slots = new Map<Vector, number>()
  let fits = true
  const placeText = (place: Place): string => {
    const { vector, lane } = place
    const slot = slots.get(vector)
    if (slot !== undefined) return `${slot}.${lane - starts[slot]!.lane}`
    slots.set(vector, starts.push(place) - 1)
    const { type, space, pace = 0, halo } = vector
    return `${starts.length - 1}:${space} ${pace} ${type.kind} ${type.bits} ${halo !== undefined}`
  }
  const operandText = (operand: Operand): string => {
    const type = `${operand.type.kind} ${operand.type.bits}`
    if (operand.kind === 'result') return `result ${operand.statement} ${type}`
    if (operand.kind === 'constant') return `constant ${operand.value} ${type}`
    if (operand.kind === 'lanes' && operand.stride === 1) return `lanes ${placeText(operand)} ${type}`
    fits = false
    return ''
  }
  const lines = statements.map(({ op, of, ranges, type, work, operands, stores, memory }) => {
    if (memory) fits = false
    if (!fits) return ''
    return [
      `${op} ${of.min} ${of.max} ${of.amount} ${type.kind} ${type.bits} ${work.kind} ${work.bits}`,
      ranges.map(({ min, max }) => `${min} ${max}`).join(),
      operands.map(operandText).join(),
      stores.map(placeText).join(),
    ].join(';')
  })
  return fits ? { key: `${lanes} ${padded}\n${lines.join('\n')}`, starts } : undefined
}

/** Addresses in a template are relative to those of `starts`, and may lie before them. */
const bias = 2 ** 31

const templateOf = (frame: Frame, loop: Loop, { starts }: Shape): Template => {
  const writer = new Writer(localMark)
  const marks = new Map(
    starts.map((place, slot) => [place.vector, (slot + 1) * addressMark + bias - offsetOf(frame, place)]),
  )
  laneLoop({ ...frame, writer, marks }, loop)
  return { code: Float64Array.from(writer.code), locals: writer.locals }
}

const fill = (frame: Frame, { code, locals }: Template, { starts }: Shape): void => {
  const { writer } = frame
  const addresses = starts.map((place) => offsetOf(frame, place) - bias)
  writer.scope(() => {
    const variables = locals.map((type) => writer.local(type).index)
    writer.appendFilled(code, variables, addresses)
  })
}
