import { type Assembly, type Call, many, type Value } from './assembly.ts'
import { fourBitAddresses, sumsOfFourBitRows } from './four-bit-rows.ts'
import { sumOfEach } from './lanes.ts'
import { matrixRows, rowsFound, wordOf } from './matrix-rows.ts'
import { firstMatrix, matrixSize, mostMatrices, stepAddress, storedKinds, words } from './step.ts'

/**
 * Of a sum's products those of k = 0, 4, 8, ... are added up in that order, those of k = 1, 5, 9, ... and so on; then the four,
 * (0 + 1) + (2 + 3), as in `float-linear.ts`; then the bias, and what is there. So no result depends on how many rows and tokens are
 * multiplied at once.
 */

/**
 * The sums of four rows with one vector, four lanes of each sum at `to`. A function of its own that does no more, because beside other
 * code V8 no longer keeps all of it in registers: the rate halves. Arguments: addresses of the rows, of the vector, fours of columns,
 * `to`.
 */
const sumsOfFour = (asm: Assembly): Call => {
  const { define, set, v, move, times, local } = asm
  return define(many(7, 'i32'), (first, second, third, fourth, x, fours, to) => {
    const pointers = [first, second, third, fourth]
    const weights = pointers.map(() => local('v128'))
    const sums = pointers.map(() => local('v128'))
    const four = local('v128')
    for (const sum of sums) set(sum, v.zero)
    times(fours, () => {
      weights.forEach((weight, at) => {
        set(weight, v.load('vector', pointers[at]!))
      })
      set(four, v.load('vector', x))
      sums.forEach((sum, row) => {
        set(sum, v.add(sum, v.mul(weights[row]!, four)))
      })
      for (const pointer of [...pointers, x]) move(pointer, 16)
    })
    sums.forEach((sum, at) => {
      v.store(to, sum, 16 * at)
    })
  })
}

const sumsAt = (asm: Assembly, sums: Value): Value =>
  sumOfEach(
    asm,
    Array.from({ length: rowsFound }, (_, k) => asm.v.load('vector', sums, 16 * k)),
  )

/**
 * Four times `rows` rows, from `weights` on, times one token. Four rows that are far apart go at once: so memory is read in four rowsFound
 * that are long enough for the processor to read ahead, which is three times as fast as four rows that follow each other.
 */
const oneToken = (asm: Assembly, block: Call): Call => {
  const { define, i, v, set, locals, move, when, times, load, store } = asm
  return define(many(9, 'i32'), (weights, stride, x, fours, rows, y, bias, accumulate, sums) => {
    const [left, apart, next, to, from, value, four] = locals(['i32', 'i32', 'i32', 'i32', 'i32', 'f32', 'v128'])
    set(left, rows)
    set(apart, i.shiftLeft(rows, 2))
    set(next, i.mul(rows, stride))
    const row = (k: number) => i.add(weights, i.mul(next, k))
    times(left, () => {
      asm.run(block(weights, row(1), row(2), row(3), x, fours, sums))
      set(to, y)
      set(from, bias)
      set(four, sumsAt(asm, sums))
      for (let k = 0; k < rowsFound; k++) {
        set(value, v.lane(four, k))
        when(bias, () => set(value, i.floatAdd(value, load('loadFloat', from))))
        when(accumulate, () => set(value, i.floatAdd(load('loadFloat', to), value)))
        store('storeFloat', to, value)
        move(to, apart)
        move(from, apart)
      }
      move(weights, stride)
      move(y, 4)
      when(bias, () => move(bias, 4))
    })
  })
}

/**
 * A piece of a product: some rows of one matrix. Arguments: the piece, and memory of the thread's own (`productScratchBytes`). Several
 * tokens go to `packed` (`packedProduct`).
 */
export const productPiece = (asm: Assembly, decode: Call, keep: Call, packed: Call): Call => {
  const { define, i, set, local, locals, move, when, repeat, load, choose } = asm
  const multiplyFour = sumsOfFour(asm)
  const multiplyOne = oneToken(asm, multiplyFour)
  const multiplyFourBit = sumsOfFourBitRows(asm)
  const step = (name: keyof typeof words.product): Value => load('load', 0, stepAddress + 4 * words.product[name])
  return define(['i32', 'i32'], (piece, scratch) => {
    const matrix = local('i32')
    const of = wordOf(asm, matrix)
    const [first, end, wholes] = locals(many(3, 'i32'))
    set(matrix, stepAddress + 4 * firstMatrix)
    for (let k = 1; k < mostMatrices; k++)
      when(i.isZero(i.less(piece, of('pieces'))), () => {
        set(piece, i.sub(piece, of('pieces')))
        move(matrix, 4 * matrixSize)
      })
    set(first, i.mul(piece, of('rows')))
    set(end, i.add(first, of('rows')))
    set(end, choose(i.less(end, of('outputs')), end, of('outputs')))
    const y = i.add(of('y'), i.shiftLeft(first, 2))
    const bias = choose(of('bias'), i.add(of('bias'), i.shiftLeft(first, 2)), 0)
    when(
      i.less(1, step('tokens')),
      () => asm.run(packed(matrix, first, end, y, of('yStride'), scratch)),
      () => {
        const { lie, pitch, find, addresses, count } = matrixRows(
          asm,
          decode,
          ...[matrix, step('fours'), i.add(scratch, 16 * rowsFound)],
        )
        when(lie, () => {
          set(wholes, i.shiftRight(i.sub(end, first), 2))
          asm.run(
            multiplyOne(
              ...[i.add(of('weights'), i.mul(first, pitch)), pitch, step('x'), step('fours'), wholes],
              ...[y, bias, step('accumulate'), scratch],
            ),
          )
          move(first, i.shiftLeft(wholes, 2))
        })
        const fourBit = i.equal(of('kind'), storedKinds.indexOf('four-bit'))
        const { codes, record } = fourBitAddresses(asm, first, of('inputs'), of('group'))
        when(i.less(first, end), () =>
          repeat(() => {
            when(
              fourBit,
              () => {
                set(count, i.sub(end, first))
                asm.run(
                  multiplyFourBit(
                    ...[codes(of('weights')), record(of('scales')), of('zero')],
                    ...[of('inputs'), of('group'), step('x'), scratch],
                  ),
                )
              },
              () => {
                find(first, end)
                asm.run(multiplyFour(...addresses, step('x'), step('fours'), scratch))
              },
            )
            asm.run(keep(sumsAt(asm, scratch), y, bias, step('accumulate'), count))
            move(first, rowsFound)
            return i.less(first, end)
          }),
        )
      },
    )
  })
}
