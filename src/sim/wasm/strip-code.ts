import type { Module } from '../../dsl/ir.ts'
import { type PortLayout, portLayout } from '../engine.ts'
import { bodyOf } from '../vector/body.ts'
import { bytesOf, type LaneType } from '../vector/lane-type.ts'
import { plan } from '../vector/plan.ts'
import type { Space } from '../vector/program.ts'
import { acrossStimuli } from '../vector/stimuli.ts'
import { type Layout, layoutOf } from './frame.ts'
import { generate } from './generate.ts'
import { writeImage, writeLane } from './image.ts'

/** A design's program for strips of stimuli, compiled: plain data, so that threads can be sent it. */
export interface StripCode {
  readonly ports: PortLayout
  readonly code: Uint8Array<ArrayBuffer>
  readonly layout: Layout
  /** What memory holds at the start, before the rows; the registers of a strip are at `layout.states[0]`. */
  readonly image: Uint8Array
  /** Bytes of the registers of a strip. */
  readonly stateBytes: number
  readonly memoryBytes: number
  /** What reset puts back, in bytes of the registers. */
  readonly resets: readonly { readonly offset: number; readonly bytes: number }[]
  /** Parts of each register by their lowest bit; those of more than 64 bits have several. */
  readonly registers: ReadonlyMap<
    string,
    readonly { readonly offset: number; readonly type: LaneType; readonly from: number }[]
  >
  /** Checks in the order of their report, the first lane of each. */
  readonly checks: readonly {
    readonly message: string
    readonly space: Space
    readonly offset: number
    /** From lane to lane; 0 of a constant. */
    readonly stride: number
  }[]
}

/** Of a design that has a vector program. */
export const stripCode = (module: Module, checks: boolean): StripCode => {
  const ports = portLayout(module)
  const program = acrossStimuli(plan(bodyOf(module), ports, { checks, delays: false, picks: false }))
  const layout = layoutOf(program)
  const image = new Uint8Array(layout.input)
  const view = new DataView(image.buffer)
  writeImage(view, program, layout)
  const resets = program.resets.map(({ place, lanes, value }) => {
    const { type, offset } = place.vector
    const size = bytesOf(type)
    const first = offset + place.lane * size
    for (let lane = 0; lane < lanes; lane++) writeLane(view, layout.states[0] + first + lane * size, type, value)
    return { offset: first, bytes: lanes * size }
  })
  const registers = new Map<string, { offset: number; type: LaneType; from: number }[]>()
  for (const { path, from, place } of program.registers()) {
    const { type, offset } = place.vector
    const part = { offset: offset + place.lane * bytesOf(type), type, from }
    registers.set(path, [...(registers.get(path) ?? []), part])
  }
  return {
    ports,
    code: generate(program, layout),
    layout,
    image,
    stateBytes: program.sizes.state,
    memoryBytes: program.memories.reduce(
      (end, { offset, depth, lanes: words, type }) => Math.max(end, offset + depth * words * bytesOf(type)),
      0,
    ),
    resets,
    registers,
    checks: program.checks.map(({ path, message, holds: { vector, lane } }) => ({
      message: path ? `${path}: ${message}` : message,
      space: vector.space,
      offset: vector.offset + lane * bytesOf(vector.type),
      stride: vector.value === undefined ? bytesOf(vector.type) : 0,
    })),
  }
}
