/**
 * What threads do together is a step: an operation on a number of pieces, of which whoever is free takes some at a time. Its numbers are
 * words at the start of the memory, addresses and strides in bytes; a float stands there by its bits. No result depends on who does a
 * piece.
 */

/** Places of the words that threads agree by, a cache line each. */
export const control = {
  /** Pieces that nobody has taken yet. */
  waiting: 64,
  /** Pieces that are done. */
  done: 128,
  /** Steps so far, modulo 2^32: what idle threads wait at. */
  epoch: 192,
  /** Threads that sleep, or are about to. */
  sleepers: 256,
} as const

export const operations = ['interleave', 'product', 'norm', 'turn', 'attend', 'activate', 'score'] as const
export type Operation = (typeof operations)[number]

/** Where the words of a step begin; the first are those of every step. */
export const stepAddress = 512
/** Where memory for everything else begins. */
export const firstFree = 4_096

/** Numbers for names, one after the other. */
export const placesOf = <K extends string>(first: number, ...names: readonly K[]): Record<K, number> =>
  Object.fromEntries(names.map((name, at) => [name, first + at])) as Record<K, number>

/** Words of every step; `together` is how many pieces a thread takes at once. */
export const common = placesOf(0, 'operation', 'pieces', 'together')
/** The first word that is an operation's own. */
export const firstOwn = 3

/** Words of each operation, by number from the step's start. */
export const words = {
  /** A piece is a few rows of `x`, whose columns go side by side. */
  interleave: placesOf(firstOwn, 'x', 'xStride', 'to', 'tokens', 'fours'),
  /** Up to three matrices times the same rows of activations, side by side: a piece is some rows of one of them, for all tokens. */
  product: placesOf(firstOwn, 'x', 'tokens', 'fours', 'accumulate'),
  /** A piece is a row; `rows` lists which rows of `x`. */
  norm: placesOf(firstOwn, 'x', 'xStride', 'y', 'yStride', 'rows', 'weight', 'bias', 'width', 'fours', 'epsilon'),
  /** A piece is a row, whose queries turn and whose keys and values go to the cache. */
  turn: placesOf(
    ...([
      firstOwn,
      'query',
      'queryStride',
      'key',
      'value',
      'keyStride',
      'to',
      'rows',
      'layer',
      'cosine',
      'sine',
    ] as const),
    ...(['pairs', 'step', 'distance', 'heads', 'keyHeads', 'size', 'padded'] as const),
  ),
  /** A piece is a head of a row. */
  attend: placesOf(firstOwn, 'query', 'y', 'yStride', 'rows', 'layer', 'heads', 'keyHeads', 'size', 'padded', 'scale'),
  /** A piece is a row. */
  activate: placesOf(firstOwn, 'x', 'up', 'stride', 'fours', 'kind'),
  /** A piece is a part of the classifier's rows, for all tokens; the first words are those of a product. */
  score: placesOf(firstOwn, 'x', 'tokens', 'fours', 'accumulate', 'targets', 'found', 'y'),
} as const satisfies Record<Operation, Readonly<Record<string, number>>>

/** Words of a matrix in a product. */
export const matrixWords = placesOf(
  0,
  ...([
    'kind',
    'weights',
    'scales',
    'group',
    'zero',
    'bias',
    'inputs',
    'outputs',
    'y',
    'yStride',
    'rows',
    'pieces',
  ] as const),
)
export const firstMatrix = 24
export const matrixSize = 12
/** Matrices that share a step. */
export const mostMatrices = 3

/** Words of a step at most. */
export const mostWords = firstMatrix + mostMatrices * matrixSize

/** The words of a step, whose number of pieces is not said yet. */
export const stepWords = <O extends Operation>(
  operation: O,
  numbers: Readonly<Record<keyof (typeof words)[O], number>>,
  matrices: readonly Readonly<Record<keyof typeof matrixWords, number>>[] = [],
): Int32Array => {
  const result = new Int32Array(matrices.length > 0 ? mostWords : firstMatrix)
  result[common.operation] = operations.indexOf(operation)
  const places: Readonly<Record<string, number>> = words[operation]
  for (const [name, number] of Object.entries<number>(numbers)) result[places[name]!] = number
  matrices.forEach((matrix, at) => {
    for (const [name, place] of Object.entries(matrixWords))
      result[firstMatrix + at * matrixSize + place] = matrix[name as keyof typeof matrixWords]
  })
  return result
}

/** The bits of a float32, as a step holds it. */
export const bitsOf = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0]!

/** How weights lie in memory. */
export const storedKinds = [
  ...(['float32', 'float16', 'bfloat16', 'q8_0', 'q4_0', 'int8', 'uint8'] as const),
  // Its `scales` are records of groups, its `zero` the address of tables (`four-bit-rows.ts`).
  'four-bit',
] as const
export type StoredForm = (typeof storedKinds)[number]

export const activations = ['gated-silu', 'relu', 'gelu-tanh'] as const

/** What the cache of a row's conversation is: address, positions that it has room for, position of the row. */
export const rowBytes = 16
