import { moduleOf } from '../../sim/wasm/encoding.ts'
import { type Assembly, type Call, createAssembly, many } from './assembly.ts'
import { attendPiece, turnPiece } from './attention.ts'
import { decoders } from './decode.ts'
import { activatePiece, normPiece } from './elementwise.ts'
import { interleavePiece, keepFour, packedProduct } from './packed-product.ts'
import { productPiece } from './product.ts'
import { scorePiece } from './score.ts'
import { common, control, operations, stepAddress } from './step.ts'

/** How often a thread looks before it sleeps: some ten microseconds, as long as a step takes. */
const looks = 20_000

/** Most pages of WebAssembly: 4 GiB. */
export const mostPages = 65_536

/** What an instance of the module offers; `scratch` is memory of the calling thread's own. */
export interface Kernels {
  /** Does all pieces of the step in this thread. */
  readonly alone: (scratch: number) => void
  /** Does the step with whoever is there. */
  readonly together: (scratch: number) => void
  /** Helps with steps for ever. */
  readonly help: (scratch: number) => void
}

/** A function of the module that does a piece of a step; arguments: the piece, and memory of the thread's own. */
export type PieceOf = (asm: Assembly) => Call

/** The module of a model's forward pass. */
export const kernelModule = (): Uint8Array<ArrayBuffer> =>
  moduleOfPieces((asm) => {
    const { define, i, when, load } = asm
    const decode = decoders(asm).row
    const keep = keepFour(asm)
    const packed = packedProduct(asm, decode, keep)
    const pieces = {
      interleave: interleavePiece(asm),
      product: productPiece(asm, decode, keep, packed),
      norm: normPiece(asm),
      turn: turnPiece(asm),
      attend: attendPiece(asm),
      activate: activatePiece(asm),
      score: scorePiece(asm, packed),
    }
    const operation = load('load', 0, stepAddress + 4 * common.operation)
    return define(['i32', 'i32'], (piece, scratch) => {
      operations.forEach((name, at) => {
        const needsScratch = name === 'product' || name === 'attend' || name === 'score'
        when(i.equal(operation, at), pieces[name](piece, ...(needsScratch ? [scratch!] : [])))
      })
    })
  })

/**
 * A module whose threads do pieces together. A step's words are written before `waiting` is, and whoever takes a piece reads them
 * after that; they stay as they are until all pieces are done, so no piece is ever done by the words of another step.
 */
export const moduleOfPieces = (pieceOf: PieceOf): Uint8Array<ArrayBuffer> => {
  const asm = createAssembly()
  const { define, i, atomic, local, locals, set, when, repeat, times, load, drop, run, move, choose } = asm
  const doPiece = pieceOf(asm)
  const word = (name: keyof typeof common) => load('load', 0, stepAddress + 4 * common[name])

  const alone = define(['i32'], (scratch) => {
    const left = local('i32')
    set(left, 0)
    repeat(() => {
      run(doPiece(left, scratch))
      move(left, 1)
      return i.less(left, word('pieces'))
    })
  })
  /** Takes pieces while there are some. */
  const share = define(['i32'], (scratch) => {
    const [there, some, left, count] = locals(many(4, 'i32'))
    repeat(() => {
      set(there, atomic('load', control.waiting))
      when(there, () => {
        // A number of another step would do as well: what is taken is there.
        set(some, word('together'))
        set(some, choose(i.less(there, some), there, some))
        when(i.equal(atomic('exchange', control.waiting, there, i.sub(there, some)), there), () => {
          // The words may be another step's as soon as the pieces are said to be done.
          set(count, word('pieces'))
          set(left, some)
          times(left, () => {
            move(there, -1)
            run(doPiece(there, scratch))
          })
          when(i.equal(i.add(atomic('add', control.done, some), some), count), () =>
            drop(atomic('notify', control.done, 1)),
          )
          set(there, 1)
        })
      })
      return there
    })
  })
  const together = define(['i32'], (scratch) => {
    const [count, left, done] = [local('i32'), local('i32'), local('i32')]
    set(count, word('pieces'))
    run(atomic('store', control.done, 0))
    run(atomic('store', control.waiting, count))
    drop(atomic('add', control.epoch, 1))
    when(atomic('load', control.sleepers), () => drop(atomic('notify', control.epoch, -1)))
    run(share(scratch))
    set(left, looks)
    repeat(() => {
      set(done, atomic('load', control.done))
      when(i.unequal(done, count), () =>
        when(
          left,
          () => move(left, -1),
          () => drop(atomic('wait', control.done, done, asm.long(-1n))),
        ),
      )
      return i.unequal(done, count)
    })
  })
  const help = define(['i32'], (scratch) => {
    const [left, epoch] = [local('i32'), local('i32')]
    repeat(() => {
      run(share(scratch))
      set(left, looks)
      repeat(() => {
        move(left, -1)
        return choose(atomic('load', control.waiting), 0, left)
      })
      when(i.isZero(left), () => {
        set(epoch, atomic('load', control.epoch))
        drop(atomic('add', control.sleepers, 1))
        when(i.isZero(atomic('load', control.waiting)), () => drop(atomic('wait', control.epoch, epoch, asm.long(-1n))))
        drop(atomic('add', control.sleepers, -1))
      })
      return 1
    })
  })
  return moduleOf(asm.functions, {
    exports: { alone: alone.index, together: together.index, help: help.index },
    sharedPages: mostPages,
  })
}
