import { codecOf, type FloatFormat, type ScalarFormat } from '../../formats/index.ts'
import { oddBits } from '../../formats/odd-bits.ts'
import type { ProcessingElement } from '../../pe/family.ts'
import { levelsOf } from '../../quant/levels.ts'
import { moduleMaker } from './module-maker.ts'
import { groupsOf, type HardwareArithmetic } from './product.ts'
import { type RoundedKernel, roundedModule, roundedWords } from './rounded-kernel.ts'
import { growing, openKernels, stepOf } from './team.ts'

/** Arithmetic whose sum is rounded in every step. */
export interface RoundedArithmetic {
  readonly kernel: RoundedKernel
  readonly activation: ScalarFormat
  /** Undefined where weights are integers. */
  readonly weight: ScalarFormat | undefined
}

/** The arithmetic of a PE that rounds each step; undefined where it has none. */
export const roundedArithmeticOf = ({
  family,
  parameters,
  operands,
}: ProcessingElement): RoundedArithmetic | undefined => {
  const rounds = family === 'fmac' || (family === 'mixpe' && parameters.a === 'fp16' && parameters.acc === 'fp32')
  const { activation, weight, result } = operands.codes ?? {}
  if (!rounds || activation?.kind !== 'float' || result?.kind !== 'float') return undefined
  const wide = result.mantissaBits === 23
  return {
    kernel: {
      width: wide && activation.exponentBits <= 5 ? 32 : 64,
      sum: result,
      roundsProducts: parameters.rounding === 'separate',
    },
    activation,
    weight,
  }
}

type Floats = Float32Array | Float64Array

/** Sums in the order of the operands, from +0, each rounded to nearest even. */
export const roundedProducts = (
  pe: ProcessingElement,
  { kernel, activation, weight }: RoundedArithmetic,
  threads: number,
): HardwareArithmetic => {
  const { width } = kernel
  const [bytes, count] = [width / 8, 128 / width]
  const kernels = openKernels(threads, 64, moduleMaker(roundedModule, kernel, pe.spec))
  const { arena, team, take } = kernels
  const [roomForActivations, roomForSums] = [growing(kernels), growing(kernels)]
  const floatsAt = (address: number, length: number): Floats =>
    width === 32
      ? new Float32Array(arena.memory.buffer, address, length)
      : new Float64Array(arena.memory.buffer, address, length)
  const activationValues = levelsOf(activation).values
  const weightValues = weight && levelsOf(weight).values
  const codeOf = codesOf(kernel.sum)
  return {
    words: 1,
    load: (weights) => {
      const { outputs, inputs, group, codes } = weights
      const groups = groupsOf(weights)
      const pieces = Math.ceil(outputs / count)
      const address = take(16 * pieces * inputs)
      const panels = floatsAt(address, count * pieces * inputs)
      for (let row = 0; row < outputs; row++) {
        const from = Math.floor(row / count) * inputs * count + (row % count)
        for (let k = 0; k < inputs; k++) {
          const code = codes[row * inputs + k]!
          panels[from + k * count] = weightValues ? weightValues[code]! : code
        }
      }
      const padded = pieces * count
      return {
        groups,
        run: async (activations, tokens) => {
          const x = roomForActivations(bytes * tokens * inputs)
          const y = roomForSums(bytes * tokens * groups * padded)
          const floats = floatsAt(x, tokens * inputs)
          for (let k = 0; k < floats.length; k++) floats[k] = activationValues[activations[k]!]!
          const step = stepOf(roundedWords, {
            ...{ x, xStride: bytes * inputs, tokens, weights: address, inputs, group, y },
            ...{ yStride: bytes * groups * padded, groupStride: bytes * padded },
          })
          team.step(step, pieces, tokens * padded * inputs)
          const sums = floatsAt(y, tokens * groups * padded)
          const results = new Int32Array(tokens * outputs * groups)
          for (let token = 0; token < tokens; token++)
            for (let index = 0; index < groups; index++) {
              const from = (token * groups + index) * padded
              for (let row = 0; row < outputs; row++)
                results[(token * outputs + row) * groups + index] = codeOf(sums[from + row]!)
            }
          return results
        },
      }
    },
    close: team.close,
  }
}

const float = new Float32Array(1)
const floatWord = new Int32Array(float.buffer)

/** The code of a number that the format has. */
const codesOf = (format: FloatFormat): ((value: number) => number) => {
  const nan = Number(format.nan)
  if (format.mantissaBits === 23)
    return (value) => {
      float[0] = value
      return Number.isNaN(value) ? nan : floatWord[0]!
    }
  const { codeOfBits } = codecOf(format, 'special')
  const infinity = Number(format.infinity)
  return (value) => {
    if (Number.isNaN(value)) return nan
    if (Number.isFinite(value)) return codeOfBits(oddBits(value))
    return value > 0 ? infinity : infinity | (1 << (format.bits - 1))
  }
}
