import { UserError } from '../../base/user-error.ts'
import { blockWeights, bytesOfWeights, type StoredKind } from '../weights.ts'
import type { ByteSource } from './byte-source.ts'
import { type Cursor, cursorOf } from './cursor.ts'
import type { StoredTensor } from './safetensors.ts'

/** `GGUF`, which a file begins with. */
export const ggufMagic = 0x46554747

/** A value of the metadata; arrays of other elements than these are passed over. */
export type GgufValue = string | number | boolean | readonly string[] | Float32Array | Int32Array

/** What a GGUF file holds, without its weights. */
export interface Gguf {
  readonly metadata: ReadonlyMap<string, GgufValue>
  /** Shapes outermost dimension first, the other way round than in the file. */
  readonly tensors: ReadonlyMap<string, StoredTensor>
}

type Refuse = (what: string) => never
const cure = 'give the file whole and unchanged'

/** Kinds of weights by ggml's number; of those that bitloom does not read, the common ones by name, for messages. */
const storedKinds: Readonly<Record<number, StoredKind>> = {
  0: 'float32',
  1: 'float16',
  2: 'q4_0',
  8: 'q8_0',
  30: 'bfloat16',
}
const otherKinds: Readonly<Record<number, string>> = {
  3: 'Q4_1',
  6: 'Q5_0',
  7: 'Q5_1',
  10: 'Q2_K',
  11: 'Q3_K',
  12: 'Q4_K',
  13: 'Q5_K',
  14: 'Q6_K',
  15: 'Q8_K',
  20: 'IQ4_NL',
  23: 'IQ4_XS',
}
const mostDimensions = 4
/** Most tensors and most keys of a file: far above what a model has. */
const mostEntries = 2 ** 16
const usualAlignment = 32

/**
 * Reads the metadata and the table of tensors of a GGUF file, version 2 or 3, little-endian: magic, version, uint64 tensors, uint64
 * keys; key, type, value; name, dimensions, kind, offset; then the data, aligned.
 */
export const readGguf = async (source: ByteSource): Promise<Gguf> => {
  const refuse: Refuse = (what) => {
    throw new UserError('E-MODEL-HEADER', `${source.where} is no GGUF file: ${what}; ${cure}`)
  }
  const cursor = cursorOf(source, refuse)
  if ((await cursor.uint32()) !== ggufMagic) refuse('it does not begin with GGUF')
  const version = await cursor.uint32()
  if (version !== 2 && version !== 3)
    refuse(
      version === 2 ** 25 || version === 3 * 2 ** 24 ? 'it is big-endian' : `version ${version}, known are 2 and 3`,
    )
  // A tensor takes at least 24 bytes here and a key 13.
  const tensorCount = await cursor.count('tensors', 24)
  const keyCount = await cursor.count('keys', 13)
  if (tensorCount > mostEntries || keyCount > mostEntries)
    refuse(`it has ${tensorCount} tensors and ${keyCount} keys, at most ${mostEntries} of each are read`)
  const metadata = new Map<string, GgufValue>()
  const seen = new Set<string>()
  for (let index = 0; index < keyCount; index++) {
    const key = await cursor.text()
    if (seen.has(key)) refuse(`key ${key.slice(0, 80)} is there twice`)
    seen.add(key)
    const value = await readValue(cursor, await cursor.uint32(), key.slice(0, 80), refuse)
    if (value !== undefined) metadata.set(key, value)
  }
  const table: Entry[] = []
  for (let index = 0; index < tensorCount; index++) table.push(await readEntry(cursor, refuse))
  const alignment = metadata.get('general.alignment') ?? usualAlignment
  if (typeof alignment !== 'number' || !(alignment >= 1 && alignment <= 2 ** 16 && Number.isInteger(alignment)))
    return refuse(`general.alignment is ${String(alignment).slice(0, 20)}`)
  const start = table.length === 0 ? cursor.position() : Math.ceil(cursor.position() / alignment) * alignment
  return { metadata, tensors: tensorsOf(source, table, start, alignment, refuse) }
}

