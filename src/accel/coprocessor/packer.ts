import type { Codes } from '../gemm.ts'
import type { GroupField } from './compute-array.ts'
import type { CoreDescription, SideDescription } from './description.ts'
import type { OperandLayout, ProductLayout, ProductSize } from './layout.ts'

/** What the groups of a row have once, by the field's name: rows x groups each. */
export type FieldCodes = { readonly [K in GroupField['name']]?: ArrayLike<number> }

/** Activations, tokens x inputs, as the core reads them. */
export const packActivations = (
  core: CoreDescription,
  product: ProductSize,
  layout: ProductLayout,
  codes: Codes,
  fields: FieldCodes = {},
): Uint8Array => packed(core.activation, layout.mode.activationBits, layout.activations, product, layout, codes, fields)

/** Weights, outputs x inputs, as the core reads them. */
export const packWeights = (
  core: CoreDescription,
  product: ProductSize,
  layout: ProductLayout,
  codes: Codes,
  fields: FieldCodes = {},
): Uint8Array => packed(core.weight, layout.mode.weightBits, layout.weights, product, layout, codes, fields)

const packed = (
  side: SideDescription,
  codeBits: number,
  { rows, rowBytes, bytes, fieldsAt }: OperandLayout,
  { inputs }: ProductSize,
  { mode, groups }: ProductLayout,
  codes: Codes,
  fields: FieldCodes,
): Uint8Array => {
  if (codes.length !== rows * inputs)
    throw new RangeError(`${rows} rows of ${inputs} codes are ${rows * inputs}, got ${codes.length}`)
  const memory = new Uint8Array(bytes)
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < inputs; k++) {
      const at = Math.floor(k / mode.perStep) * side.wordBits + (k % mode.perStep) * codeBits
      writeBits(memory, row * rowBytes * 8 + at, codeBits, codes[row * inputs + k]!)
    }
    for (let group = 0, at = (row * rowBytes + fieldsAt) * 8; group < groups; group++, at += side.fieldBits)
      eachField(side, at, ({ name, bits }, place) =>
        writeBits(memory, place, bits, fieldCodes(fields, name, rows * groups)[row * groups + group]!),
      )
  }
  return memory
}

/** The codes of a row's numbers without sign, and the fields of its groups: what was packed. */
export const unpackRow = (
  side: SideDescription,
  codeBits: number,
  { rowBytes, fieldsAt }: OperandLayout,
  { inputs }: ProductSize,
  { mode, groups }: ProductLayout,
  memory: Uint8Array,
  row: number,
): { readonly codes: readonly number[]; readonly fields: Readonly<Record<string, readonly number[]>> } => {
  const codes = Array.from({ length: inputs }, (_, k) => {
    const at = Math.floor(k / mode.perStep) * side.wordBits + (k % mode.perStep) * codeBits
    return readBits(memory, row * rowBytes * 8 + at, codeBits)
  })
  const fields: Record<string, number[]> = {}
  for (let group = 0, at = (row * rowBytes + fieldsAt) * 8; group < groups; group++, at += side.fieldBits)
    eachField(side, at, ({ name, bits }, place) => {
      fields[name] = [...(fields[name] ?? []), readBits(memory, place, bits)]
    })
  return { codes, fields }
}

/** Results as the array's integers, matrices x tokens x outputs. */
export const unpackResults = (
  { array, resultBytes }: CoreDescription,
  { tokens, outputs }: ProductSize,
  { results: { matrices, matrixBytes, rowBytes } }: ProductLayout,
  memory: Uint8Array,
): readonly bigint[] => {
  const results: bigint[] = []
  for (let matrix = 0; matrix < matrices; matrix++)
    for (let token = 0; token < tokens; token++)
      for (let output = 0; output < outputs; output++) {
        const at = matrix * matrixBytes + token * rowBytes + output * resultBytes
        let value = 0n
        for (let byte = resultBytes - 1; byte >= 0; byte--) value = (value << 8n) | BigInt(memory[at + byte]!)
        results.push(array.result.min < 0n ? BigInt.asIntN(8 * resultBytes, value) : value)
      }
  return results
}

const fieldCodes = (fields: FieldCodes, name: GroupField['name'], count: number): ArrayLike<number> => {
  const codes = fields[name]
  if (codes?.length !== count)
    throw new RangeError(`rows x groups are ${count}, got ${codes?.length ?? 'no'} codes of field '${name}'`)
  return codes
}

/** Fields of a group lie one above the other. */
const eachField = ({ fields }: SideDescription, at: number, visit: (field: GroupField, at: number) => void): void => {
  let place = at
  for (const field of fields) {
    visit(field, place)
    place += field.bits
  }
}

/** Bit k of memory is bit k modulo 8 of byte k / 8. */
const writeBits = (memory: Uint8Array, at: number, bits: number, value: number): void => {
  for (let k = 0; k < bits; k++) {
    const bit = (value >> k) & 1
    memory[(at + k) >> 3]! |= bit << ((at + k) & 7)
  }
}

const readBits = (memory: Uint8Array, at: number, bits: number): number => {
  let value = 0
  for (let k = 0; k < bits; k++) value |= ((memory[(at + k) >> 3]! >> ((at + k) & 7)) & 1) << k
  return value
}
