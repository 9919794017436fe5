import { UserError } from '../../base/user-error.ts'
import { bytesPerBeat } from '../transfers.ts'
import type { OperandMode } from './compute-array.ts'
import { type CoreDescription, codeBeats, dimensionBits, fieldBeatsOf } from './description.ts'

/** The product that a core is asked for: for every token and output a sum over the inputs, in groups of them. */
export interface ProductSize {
  /** M, N and K: 1 to 65,535. */
  readonly tokens: number
  readonly outputs: number
  readonly inputs: number
  /** Inputs of a group; the last one may be shorter. A multiple of a step's numbers, unless there is one group only. */
  readonly group: number
  /** The array's input `mode`; where it has several. */
  readonly mode?: number
}

/** A matrix in memory: rows one after the other, each of whole beats. */
export interface MatrixLayout {
  readonly rows: number
  readonly rowBytes: number
  readonly bytes: number
}

/** Rows of codes, and behind a row's codes what its groups have once. */
export interface OperandLayout extends MatrixLayout {
  /** Where a row's fields begin. */
  readonly fieldsAt: number
}

/** A matrix of results for each group, one behind the other, or one alone where the array adds up the groups. */
export interface ResultLayout extends MatrixLayout {
  readonly matrices: number
  /** From one matrix to the next. */
  readonly matrixBytes: number
}

/** How a product lies in memory. */
export interface ProductLayout {
  readonly mode: OperandMode
  readonly groups: number
  /** Words of a whole group, of the last one, and of a row. */
  readonly groupSteps: number
  readonly lastSteps: number
  readonly steps: number
  readonly activations: OperandLayout
  readonly weights: OperandLayout
  readonly results: ResultLayout
}

/** A UserError for what a core refuses at run time as well. */
export const productLayout = (core: CoreDescription, product: ProductSize): ProductLayout => {
  const { array, transfers, resultBytes } = core
  const { tokens, outputs, inputs, group } = product
  for (const [name, value] of Object.entries({ tokens, outputs, inputs, group }))
    if (!(Number.isSafeInteger(value) && value >= 1 && value < 2 ** dimensionBits))
      throw new UserError(
        'E-PRODUCT',
        `a product has 1 to ${2 ** dimensionBits - 1} ${name}, got ${value}; choose one of those`,
      )
  const mode = array.modes.find(({ code }) => code === (product.mode ?? array.modes[0]!.code))
  if (!mode)
    throw new UserError(
      'E-PRODUCT',
      `${array.name} has the modes ${array.modes.map(({ code }) => code).join(', ')}, got ${product.mode}; choose one of those`,
    )
  if (group < inputs && group % mode.perStep !== 0)
    throw new UserError(
      'E-PRODUCT',
      `a group is whole steps of ${mode.perStep} numbers, got ${group}; choose a multiple of ${mode.perStep}`,
    )
  const groups = Math.ceil(inputs / group)
  const steps = Math.ceil(inputs / mode.perStep)
  const groupSteps = groups === 1 ? steps : group / mode.perStep
  const bytes = bytesPerBeat(transfers)
  const sideOf = (side: CoreDescription['weight'], rows: number): OperandLayout => {
    const fieldsAt = codeBeats(side, transfers.busBits, steps) * bytes
    const rowBytes = fieldsAt + fieldBeatsOf(side, transfers.busBits, groups) * bytes
    return { rows, rowBytes, bytes: rows * rowBytes, fieldsAt }
  }
  const matrices = array.addsGroups ? 1 : groups
  const rowBytes = Math.ceil((outputs * resultBytes) / bytes) * bytes
  return {
    mode,
    groups,
    groupSteps,
    lastSteps: steps - (groups - 1) * groupSteps,
    steps,
    activations: sideOf(core.activation, tokens),
    weights: sideOf(core.weight, outputs),
    results: { rows: tokens, rowBytes, matrices, matrixBytes: tokens * rowBytes, bytes: matrices * tokens * rowBytes },
  }
}
