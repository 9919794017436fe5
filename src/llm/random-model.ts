import { createRandom, normal, type Random } from '../base/random.ts'
import { UserError } from '../base/user-error.ts'
import { float16BitsOf } from '../quant/float16.ts'
import { type Architecture, llamaArchitecture } from './architecture.ts'
import { headSizeOf, type Model, type ModelConfig } from './model.ts'
import { modelOfParts, type Part, partsOf, shapeFault } from './parts.ts'
import {
  blockWeights,
  bytesOfWeights,
  float32Weights,
  type StoredKind,
  type Weights,
  weightsOfBytes,
} from './weights.ts'

/** Forms in which a random model can be made. */
export const randomKinds = ['float32', 'q8_0', 'q4_0'] as const satisfies readonly StoredKind[]
export type RandomKind = (typeof randomKinds)[number]

/**
 * A model of any shape with seeded random weights of the usual spread: it talks nonsense, but at the right sizes. Weights are normal
 * with deviation `1 / sqrt(K)`, in blocks (`kind`) uniform codes of the same deviation; norms are near 1 and biases near 0.
 */
export const randomModel = (
  config: ModelConfig,
  seed: number,
  architecture: Architecture = llamaArchitecture({ headSize: headSizeOf(config) }),
  kind: RandomKind = 'float32',
): Model => {
  const fault = shapeFault(config)
  if (fault !== undefined) throw new RangeError(`no model has ${fault}`)
  refuseRagged(config, architecture, kind)
  const random = createRandom(seed)
  const weightsOf = new Map(
    partsOf(config, architecture).map((part): [string, Weights] => {
      if (part.kind === 'vector') return [part.name, float32Weights(vectorOf(part, random))]
      return [part.name, kind === 'float32' ? normals(part, random) : blocks(part, kind, random)]
    }),
  )
  return modelOfParts(`random-${seed}`, config, architecture, weightsOf)
}

const refuseRagged = (config: ModelConfig, architecture: Architecture, kind: RandomKind): void => {
  if (kind === 'float32') return
  const ragged = partsOf(config, architecture).find(
    (part) => part.kind === 'matrix' && part.inputs % blockWeights !== 0,
  )
  if (ragged)
    throw new UserError(
      'E-MODEL-SHAPE',
      `${ragged.name} has rows of ${ragged.inputs} weights, which blocks of ${blockWeights} do not fill; give weights=float32`,
    )
}

const vectorOf = ({ name, outputs }: Part, random: Random): Float32Array => {
  const mean = name.endsWith('.bias') ? 0 : 1
  return Float32Array.from({ length: outputs }, () => mean + 0.1 * normal(random))
}

const normals = ({ outputs, inputs }: Part, random: Random): Weights => {
  const deviation = 1 / Math.sqrt(inputs)
  const data = new Float32Array(outputs * inputs)
  for (let k = 0; k < data.length; k++) data[k] = deviation * normal(random)
  return float32Weights(data)
}

/** Deviation of codes that are equally likely. */
const codeDeviation = { q8_0: Math.sqrt((2 ** 16 - 1) / 12), q4_0: Math.sqrt((2 ** 8 - 1) / 12) }

const blocks = ({ outputs, inputs }: Part, kind: 'q8_0' | 'q4_0', random: Random): Weights => {
  const bytes = new Uint8Array(bytesOfWeights(kind, outputs * inputs))
  const scale = float16BitsOf(1 / Math.sqrt(inputs) / codeDeviation[kind])
  const perBlock = bytesOfWeights(kind, blockWeights)
  for (let at = 0; at < bytes.length; at += perBlock) {
    bytes[at] = scale & 255
    bytes[at + 1] = scale >> 8
    for (let k = 2; k < perBlock; k += 4) {
      const word = random() * 2 ** 32
      bytes[at + k] = word
      bytes[at + k + 1] = word / 2 ** 8
      bytes[at + k + 2] = word / 2 ** 16
      bytes[at + k + 3] = word / 2 ** 24
    }
  }
  return weightsOfBytes(kind, bytes)
}
