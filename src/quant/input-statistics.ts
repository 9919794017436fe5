/** What calibration keeps of the inputs of a linear layer, in place of the inputs themselves. */
export interface InputStatistics {
  /** K. */
  readonly inputs: number
  /** Tokens seen. */
  tokens: number
  /** K x K row-major, sums of `x_i * x_j` over tokens; only the half with i <= j is filled. */
  readonly moments: Float64Array
  /** K, sums of magnitudes. */
  readonly magnitudes: Float64Array
  /** K, largest magnitudes. */
  readonly largest: Float64Array
}

export const emptyStatistics = (inputs: number): InputStatistics => ({
  inputs,
  tokens: 0,
  moments: new Float64Array(inputs * inputs),
  magnitudes: new Float64Array(inputs),
  largest: new Float64Array(inputs),
})

/** Bytes that the statistics of K inputs take. */
export const bytesOfStatistics = (inputs: number): number => 8 * inputs * (inputs + 2)

/** Tokens that are added at once: what a tile of sums reads of them stays in the first-level cache. */
const mostTokens = 64

/** Adds tokens x K inputs, float32, in double precision. */
export const addInputs = (statistics: InputStatistics, input: Float32Array, tokens: number): void => {
  const { inputs, magnitudes, largest } = statistics
  if (input.length !== tokens * inputs)
    throw new RangeError(`${input.length} values are no ${tokens} x ${inputs} inputs`)
  for (let from = 0; from < tokens; from += mostTokens) {
    const count = Math.min(mostTokens, tokens - from)
    const columns = columnsOf(input, from, count, inputs)
    for (let k = 0; k < inputs; k++)
      for (let at = k * count; at < (k + 1) * count; at++) {
        const magnitude = Math.abs(columns[at]!)
        magnitudes[k]! += magnitude
        if (magnitude > largest[k]!) largest[k] = magnitude
      }
    addProducts(statistics.moments, columns, inputs, count)
  }
  statistics.tokens += tokens
}

/** Inputs the other way round, an input a row, with rows of zeros up to a multiple of 4. */
const columnsOf = (input: Float32Array, from: number, count: number, inputs: number): Float64Array => {
  const columns = new Float64Array(4 * Math.ceil(inputs / 4) * count)
  for (let token = 0; token < count; token++) {
    const base = (from + token) * inputs
    for (let k = 0; k < inputs; k++) columns[k * count + token] = input[base + k]!
  }
  return columns
}

/** Sums of products of rows i and j >= i, two rows by four at a time. */
const addProducts = (moments: Float64Array, columns: Float64Array, inputs: number, count: number): void => {
  for (let i = 0; i < inputs; i += 2)
    for (let j = i - (i % 4); j < inputs; j += 4) {
      let a0 = 0
      let a1 = 0
      let a2 = 0
      let a3 = 0
      let b0 = 0
      let b1 = 0
      let b2 = 0
      let b3 = 0
      const left = i * count
      const right = j * count
      for (let t = 0; t < count; t++) {
        const a = columns[left + t]!
        const b = columns[left + count + t]!
        const w = columns[right + t]!
        const x = columns[right + count + t]!
        const y = columns[right + 2 * count + t]!
        const z = columns[right + 3 * count + t]!
        a0 += a * w
        a1 += a * x
        a2 += a * y
        a3 += a * z
        b0 += b * w
        b1 += b * x
        b2 += b * y
        b3 += b * z
      }
      addRow(moments, inputs, i, j, a0, a1, a2, a3)
      if (i + 1 < inputs) addRow(moments, inputs, i + 1, j, b0, b1, b2, b3)
    }
}

/** Adds to row i, columns j to j + 3, as far as they lie in the upper half. */
const addRow = (
  moments: Float64Array,
  inputs: number,
  i: number,
  j: number,
  a: number,
  b: number,
  c: number,
  d: number,
): void => {
  const at = i * inputs + j
  if (j >= i) moments[at]! += a
  if (j + 1 >= i && j + 1 < inputs) moments[at + 1]! += b
  if (j + 2 >= i && j + 2 < inputs) moments[at + 2]! += c
  // A tile begins at most three columns before its row.
  if (j + 3 < inputs) moments[at + 3]! += d
}

/** The statistics of the same inputs, each divided by its scale. */
export const dividedStatistics = (
  { inputs, tokens, moments, magnitudes, largest }: InputStatistics,
  scales: ArrayLike<number>,
): InputStatistics => ({
  inputs,
  tokens,
  moments: moments.map((sum, at) => sum / (scales[Math.floor(at / inputs)]! * scales[at % inputs]!)),
  magnitudes: magnitudes.map((sum, k) => sum / scales[k]!),
  largest: largest.map((most, k) => most / scales[k]!),
})

/** Rows that share each read of the moments. */
const rowsAtOnce = 4

/** Mean over tokens of the squared error of an output, `|dW x|^2`, added up over rows of weight errors, rows x K. */
export const outputError = (errors: Float64Array | Float32Array, statistics: InputStatistics): number => {
  const { inputs, tokens } = statistics
  const rows = errors.length / inputs
  if (tokens === 0) return 0
  let total = 0
  const some = new Float64Array(rowsAtOnce * inputs)
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const part = errors.subarray(row * inputs, Math.min(row + rowsAtOnce, rows) * inputs)
    some.fill(0)
    some.set(part)
    total += errorOfRows(some, statistics)
  }
  return total / tokens
}

/** `sum of e^T M e` of four rows, from the upper half of the moments. */
const errorOfRows = (errors: Float64Array, { inputs, moments }: InputStatistics): number => {
  let total = 0
  for (let i = 0; i < inputs; i++) {
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    const line = i * inputs
    for (let j = i + 1; j < inputs; j++) {
      const moment = moments[line + j]!
      a += moment * errors[j]!
      b += moment * errors[inputs + j]!
      c += moment * errors[2 * inputs + j]!
      d += moment * errors[3 * inputs + j]!
    }
    const own = moments[line + i]!
    const ofRow = (sum: number, at: number): number => errors[at]! * (2 * sum + own * errors[at]!)
    total += ofRow(a, i) + ofRow(b, inputs + i) + ofRow(c, 2 * inputs + i) + ofRow(d, 3 * inputs + i)
  }
  return total
}
