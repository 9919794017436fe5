/**
 * A Hadamard matrix of that order, rows of 1 and -1 of which any two are orthogonal, or undefined where none is made here: orders 1 and 2, a
 * prime p = 3 modulo 4 plus one (Paley's first construction), and products of these (Sylvester).
 */
export const hadamardMatrix = (order: number): Int8Array | undefined => {
  if (order === 1) return Int8Array.of(1)
  if (order === 2) return Int8Array.of(1, 1, 1, -1)
  if (order % 4 !== 0) return undefined
  if (isPrime(order - 1)) return paley(order)
  for (let left = 2; left * left <= order; left++) {
    if (order % left !== 0) continue
    const [a, b] = [hadamardMatrix(left), hadamardMatrix(order / left)]
    if (a && b) return kronecker(a, left, b, order / left)
  }
  return undefined
}

const isPrime = (n: number): boolean => {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false
  return n > 1
}

/** `I + S`, where S holds which differences are squares modulo order - 1, bordered by ones. */
const paley = (order: number): Int8Array => {
  const prime = order - 1
  const isSquare = new Uint8Array(prime)
  for (let x = 1; x < prime; x++) isSquare[(x * x) % prime] = 1
  return Int8Array.from({ length: order * order }, (_, at) => {
    const [row, column] = [Math.floor(at / order), at % order]
    if (row === column) return 1
    if (row === 0) return 1
    if (column === 0) return -1
    return isSquare[(column - row + prime) % prime] === 1 ? 1 : -1
  })
}

const kronecker = (a: Int8Array, left: number, b: Int8Array, right: number): Int8Array => {
  const order = left * right
  return Int8Array.from({ length: order * order }, (_, at) => {
    const [row, column] = [Math.floor(at / order), at % order]
    const outer = a[Math.floor(row / right) * left + Math.floor(column / right)]!
    return outer * b[(row % right) * right + (column % right)]!
  })
}

/** An orthogonal matrix of blocks along the diagonal, all of them alike but for the signs of their rows. */
export interface Rotation {
  /** Rows and columns. */
  readonly size: number
  /** Rows of a block. */
  readonly block: number
  /** block x block row-major, orthogonal. */
  readonly values: Float64Array
  /** `size` of 1 or -1, for the rows. */
  readonly signs: Int8Array
}

/**
 * `diag(signs) * H / sqrt(order)` in blocks of the largest order that divides the size and has a Hadamard matrix here (QuaRot, arXiv
 * 2404.00456: randomised Hadamard matrices; blocks where the size has none: ours). `random` gives numbers in [0, 1).
 */
export const hadamardRotation = (size: number, random: () => number): Rotation => {
  let block = size
  let matrix = hadamardMatrix(block)
  while (!matrix) {
    do block--
    while (size % block !== 0)
    matrix = hadamardMatrix(block)
  }
  const length = Math.sqrt(block)
  return {
    size,
    block,
    values: Float64Array.from(matrix, (entry) => entry / length),
    signs: Int8Array.from({ length: size }, () => (random() < 0.5 ? -1 : 1)),
  }
}

/** Each of the rows, `size` values long, times the rotation; columns of a matrix turn with its transpose, `rotateColumns`. */
export const rotateRows = (data: Float32Array, rotation: Rotation): Float32Array => {
  const { size, block, values, signs } = rotation
  const result = new Float32Array(data.length)
  const sums = new Float64Array(block)
  for (let from = 0; from < data.length; from += block) {
    sums.fill(0)
    const place = from % size
    for (let k = 0; k < block; k++) {
      const value = signs[place + k]! * data[from + k]!
      const line = k * block
      for (let j = 0; j < block; j++) sums[j]! += value * values[line + j]!
    }
    result.set(sums, from)
  }
  return result
}

/** The transpose of the rotation times a matrix of `size` rows. */
export const rotateColumns = (data: Float32Array, rotation: Rotation): Float32Array => {
  const columns = data.length / rotation.size
  return transposed(rotateRows(transposed(data, rotation.size, columns), rotation), columns, rotation.size)
}

const transposed = (data: Float32Array, rows: number, columns: number): Float32Array => {
  const result = new Float32Array(data.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column]!
  return result
}
