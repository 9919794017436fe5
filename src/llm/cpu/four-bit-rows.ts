import { tableCodes } from '../../quant/code-tables.ts'
import type { Local } from '../../sim/wasm/writer.ts'
import { blockBytes, blockCodes, type FourBitWeights, groupsOf } from '../four-bit.ts'
import { type Assembly, type Call, many, type Value } from './assembly.ts'
import type { Arena } from './memory.ts'

/**
 * Rows of codes of 4 bits lie four by four, so that one address leads through four rows: of each block of 32 weights 16 bytes of codes a row,
 * and of each group a record, the scales of the four rows, then a byte for each, its table. A table is two vectors, the lower and the upper
 * bytes of the bfloat16 values of 16 codes: two look-ups and an interleaving make float32 values of codes.
 */

/** Rows that lie together. */
const rowsTogether = 4
const recordBytes = rowsTogether * (4 + 1)
const tableBytes = 2 * tableCodes

/** Bytes that weights of so many rows take as codes, records and tables. */
export const fourBitBytes = (weights: FourBitWeights, outputs: number) => {
  const quads = Math.ceil(outputs / rowsTogether)
  return {
    codes: (quads * rowsTogether * weights.inputs) / 2,
    records: quads * groupsOf(weights) * recordBytes,
    tables: 2 * weights.values.length,
  }
}

/** Copies weights to the addresses of what `fourBitBytes` says; rows that fill up the last four are left as they are. */
export const placeFourBit = (
  arena: Arena,
  weights: FourBitWeights,
  outputs: number,
  at: { readonly codes: number; readonly records: number; readonly tables: number },
): void => {
  const { codes, inputs, scales, tables, values } = weights
  const groups = groupsOf(weights)
  const blocks = inputs / blockCodes
  const sizes = fourBitBytes(weights, outputs)
  const [toCodes, toTables] = [arena.bytes(at.codes, sizes.codes), arena.bytes(at.tables, sizes.tables)]
  const toBytes = arena.bytes(at.records, sizes.records)
  const toFloats = arena.floats(at.records, sizes.records / 4)
  for (let row = 0; row < outputs; row++) {
    const [quad, inside] = [Math.floor(row / rowsTogether), row % rowsTogether]
    for (let block = 0; block < blocks; block++) {
      const from = (row * blocks + block) * blockBytes
      const to = ((quad * blocks + block) * rowsTogether + inside) * blockBytes
      toCodes.set(codes.subarray(from, from + blockBytes), to)
    }
    for (let group = 0; group < groups; group++) {
      const record = (quad * groups + group) * recordBytes
      toFloats[record / 4 + inside] = scales[row * groups + group]!
      toBytes[record + 4 * rowsTogether + inside] = tables[row * groups + group]!
    }
  }
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  words.forEach((word, index) => {
    const to = Math.floor(index / tableCodes) * tableBytes + (index % tableCodes)
    toTables[to] = (word >>> 16) & 255
    toTables[to + tableCodes] = word >>> 24
  })
}

const all = (word: number): readonly [number, number, number, number] => [word, word, word, word]

/** The codes of a block, those of the first 16 weights and those of the others. */
const halvesOf = ({ v }: Assembly, block: Value): readonly [Value, Value] => {
  const halfBytes = v.words(...all(0x0f0f0f0f))
  return [v.and(block, halfBytes), v.and(v.shiftHalvesRight(block, 4), halfBytes)]
}

/** Variables for `valuesOf`: two for bytes of values, one for pairs of them. */
type Room = readonly [Local, Local, Local]

/** Runs `each` with the values of 16 codes, four at a time. */
const valuesOf = (
  { v, set }: Assembly,
  codes: Value,
  table: Value,
  [lower, upper, pairs]: Room,
  each: (four: Value, at: number) => void,
): void => {
  const halves = ['low', 'high'] as const
  set(pairs, codes)
  set(lower, v.lookUpBytes(v.load('vector', table), pairs))
  set(upper, v.lookUpBytes(v.load('vector', table, tableCodes), pairs))
  halves.forEach((eight, high) => {
    set(pairs, v.interleave(1, eight, lower, upper))
    halves.forEach((four, at) => {
      each(v.interleave(2, four, v.zero, pairs), 2 * high + at)
    })
  })
}

