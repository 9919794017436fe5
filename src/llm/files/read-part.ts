import { UserError } from '../../base/user-error.ts'
import type { Part } from '../parts.ts'
import { areFinite, bytesOfWeights, type StoredKind, type Weights, weightsOfBytes } from '../weights.ts'
import type { ByteSource } from './byte-source.ts'

/** Reads `count` weights of one kind from `offset` on. */
export const readStored = async (
  source: ByteSource,
  kind: StoredKind,
  offset: number,
  count: number,
): Promise<Weights> => weightsOfBytes(kind, await source.read(offset, bytesOfWeights(kind, count)))

/** The weights of a part; an infinite or undefined one is a UserError. */
export const finite = (weights: Weights, part: Part, where: string): Weights => {
  if (areFinite(weights)) return weights
  throw new UserError(
    'E-MODEL-VALUE',
    `${where} holds an infinite or undefined weight in ${part.name}; give the file whole and unchanged`,
  )
}