/** The value of a key by its type: 0 to 7 numbers and flags, 8 text, 9 an array, 10 to 12 numbers of 64 bits. */
const readValue = async (cursor: Cursor, type: number, key: string, refuse: Refuse): Promise<GgufValue | undefined> => {
  if (type === 8) return cursor.text()
  if (type !== 9) return cursor.scalar(type, key)
  const element = await cursor.uint32()
  if (element === 8) {
    const count = await cursor.count(`elements of ${key}`, 8)
    const texts: string[] = []
    for (let index = 0; index < count; index++) texts.push(await cursor.text())
    return texts
  }
  const size = cursor.scalarBytes(element)
  if (size === undefined) return refuse(`${key} is an array of type ${element}`)
  const count = await cursor.count(`elements of ${key}`, size)
  if (element === 6) return new Float32Array((await cursor.bytes(4 * count)).buffer)
  if (element === 5) return new Int32Array((await cursor.bytes(4 * count)).buffer)
  cursor.skip(size * count)
  return undefined
}

interface Entry {
  readonly name: string
  readonly kind: StoredKind
  readonly shape: readonly number[]
  readonly offset: number
  readonly bytes: number
}

const readEntry = async (cursor: Cursor, refuse: Refuse): Promise<Entry> => {
  const name = await cursor.text()
  const shown = `tensor ${name.slice(0, 80)}`
  const dimensions = await cursor.uint32()
  if (dimensions > mostDimensions) refuse(`${shown} has ${dimensions} dimensions`)
  const shape: number[] = []
  for (let index = 0; index < dimensions; index++) shape.unshift(await cursor.uint64(`a dimension of ${shown}`))
  const type = await cursor.uint32()
  const offset = await cursor.uint64(`the offset of ${shown}`)
  const kind = Object.hasOwn(storedKinds, type) ? storedKinds[type]! : undefined
  if (kind === undefined)
    return refuse(
      `${shown} is stored as ${otherKinds[type] ?? `type ${type}`}, and bitloom reads F32, F16, BF16, Q8_0 and Q4_0`,
    )
  const count = shape.reduce((product, length) => product * length, 1)
  if (!Number.isSafeInteger(count)) refuse(`${shown} has the shape ${shape.join(' x ')}`)
  if ((kind === 'q8_0' || kind === 'q4_0') && (shape.at(-1) ?? 1) % blockWeights !== 0)
    refuse(`${shown} has rows of ${shape.at(-1)} weights in blocks of ${blockWeights}`)
  return { name, kind, shape, offset, bytes: bytesOfWeights(kind, count) }
}

const tensorsOf = (
  source: ByteSource,
  table: readonly Entry[],
  start: number,
  alignment: number,
  refuse: Refuse,
): ReadonlyMap<string, StoredTensor> => {
  const tensors = new Map<string, StoredTensor>()
  let end = start
  for (const { name, kind, shape, offset, bytes } of table.toSorted(
    (a, b) => a.offset - b.offset || a.bytes - b.bytes,
  )) {
    const shown = `tensor ${name.slice(0, 80)}`
    if (tensors.has(name)) refuse(`${shown} is there twice`)
    if (offset % alignment !== 0) refuse(`${shown} begins at ${offset}, no multiple of ${alignment}`)
    if (start + offset < end) refuse(`${shown} overlaps another`)
    end = start + offset + bytes
    tensors.set(name, { kind, shape, source, offset: start + offset })
  }
  if (end > source.size || source.size - end >= alignment)
    throw new UserError(
      'E-MODEL-SIZE',
      `${source.where} is ${end > source.size ? 'truncated' : 'too long'}: it holds ${source.size} bytes where its header asks for ${end}; ${cure}`,
    )
  return tensors
}
