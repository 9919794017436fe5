import { pitchOf } from '../vector/earlier.ts'
import { bytesOf, type LaneType } from '../vector/lane-type.ts'
import type { EarlierBlock, EarlierLine, Program } from '../vector/program.ts'
import type { FunctionCode } from './encoding.ts'
import type { Layout } from './frame.ts'
import { opcodeOf, simd } from './simd-instructions.ts'
import { type Local, op, Writer } from './writer.ts'

interface Into {
  /** Gets the functions that are called. */
  readonly functions: FunctionCode[]
  readonly writer: Writer
  readonly cycles: Local
  /** Where the rows of inputs begin. */
  readonly input: Local
}

const shuffle = (writer: Writer, bytes: readonly number[]): void => writer.simd(simd.shuffle, ...bytes)

/**
 * Puts the rows of a call, and those before it, where loops find them side by side: first each word's line, latest first, by
 * transposing rows in registers, then blocks of several lines. Done for the whole call at once, it costs less than an
 * instruction a word and cycle.
 */
export const arrangeEarlier = (program: Program, layout: Layout, into: Into): void => {
  const { history, sizes, earlier } = program
  const { functions, writer, cycles, input } = into
  /** Puts (cycles + more) rounded up to whole registers of `lanes` on the stack. */
  const pushRegisters = (more: number, lanes: number): void => {
    writer.get(cycles)
    writer.i32(more + lanes - 1)
    writer.calculate('i32', 'add')
    writer.i32(Math.log2(lanes))
    writer.calculate('i32', 'shr_u')
  }
  const transposers = new Map<LaneType, number>()
  for (const quad of quadsOf(earlier.lines)) {
    const [first] = quad as readonly [EarlierLine]
    const { type } = first.vector
    let index = transposers.get(type)
    if (index === undefined) {
      index = functions.push(transposer(type, sizes.input))
      transposers.set(type, index)
    }
    const lanes = 16 / bytesOf(type)
    writer.get(input)
    writer.i32(4 * first.word)
    writer.calculate('i32', 'add')
    pushRegisters(history, lanes)
    for (let k = 0; k < 4; k++) {
      // A word that nobody wants is written where the first one will be.
      const line = quad.find(({ word }) => word === first.word + k)
      writer.get(cycles)
      writer.i32(Math.log2(bytesOf(type)))
      writer.calculate('i32', 'shl')
      writer.i32(layout.earlier.get((line ?? first).vector)! + (history - lanes) * bytesOf(type))
      writer.calculate('i32', 'add')
    }
    writer.call(index)
  }
  for (const block of earlier.blocks) {
    const index = functions.push(interleaver(block, layout))
    pushRegisters(block.rows, 16 / bytesOf(block.vector.type))
    writer.call(index)
  }
}

/** Lines of one type whose words are within four of the first. */
const quadsOf = (lines: readonly EarlierLine[]): readonly (readonly EarlierLine[])[] => {
  const quads: EarlierLine[][] = []
  const order = ({ vector: { type }, word }: EarlierLine): string =>
    `${type.kind} ${type.bits} ${`${word}`.padStart(9)}`
  for (const line of lines.toSorted((a, b) => (order(a) < order(b) ? -1 : 1))) {
    const last = quads.at(-1)
    if (last && last[0]!.vector.type === line.vector.type && line.word < last[0]!.word + 4) last.push(line)
    else quads.push([line])
  }
  return quads
}

/**
 * Takes rows, how many registers of them, and where the registers of four neighbouring words go, each 16 bytes before the one
 * of earlier rows. The first of the four is written last.
 */
