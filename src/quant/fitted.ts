import { UserError } from '../base/user-error.ts'

/** The weights of a linear layer `y = W x`, to be quantised. */
export interface WeightMatrix {
  /** N x K row-major, finite. */
  readonly data: Float32Array
  /** N. */
  readonly outputs: number
  /** K. */
  readonly inputs: number
  /** For messages, e.g. `layers.0.query`. */
  readonly name: string
}

/**
 * A matrix whose scales (zero points, types, and what else weights share) are chosen, and whose codes are not yet. Each weight can then
 * be rounded by itself, in any order and with any value, which is what GPTQ needs.
 */
export interface Fitted<Q> {
  /** Stores the code nearest to `value` as that of weight (row, k), and gives what the code stands for. */
  readonly round: (row: number, k: number, value: number) => number
  /** The codes and what belongs to them, once every weight is rounded. */
  readonly finish: () => Q
}

/** Every weight to the code nearest to it. */
export const roundToNearest = <Q>({ data, outputs, inputs }: WeightMatrix, fitted: Fitted<Q>): Q => {
  for (let row = 0; row < outputs; row++) for (let k = 0; k < inputs; k++) fitted.round(row, k, data[row * inputs + k]!)
  return fitted.finish()
}

/** Throws unless the matrix has the size it says (RangeError) and finite weights (UserError). */
export const checkMatrix = ({ data, outputs, inputs, name }: WeightMatrix): void => {
  if (data.length !== outputs * inputs)
    throw new RangeError(`${name}: ${data.length} values are no ${outputs} x ${inputs} matrix`)
  const wrong = data.findIndex((value) => !Number.isFinite(value))
  if (wrong >= 0)
    throw new UserError(
      'E-QUANT-VALUE',
      `weight ${wrong} of ${name} is ${data[wrong]}, only finite weights can be quantised; use an undamaged model file`,
    )
}

/** Which weights share a scale: all of them, those of an output, or `group` ones along K (the last group of a row may be shorter). */
export interface Sharing {
  readonly per: 'tensor' | 'channel' | 'group'
  /** Read with `per: 'group'` only. */
  readonly group: number
}

/** Weights along K that share a scale. */
export const sharedLength = ({ per, group }: Sharing, inputs: number): number => (per === 'group' ? group : inputs)

/**
 * Fits what weights share: `fit` is called once for each set of them and `store` gets the result for each row and group, as slot
 * `row * groups + index`. With one set for the tensor every row has its copy.
 */
export const fitShared = <P>(
  { data, outputs, inputs }: WeightMatrix,
  sharing: Sharing,
  fit: (values: Float32Array) => P,
  store: (slot: number, parameters: P) => void,
): void => {
  if (sharing.per === 'tensor') {
    const parameters = fit(data)
    for (let row = 0; row < outputs; row++) store(row, parameters)
    return
  }
  const group = sharedLength(sharing, inputs)
  const groups = Math.ceil(inputs / group)
  for (let row = 0; row < outputs; row++)
    for (let index = 0; index < groups; index++) {
      const from = row * inputs + index * group
      store(row * groups + index, fit(data.subarray(from, Math.min(from + group, (row + 1) * inputs))))
    }
}

/** Codes of an N x K matrix whose rows are cut into groups along K. */
interface GroupedCodes {
  readonly outputs: number
  readonly inputs: number
  readonly group: number
  readonly groups: number
  readonly codes: Uint8Array | Int8Array | Uint16Array
}

/** The weights that codes stand for, N x K; a group has the slot `row * groups + index`. */
export const restore = (
  { outputs, inputs, group, groups, codes }: GroupedCodes,
  meaning: (code: number, slot: number, row: number) => number,
): Float32Array => {
  const result = new Float32Array(outputs * inputs)
  for (let row = 0; row < outputs; row++)
    for (let k = 0; k < inputs; k++) {
      const at = row * inputs + k
      result[at] = meaning(codes[at]!, row * groups + Math.floor(k / group), row)
    }
  return result
}

/** The largest magnitude. */
export const absmaxOf = (values: Float32Array): number => {
  let absmax = 0
  for (let k = 0; k < values.length; k++) absmax = Math.max(absmax, Math.abs(values[k]!))
  return absmax
}