/** Addresses of the tables of the rows of a record. */
const tableOf = ({ i, load }: Assembly, tables: Value, record: Value, offset = 0): Value =>
  i.add(tables, i.mul(load('loadByte', record, 4 * rowsTogether + offset), tableBytes))

/** Blocks of each group of a row one after the other: `group` before the blocks of each, then `block` for each. */
const eachBlock = (
  { i, set, locals, repeat, times, choose, move }: Assembly,
  inputs: Value,
  group: Value,
  record: Local,
  begin: () => void,
  block: () => void,
): void => {
  const [left, some] = locals(many(2, 'i32'))
  set(left, i.divide(inputs, blockCodes))
  repeat(() => {
    set(some, i.divide(group, blockCodes))
    set(some, choose(i.less(some, left), some, left))
    set(left, i.sub(left, some))
    begin()
    times(some, block)
    move(record, recordBytes)
    return left
  })
}

/**
 * The sums of four rows with one vector, four lanes of each sum at `to`, in the order of `product.ts`: each weight becomes a float32 before it
 * is multiplied. Arguments: codes and records of the four rows, tables, K, weights of a group, the vector, `to`.
 */
export const sumsOfFourBitRows = (asm: Assembly): Call => {
  const { define, set, v, move, locals, local } = asm
  return define(many(7, 'i32'), (codes, record, tables, inputs, group, x, to) => {
    const rows = Array.from({ length: rowsTogether }, () => ({ table: local('i32'), sum: local('v128') }))
    const [block, scale, ...room] = locals(many(5, 'v128'))
    for (const { sum } of rows) set(sum, v.zero)
    eachBlock(
      asm,
      inputs,
      group,
      record,
      () =>
        rows.forEach(({ table }, row) => {
          set(table, tableOf(asm, tables, record, row))
        }),
      () => {
        rows.forEach(({ table, sum }, row) => {
          set(block, v.load('vector', codes, blockBytes * row))
          set(scale, v.load('splat', record, 4 * row))
          halvesOf(asm, block).forEach((sixteen, high) => {
            valuesOf(asm, sixteen, table, room, (four, at) => {
              set(sum, v.add(sum, v.mul(v.mul(four, scale), v.load('vector', x, 64 * high + 16 * at))))
            })
          })
        })
        move(codes, rowsTogether * blockBytes)
        move(x, 4 * blockCodes)
      },
    )
    rows.forEach(({ sum }, row) => {
      v.store(to, sum, 16 * row)
    })
  })
}

/** Where codes and records of the four rows begin that a row is one of. */
export const fourBitAddresses = ({ i }: Assembly, row: Value, inputs: Value, group: Value) => {
  const quad = i.shiftRight(row, 2)
  const groups = i.divide(i.sub(i.add(inputs, group), 1), group)
  return {
    codes: (weights: Value): Value =>
      i.add(weights, i.mul(quad, i.mul(inputs, (rowsTogether * blockBytes) / blockCodes))),
    record: (records: Value): Value => i.add(records, i.mul(quad, i.mul(groups, recordBytes))),
  }
}

/** One row as float32. Arguments: codes, records, tables, weights of a group, the first weight of the row, K, where to. */
export const decodeFourBitRow = (asm: Assembly): Call => {
  const { define, i, set, v, move, locals, local } = asm
  return define(many(7, 'i32'), (weights, records, tables, group, first, inputs, to) => {
    const [row, codes, record, table] = locals(many(4, 'i32'))
    const [block, scale, ...room] = locals(many(5, 'v128'))
    const inside = local('i32')
    set(row, i.divide(first, inputs))
    set(inside, i.and(row, rowsTogether - 1))
    const addresses = fourBitAddresses(asm, row, inputs, group)
    set(codes, i.add(addresses.codes(weights), i.mul(inside, blockBytes)))
    set(record, addresses.record(records))
    eachBlock(
      asm,
      inputs,
      group,
      record,
      () => {
        set(scale, v.load('splat', i.add(record, i.shiftLeft(inside, 2))))
        set(table, tableOf(asm, tables, i.add(record, inside)))
      },
      () => {
        set(block, v.load('vector', codes))
        halvesOf(asm, block).forEach((sixteen, high) => {
          valuesOf(asm, sixteen, table, room, (four, at) => {
            v.store(to, v.mul(four, scale), 64 * high + 16 * at)
          })
        })
        move(codes, rowsTogether * blockBytes)
        move(to, 4 * blockCodes)
      },
    )
  })
}
