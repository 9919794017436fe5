import type { Range } from '../../dsl/ir.ts'
import { integerType } from './lane-type.ts'
import type { Operand, Statement } from './program.ts'

/** Part of a word that is put together. */
interface Field {
  readonly operand: Operand
  readonly width: number
}

/**
 * The same statements with words put together from single bits in a better way: bits are masks, and a byte of them is a few
 * constants, each kept where its mask is 1. One shift a bit would be done in lanes of 16 bits at the least. A bit that is there
 * several times is one constant.
 */
export const withBitFields = (statements: readonly Statement[]): readonly Statement[] => {
  const reads = new Array<number>(statements.length).fill(0)
  for (const { operands } of statements)
    for (const operand of operands) if (operand.kind === 'result') reads[operand.statement]!++
  /** True for words that only one other reads, so that they need not be there. */
  const isInner = ({ kind, ...operand }: Operand): boolean => {
    if (kind !== 'result' || !('statement' in operand)) return false
    const of = statements[operand.statement]!
    return isWord(of) && reads[operand.statement] === 1 && of.stores.length === 0
  }
  const inner = new Set<number>()
  for (const statement of statements)
    if (isWord(statement))
      for (const operand of statement.operands)
        if (operand.kind === 'result' && isInner(operand)) inner.add(operand.statement)
  const fieldsOf = ({ of, operands }: Statement, width: number): readonly Field[] => {
    const [high, low] = operands as readonly [Operand, Operand]
    return [
      { operand: low, width: of.amount },
      { operand: high, width: width - of.amount },
    ].flatMap((field) => {
      const { operand } = field
      return operand.kind === 'result' && inner.has(operand.statement)
        ? fieldsOf(statements[operand.statement]!, field.width)
        : [field]
    })
  }

  const made: Statement[] = []
  const places: number[] = []
  const moved = (operand: Operand): Operand =>
    operand.kind === 'result' ? { ...operand, statement: places[operand.statement]! } : operand
  const push = (statement: Statement): Operand => ({
    kind: 'result',
    statement: made.push(statement) - 1,
    type: statement.type,
  })
  // Inner words are written with the one that reads them, if at all.
  const written = (k: number): void => {
    const statement = statements[k]!
    const operands = statement.operands.map((operand) => {
      if (operand.kind === 'result' && inner.has(operand.statement)) written(operand.statement)
      return moved(operand)
    })
    places[k] = made.push({ ...statement, operands }) - 1
  }
  statements.forEach((statement, k) => {
    if (inner.has(k)) return
    const fields = isWord(statement) ? fieldsOf(statement, widthOf(statement.of.max)) : []
    if (fields.filter(isBit).length < 2) {
      written(k)
      return
    }
    const { of, stores } = statement
    const whole = joined(
      push,
      fields.map((field) => ({ ...field, operand: moved(field.operand) })),
    )
    places[k] =
      made.push({
        ...{ op: 'copy', of: { min: of.min, max: of.max, amount: 0 }, ranges: [of] },
        ...{ type: statement.type, work: statement.type, operands: [whole], stores },
      }) - 1
  })
  return made
}

const isWord = ({ op, ranges }: Statement): boolean => op === 'cat' && ranges.every(({ min }) => min >= 0n)

const widthOf = (max: bigint): number => max.toString(2).length

const isBit = ({ operand, width }: Field): boolean =>
  width === 1 && operand.kind !== 'constant' && operand.type.kind === 'mask'

type Push = (statement: Statement) => Operand

/** A word of fields, the lowest first. */
const joined = (push: Push, fields: readonly Field[]): Operand => {
  const parts: (Field | readonly Field[])[] = []
  for (const field of fields) {
    const last = parts.at(-1)
    const fits =
      Array.isArray(last) && isBit(field) && (last.length < 8 || last.every((other) => sameBit(other, field)))
    if (fits) parts[parts.length - 1] = [...(last as readonly Field[]), field]
    else parts.push(isBit(field) ? [field] : field)
  }
  let word: Operand | undefined
  let width = 0
  for (const part of parts) {
    const many = Array.isArray(part) ? (part as readonly Field[]) : [part as Field]
    const size = many.reduce((sum, field) => sum + field.width, 0)
    const of = { min: 0n, max: (1n << BigInt(size)) - 1n }
    const operand = Array.isArray(part) ? bitsOf(push, many) : many[0]!.operand
    if (!word) word = operand
    else {
      const all = { min: 0n, max: (1n << BigInt(width + size)) - 1n, amount: width }
      const type = integerType(all)!
      const low = { min: 0n, max: (1n << BigInt(width)) - 1n }
      word = push({ op: 'cat', of: all, ranges: [of, low], type, work: type, operands: [operand, word], stores: [] })
    }
    width += size
  }
  return word!
}

const sameBit = ({ operand: a }: Field, { operand: b }: Field): boolean => {
  if (a.kind === 'result') return b.kind === 'result' && a.statement === b.statement
  return a.kind === 'lanes' && b.kind === 'lanes' && a.vector === b.vector && a.lane === b.lane && a.stride === b.stride
}

/** Bits side by side, the first lowest: a constant for each that is kept where its mask is 1. */
const bitsOf = (push: Push, bits: readonly Field[]): Operand => {
  const of = { min: 0n, max: (1n << BigInt(bits.length)) - 1n, amount: 0 }
  const type = integerType(of)!
  const bit = { min: 0n, max: 1n }
  const kept = new Map<Field, bigint>()
  bits.forEach((field, k) => {
    const first = [...kept.keys()].find((other) => sameBit(other, field)) ?? field
    kept.set(first, (kept.get(first) ?? 0n) | (1n << BigInt(k)))
  })
  const constant = (value: bigint): Operand => ({ kind: 'constant', value, type })
  let word: Operand | undefined
  for (const [{ operand }, value] of kept) {
    const ranges: readonly Range[] = [bit, { min: value, max: value }, { min: 0n, max: 0n }]
    const one = push({
      ...{ op: 'mux', of: { ...of, max: value }, ranges, type, work: type },
      ...{ operands: [operand, constant(value), constant(0n)], stores: [] },
    })
    word = word ? push({ op: 'or', of, ranges: [of, of], type, work: type, operands: [word, one], stores: [] }) : one
  }
  return word!
}
