import { UserError } from '../../base/user-error.ts'
import {
  type Bits,
  type Bool,
  type Component,
  type Int,
  type IntOperand,
  IntShape,
  type Module,
} from '../../dsl/index.ts'
import type { ProcessingElement } from '../../pe/family.ts'
import type { TiledElement } from '../../pe/tile.ts'
import { type ArraySize, outputStationaryArray } from '../output-stationary.ts'

/** What a group has once for each row or column: a zero point, a scale, a selector, an exponent. */
export interface GroupField {
  readonly name: 'zero' | 'scale' | 'selector' | 'exponent'
  readonly bits: number
}

/** What one side of an array takes. */
export interface OperandSide {
  /** Bits of what a row or column takes at a step. */
  readonly wordBits: number
  readonly fields: readonly GroupField[]
}

/** How the numbers of a step lie in its word: number k of them in bits `k * bits` and up, in two's complement or as codes. */
export interface OperandMode {
  /** What the array's input `mode` has, 0 where there is none. */
  readonly code: number
  /** Numbers of a step; a power of two. */
  readonly perStep: number
  readonly activationBits: number
  readonly weightBits: number
}

/** What the array is told in each cycle; words and fields are those of a step in all of its cycles. */
export interface ArrayDrive {
  /** A word for each row, 0 where there is nothing to add. */
  readonly activations: readonly Bits[]
  readonly weights: readonly Bits[]
  /** The fields of the group for each row and column, one above the other in the order of the side's `fields`. */
  readonly activationFields: readonly Bits[]
  readonly weightFields: readonly Bits[]
  /** The first cycle of a step. Like `lastGroup`, it is looked at only where the array wants it. */
  readonly step: Bool
  /** The last cycle of a group, and whether the group is the last of its outputs. */
  readonly last: Bool
  readonly lastGroup: Bool
  readonly mode: Int
}

/**
 * An array of PEs of any family as the co-processor's core sees it: words in, results out. Column c gives a result for each of
 * its rows in turn, rows 0, 1, ..., and no column is behind the last one.
 */
export interface ComputeArray {
  /** Tells all parameters. */
  readonly identity: string
  readonly name: string
  readonly size: ArraySize
  readonly activation: OperandSide
  readonly weight: OperandSide
  readonly modes: readonly OperandMode[]
  readonly cyclesPerStep: number
  /** Fewest cycles between the ends of two groups. */
  readonly shortestGroup: number
  /** Most steps of a group; undefined where nothing limits them. */
  readonly mostSteps: number | undefined
  readonly result: IntShape
  /** Whether the array adds up the groups of an output and gives one result, or one a group. */
  readonly addsGroups: boolean
  readonly part: Component<IntPorts, IntPorts>
  /** What its inputs are driven with. */
  readonly inputsOf: (drive: ArrayDrive) => Readonly<Record<string, IntOperand>>
}

export type IntPorts = Readonly<Record<string, IntShape>>

/**
 * The array of one PE, or of several that are modes of one hardware. A UserError where they are not, and where a step's numbers are
 * no power of two.
 */
export const computeArray = (
  elements: readonly (ProcessingElement | TiledElement)[],
  size: ArraySize,
): ComputeArray => {
  const [first, ...others] = elements
  if (!first) throw new RangeError('an array has at least one PE')
  const array = 'tile' in first ? tileArray(first, size) : systolicArray(first, size)
  const modes = [
    ...array.modes,
    ...others.flatMap((other) => {
      if ('tile' in other || other.name !== first.name || !other.operands.mode)
        throw new UserError(
          'E-ARRAY',
          `${other.spec} is no mode of the hardware of ${first.spec}; give a core modes of one hardware, or one PE`,
        )
      return [modeOf(other)]
    }),
  ]
  for (const { perStep } of modes)
    if (!Number.isInteger(Math.log2(perStep)))
      throw new UserError(
        'E-ARRAY',
        `${first.spec} takes ${perStep} numbers a step; a co-processor takes a power of two, choose lanes that are one`,
      )
  return { ...array, identity: `${elements.map(({ spec }) => spec).join(' ')} ${size.rows} ${size.columns}`, modes }
}

const modeOf = ({ operands }: ProcessingElement): OperandMode => {
  const { activation, weight } = operands.lanes ?? operands
  return {
    code: operands.mode?.value ?? 0,
    perStep: operands.lanes?.count ?? 1,
    activationBits: activation.width,
    weightBits: weight.width,
  }
}

