import { dotWords, exactModule, rowsTogether } from './exact-kernel.ts'
import type { RowLayout } from './layout.ts'
import { growing, openKernels, stepOf } from './team.ts'

/** 32-bit sums of products of 16-bit integers, on the CPU or on a GPU. */
export interface SumMachine {
  readonly load: (rows: SumRows) => LoadedRows
  readonly close: () => void
}

/** Rows of integers, digit by digit. */
export interface SumRows {
  /** Rows. */
  readonly count: number
  readonly layout: RowLayout
  /** Digits: each count x width. */
  readonly planes: readonly Int16Array[]
}

export interface LoadedRows {
  /** Rows with those that fill up the last block. */
  readonly padded: number
  /** Takes the other side: planes of tokens x width. */
  readonly multiply: (
    planes: readonly Int16Array[],
    tokens: number,
  ) => {
    /** The sums of a plane of the other side with one of the rows: tokens x segments x padded rows, until the next call. */
    readonly sums: (plane: number, ofRows: number) => Promise<Int32Array>
  }
}

/** Pieces a thread, so that one that is held up keeps the others waiting for a short while only. */
const piecesEach = 8

/** WebAssembly SIMD in threads. */
export const cpuSums = (threads: number): SumMachine => {
  const kernels = openKernels(threads, 64, exactModule)
  const { arena, team, take } = kernels
  const [roomForVectors, roomForSums] = [growing(kernels), growing(kernels)]
  const copied = (planes: readonly Int16Array[], address: number, bytes: number): void => {
    planes.forEach((plane, at) => {
      arena
        .bytes(address + at * bytes, plane.byteLength)
        .set(new Uint8Array(plane.buffer, plane.byteOffset, plane.byteLength))
    })
  }
  return {
    load: ({ count, layout, planes }) => {
      const padded = rowsTogether * Math.ceil(count / rowsTogether)
      const stride = 2 * layout.width
      const weights = take(planes.length * padded * stride)
      copied(planes, weights, padded * stride)
      const segments = layout.segments.length
      const eights = take(4 * segments)
      arena.words(eights, segments).set(layout.segments.map((segment) => segment.eights))
      const rows = rowsTogether * Math.ceil(padded / (rowsTogether * piecesEach * threads))
      const pieces = Math.ceil(padded / rows)
      return {
        padded,
        multiply: (vectors, tokens) => {
          const x = roomForVectors(vectors.length * tokens * stride)
          copied(vectors, x, tokens * stride)
          const y = roomForSums(4 * tokens * segments * padded)
          return {
            sums: async (plane, ofRows) => {
              const step = stepOf(dotWords, {
                ...{
                  x: x + plane * tokens * stride,
                  xStride: stride,
                  tokens,
                  weights: weights + ofRows * padded * stride,
                },
                ...{ stride, outputs: padded, rows, eights, segments, y },
                ...{ yStride: 4 * segments * padded, segmentStride: 4 * padded },
              })
              team.step(step, pieces, tokens * padded * layout.width)
              return arena.words(y, tokens * segments * padded)
            },
          }
        },
      }
    },
    close: team.close,
  }
}
