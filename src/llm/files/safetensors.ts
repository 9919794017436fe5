import { UserError } from '../../base/user-error.ts'
import type { StoredKind } from '../weights.ts'
import type { ByteSource } from './byte-source.ts'

/** A tensor of a safetensors file: what it is and where it lies. */
export interface StoredTensor {
  readonly kind: StoredKind
  /** Outermost dimension first. */
  readonly shape: readonly number[]
  readonly source: ByteSource
  /** First byte in the source. */
  readonly offset: number
}

/** Longest header (ours: 100,000 tensors, and JSON takes many times its text in memory; the reference implementation reads 100 MB). */
const mostHeaderBytes = 2 ** 25
const kindOfType = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const satisfies Record<string, StoredKind>
const floatTypes = Object.keys(kindOfType) as readonly (keyof typeof kindOfType)[]
const bytesOfType = { F32: 4, F16: 2, BF16: 2, U16: 2, I8: 1, U8: 1 } as const
type TensorType = keyof typeof bytesOfType
const cure = 'give the file whole and unchanged'

/** The tensors of a safetensors file whose elements are floating-point numbers, from its header alone. */
export const readSafetensors = async (source: ByteSource): Promise<ReadonlyMap<string, StoredTensor>> => {
  const described = await describeSafetensors(source, floatTypes)
  return new Map(
    [...described].map(([name, { type, shape, offset }]) => [name, { kind: kindOfType[type], shape, source, offset }]),
  )
}

/** A tensor as the header describes it. */
export interface TensorDescription<T extends TensorType = TensorType> {
  /** Of an element, as safetensors names it. */
  readonly type: T
  /** Outermost dimension first. */
  readonly shape: readonly number[]
  /** First byte in the file, and how many there are. */
  readonly offset: number
  readonly bytes: number
}

/**
 * What a safetensors file holds, from its header alone: uint64 length, JSON of name to `dtype`, `shape`, `data_offsets`, then the
 * data without gaps or overlaps. Other types than `types` are refused.
 */
export const describeSafetensors = async <T extends TensorType>(
  source: ByteSource,
  types: readonly T[],
): Promise<ReadonlyMap<string, TensorDescription<T>>> => {
  const refuse = (what: string): never => {
    throw new UserError('E-MODEL-HEADER', `${source.where} is no safetensors file: ${what}; ${cure}`)
  }
  if (source.size < 8) refuse(`it holds only ${source.size} bytes`)
  const length = new DataView((await source.read(0, 8)).buffer).getBigUint64(0, true)
  if (length > BigInt(mostHeaderBytes) || length > BigInt(source.size - 8))
    refuse(`its header is said to be ${length} bytes of ${source.size}`)
  const start = 8 + Number(length)
  const header = parseHeader(await source.read(8, Number(length)), refuse)
  const tensors = new Map<string, TensorDescription<T>>()
  const pieces: (readonly [number, number])[] = []
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const { type, shape, from, to } = readEntry(name, entry, types, refuse)
    pieces.push([from, to])
    tensors.set(name, { type, shape, offset: start + from, bytes: to - from })
  }
  pieces.sort(([a, b], [c, d]) => a - c || b - d)
  let end = 0
  for (const [from, to] of pieces) {
    if (from !== end)
      refuse(from < end ? 'its tensors overlap' : `nothing describes bytes ${end} to ${from} of its data`)
    end = to
  }
  if (start + end !== source.size)
    throw new UserError(
      'E-MODEL-SIZE',
      `${source.where} is ${start + end > source.size ? 'truncated' : 'too long'}: it holds ${source.size} bytes where its header asks for ${start + end}; ${cure}`,
    )
  return tensors
}

const parseHeader = (bytes: Uint8Array, refuse: (what: string) => never): object => {
  const header = ((): unknown => {
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    } catch {
      return refuse('its header is no JSON')
    }
  })()
  return typeof header === 'object' && header !== null && !Array.isArray(header)
    ? header
    : refuse('its header is no JSON object')
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const readEntry = <T extends TensorType>(
  name: string,
  entry: unknown,
  types: readonly T[],
  refuse: (what: string) => never,
) => {
  const shown = `tensor ${name.slice(0, 80)}`
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>
  const type = types.find((allowed) => allowed === dtype)
  if (type === undefined)
    return refuse(
      `${shown} has type ${typeof dtype === 'string' ? dtype.slice(0, 20) : typeof dtype}, allowed are ${types.join(', ')}`,
    )
  if (!Array.isArray(shape) || !shape.every(isCount)) return refuse(`${shown} has no shape of whole numbers`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return refuse(`${shown} has no pair of data_offsets`)
  const [from, to] = offsets as [number, number]
  if (to - from !== bytesOfType[type] * shape.reduce((product: number, length: number) => product * length, 1))
    return refuse(`${shown} of shape ${shape.join(' x ')} does not take the bytes ${from} to ${to}`)
  return { type, shape: shape as readonly number[], from, to }
}