const transposer = (type: LaneType, rowBytes: number): FunctionCode => {
  const writer = new Writer(6)
  const [row, count, ...to] = Array.from({ length: 6 }, (_, index): Local => ({ index, type: 'i32' })) as [
    Local,
    Local,
    ...Local[],
  ]
  const variable = (body: () => void): Local => {
    const local = writer.lasting('v128')
    body()
    writer.set(local)
    return local
  }
  const both = (a: Local, b: Local, bytes: readonly number[]): Local =>
    variable(() => {
      writer.get(a)
      writer.get(b)
      shuffle(writer, bytes)
    })
  const rowsPerRegister = 16 / bytesOf(type)
  const unsigned = type.kind === 'unsigned'
  /** Rows `from` and up, four words of each as lanes of the type, side by side. */
  const narrowedRows = (from: number, rows: number): void => {
    if (rows === 1) {
      writer.get(row)
      writer.simdAccess(simd.load, from * rowBytes)
      return
    }
    narrowedRows(from, rows / 2)
    narrowedRows(from + rows / 2, rows / 2)
    const bits = rows === 2 ? 16 : 8
    writer.simd(opcodeOf(unsigned && bits === type.bits ? 'narrow_u' : 'narrow_s', bits))
  }
  writer.repeat(() => {
    // Four bytes of each word in each of four registers, rows of one register in their order backwards.
    const rows = rowsPerRegister / 4
    const size = bytesOf(type)
    const backwards = Array.from({ length: 16 }, (_, byte) => {
      const [word, at] = [Math.floor(byte / 4), byte % 4]
      return size * (4 * (rows - 1 - Math.floor(at / size)) + word) + (at % size)
    })
    const parts = Array.from({ length: 4 }, (_, k) =>
      variable(() => {
        narrowedRows(k * rows, rows)
        writer.shuffleItself(writer.lasting('v128'), backwards)
        if (type.kind === 'mask') writer.simd(opcodeOf('negate', 8))
      }),
    ) as [Local, Local, Local, Local]
    const pick = (from: number): number[] => [0, 1, 2, 3].map((byte) => from + byte)
    const halves = [0, 1].map((pair) => {
      const low = [2 * pair, 2 * pair + 1].flatMap((word) => [...pick(4 * word), ...pick(16 + 4 * word)])
      return [both(parts[3], parts[2], low), both(parts[1], parts[0], low)] as const
    })
    for (const word of [3, 2, 1, 0]) {
      const [late, early] = halves[word >> 1]!
      const from = 8 * (word & 1)
      writer.get(to[word]!)
      writer.get(late)
      writer.get(early)
      shuffle(writer, [...pick(from), ...pick(from + 4), ...pick(16 + from), ...pick(20 + from)])
      writer.simdAccess(simd.store, 0)
    }
    writer.increase(row, rowsPerRegister * rowBytes)
    for (const local of to) writer.increase(local, -16)
    writer.increase(count, -1)
    writer.get(count)
  })
  writer.put(op.end)
  return { parameters: Array.from({ length: 6 }, () => 'i32'), results: [], locals: writer.locals, code: writer.code }
}

/** Takes how many registers of each line are put into rows. */
const interleaver = ({ vector, members }: EarlierBlock, layout: Layout): FunctionCode => {
  const writer = new Writer(1)
  const count: Local = { index: 0, type: 'i32' }
  const size = bytesOf(vector.type)
  const rows = 16 / size
  const pitch = pitchOf(members.length)
  const [from, to] = [writer.lasting('i32'), writer.lasting('i32')]
  /** Lanes of registers in turn. */
  const inTurn = (of: readonly Local[]): readonly Local[] => {
    if (of.length === 1) return of
    const even = inTurn(of.filter((_, k) => k % 2 === 0))
    const odd = inTurn(of.filter((_, k) => k % 2 === 1))
    return even.flatMap((low, k) =>
      [0, 8].map((start) => {
        const local = writer.local('v128')
        writer.get(low)
        writer.get(odd[k]!)
        const lanes = Array.from({ length: 16 }, (_, byte) => {
          const lane = Math.floor(byte / size)
          return start + size * (lane >> 1) + (byte % size) + 16 * (lane & 1)
        })
        shuffle(writer, lanes)
        writer.set(local)
        return local
      }),
    )
  }
  writer.repeat(() => {
    const together = Math.min(16, pitch)
    for (let first = 0; first < pitch; first += together)
      writer.scope(() => {
        const lines = Array.from({ length: together }, (_, k) => {
          const { line, cycles } = members[first + k] ?? members[0]!
          const local = writer.local('v128')
          writer.get(from)
          writer.simdAccess(simd.load, layout.earlier.get(line.vector)! + cycles * size)
          writer.set(local)
          return local
        })
        // So many registers are a row's part, or one is several rows.
        inTurn(lines).forEach((of, k) => {
          const perRow = (together * size) / 16
          const offset = perRow < 1 ? 16 * k : Math.floor(k / perRow) * pitch * size + first * size + (k % perRow) * 16
          writer.get(to)
          writer.get(of)
          writer.simdAccess(simd.store, layout.earlier.get(vector)! + offset)
        })
      })
    writer.increase(from, 16)
    writer.increase(to, rows * pitch * size)
    writer.increase(count, -1)
    writer.get(count)
  })
  writer.put(op.end)
  return { parameters: ['i32'], results: [], locals: writer.locals, code: writer.code }
}
