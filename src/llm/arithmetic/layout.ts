/** A run of products that one 32-bit sum holds: part of a group, padded with zeros to whole vectors. */
export interface Segment {
  readonly group: number
  readonly part: number
  /** Vectors of eight numbers. */
  readonly eights: number
}

/** How a row of numbers, of weights or of activations, lies in the kernels' memory. */
export interface RowLayout {
  /** Numbers of a padded row. */
  readonly width: number
  readonly segments: readonly Segment[]
  /** Where number k of a row lies. */
  readonly places: Int32Array
}

/** Numbers in a vector of 16-bit integers. */
export const perVector = 8

/** What a product's sums are of. */
export interface SumShape {
  readonly inputs: number
  readonly group: number
  /** Sums of a group that do not mix: number k of a group belongs to sum k modulo their count. */
  readonly parts: number
  /** Most products in a segment. */
  readonly longest: number
}

/** Groups, their parts, and of those pieces of at most `longest` numbers. */
export const layoutOf = ({ inputs, group, parts, longest }: SumShape): RowLayout => {
  const places = new Int32Array(inputs)
  const segments: Segment[] = []
  let at = 0
  for (let from = 0, index = 0; from < inputs; from += group, index++) {
    const to = Math.min(inputs, from + group)
    for (let part = 0; part < parts; part++) {
      let count = 0
      const close = (): void => {
        const eights = Math.ceil(count / perVector)
        segments.push({ group: index, part, eights })
        at += eights * perVector
        count = 0
      }
      for (let k = from + part; k < to; k += parts) {
        places[k] = at + count
        if (++count === longest) close()
      }
      if (count > 0) close()
    }
  }
  return { width: at, segments, places }
}