const systolicArray = (pe: ProcessingElement, size: ArraySize): Omit<ComputeArray, 'identity'> => {
  const { activation, weight, zero, scale, exponent, mode, result, group } = pe.operands
  const activationFields: GroupField[] = exponent ? [{ name: 'exponent', bits: exponent.shape.width }] : []
  const weightFields: GroupField[] = [
    ...(zero ? [{ name: 'zero', bits: zero.width } as const] : []),
    ...(scale ? [{ name: 'scale', bits: scale.bits } as const] : []),
  ]
  return {
    name: pe.name,
    size,
    activation: { wordBits: activation.width, fields: activationFields },
    weight: { wordBits: weight.width, fields: weightFields },
    modes: [modeOf(pe)],
    cyclesPerStep: pe.timing.cycles_per_step,
    shortestGroup: pe.timing.shortestGroup(size.rows),
    mostSteps: group,
    result,
    addsGroups: scale !== undefined,
    part: partOf(outputStationaryArray(pe, size)),
    inputsOf: (drive) => ({
      ...each('activation', drive.activations, (word) => numberOf(activation, word)),
      ...each('weight', drive.weights, (word) => numberOf(weight, word)),
      ...(exponent
        ? each('exponent', drive.activationFields, (word) =>
            numberOf(exponent.shape, fieldOf(activationFields, 'exponent', word)),
          )
        : {}),
      ...(zero ? each('zero', drive.weightFields, (word) => numberOf(zero, fieldOf(weightFields, 'zero', word))) : {}),
      ...(scale ? each('scale', drive.weightFields, (word) => fieldOf(weightFields, 'scale', word).unsigned()) : {}),
      ...(scale ? { last_group: drive.lastGroup.int() } : {}),
      ...(pe.timing.cycles_per_step > 1 ? { step: drive.step.int() } : {}),
      ...(mode ? { mode: drive.mode } : {}),
      last: drive.last.int(),
    }),
  }
}

const tileArray = (pe: TiledElement, size: ArraySize): Omit<ComputeArray, 'identity'> => {
  const { activation, weight, lanes, selector, scale, result, group } = pe.operands
  const fields: GroupField[] = [
    ...(selector ? [{ name: 'selector', bits: selector.width } as const] : []),
    { name: 'scale', bits: scale.width },
  ]
  const module = pe.tile(size)
  const ofLanes = (port: string, words: readonly Bits[], width: number): Record<string, Int> =>
    Object.fromEntries(
      words.flatMap((word, k) =>
        Array.from({ length: lanes }, (_, lane) => [
          `${port}_${k}_${lane}`,
          word.slice((lane + 1) * width - 1, lane * width).unsigned(),
        ]),
      ),
    )
  return {
    name: pe.name,
    size,
    activation: { wordBits: lanes * activation.width, fields: [] },
    weight: { wordBits: lanes * weight.width, fields },
    modes: [{ code: 0, perStep: lanes, activationBits: activation.width, weightBits: weight.width }],
    cyclesPerStep: pe.timing.cycles_per_step,
    shortestGroup: pe.timing.shortestGroup(size.rows),
    mostSteps: Math.floor(group / lanes),
    result,
    addsGroups: true,
    part: partOf(module),
    inputsOf: (drive) => ({
      // Special values stay those of the paper.
      ...Object.fromEntries(
        module.inputs.filter(({ name }) => name.startsWith('special_')).map(({ name }) => [name, 0]),
      ),
      ...ofLanes('activation', drive.activations, activation.width),
      ...ofLanes('weight', drive.weights, weight.width),
      ...(selector ? each('selector', drive.weightFields, (word) => fieldOf(fields, 'selector', word).unsigned()) : {}),
      ...each('scale', drive.weightFields, (word) => fieldOf(fields, 'scale', word).unsigned()),
      step: drive.step.int(),
      last: drive.last.int(),
      last_group: drive.lastGroup.int(),
    }),
  }
}

/** A finished module as a component, its ports by their nets. */
const partOf = (module: Module): Component<IntPorts, IntPorts> => {
  const ports = (nets: readonly { readonly name: string; readonly min: bigint; readonly max: bigint }[]): IntPorts =>
    Object.fromEntries(nets.map(({ name, min, max }) => [name, new IntShape(min, max)]))
  return {
    name: module.name,
    in: ports(module.inputs),
    out: ports(module.outputs.map(({ name, range }) => ({ name, ...range }))),
    module,
  }
}

const each = <T>(port: string, values: readonly T[], to: (value: T) => Int): Record<string, Int> =>
  Object.fromEntries(values.map((value, k) => [`${port}_${k}`, to(value)]))

/** The number of the shape that a field of bits has; a code beyond the shape's bounds is the nearest one in them. */
const numberOf = (shape: IntShape, word: Bits): Int => {
  const field = word.slice(shape.width - 1, 0)
  return (shape.min < 0n ? field.signed() : field.unsigned()).sat(shape)
}

const fieldOf = (fields: readonly GroupField[], name: GroupField['name'], word: Bits): Bits => {
  let low = 0
  for (const field of fields) {
    if (field.name === name) return word.slice(low + field.bits - 1, low)
    low += field.bits
  }
  throw new Error(`no field '${name}'`)
}
