import type { ProcessingElement } from '../../pe/family.ts'
import type { TiledElement } from '../../pe/tile.ts'
import { activationsOfPe } from './hardware-layer.ts'

/** The quantiser whose codes a PE reads, as text; of integers in groups of 128 where the PE sets none. */
export const usualQuantiserOf = (pe: ProcessingElement | TiledElement): string => {
  const { parameters, operands, family } = pe
  const read = activationsOfPe(pe)
  const group = Math.min(operands.group ?? usualGroup, mostGroup)
  const activations = read.kind === 'integer' ? `int${read.bits}` : read.kind === 'float16' ? 'fp16' : read.format.id
  if (family === 'bitmod') return `bitmod(w=${parameters.w}, group=${group}, a=fp16)`
  const format = operands.codes && 'weight' in operands.codes ? operands.codes.weight : undefined
  // Of quires the longest group is far beyond any row; one scale each 128 weights is what quantisers have.
  if (format && format.kind !== 'integer')
    return `scaled(w=${format.id}, group=${usualGroup}, a=${activations === format.id ? format.id : 'float'})`
  const weight = 'lanes' in operands && typeof operands.lanes === 'object' ? operands.lanes.weight : operands.weight
  const bits = Math.min(8, format ? format.bits : Number(/\d+/.exec(String(parameters.w))![0]))
  const zeros = weight.min === 0n || -weight.min === weight.max
  return `group-integer(w=int${bits}, group=${group}, weights=${zeros && !format ? 'asymmetric' : 'symmetric'})`
}

const usualGroup = 128
const mostGroup = 4096
