import { UserError } from '../../base/user-error.ts'

/**
 * The state of a black box's model as JSON can hold it: texts, finite numbers, true and false, null, lists and plain records of
 * these as they are; a bigint as `{ "bigint": "12" }`. Throws a UserError for anything else, which no file could hold.
 */
export const boxStateAsJson = (state: unknown, box: string, depth = 0): unknown => {
  if (state === null || typeof state === 'string' || typeof state === 'boolean') return state
  if (typeof state === 'number' && Number.isFinite(state)) return state
  if (typeof state === 'bigint') return { bigint: String(state) }
  if (depth > deepest) throw unsavable(box, `lists or records more than ${deepest} deep`)
  if (Array.isArray(state)) return state.map((element) => boxStateAsJson(element, box, depth + 1))
  if (isPlain(state) && !isBigint(state))
    return Object.fromEntries(Object.entries(state).map(([key, value]) => [key, boxStateAsJson(value, box, depth + 1)]))
  throw unsavable(box, kindOf(state))
}

/** Lists and records in one another; more than a model needs, and far from what overflows the stack. */
const deepest = 100

const unsavable = (box: string, what: string): UserError =>
  new UserError(
    'E-STATE',
    `the state of black box '${box}' holds ${what}, which cannot be saved; let its model keep bigints, numbers, texts, true and false, lists and plain records`,
  )

/** What `boxStateAsJson` was given; a RangeError for what it never gives. */
export const boxStateOf = (saved: unknown): unknown => {
  if (Array.isArray(saved)) return saved.map(boxStateOf)
  if (!isPlain(saved)) return saved
  if (!isBigint(saved)) return Object.fromEntries(Object.entries(saved).map(([key, value]) => [key, boxStateOf(value)]))
  const { bigint } = saved
  if (typeof bigint !== 'string' || !/^-?\d{1,100000}$/.test(bigint)) throw new RangeError('no bigint')
  return BigInt(bigint)
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))

const isBigint = (record: Readonly<Record<string, unknown>>): boolean => Object.keys(record).join() === 'bigint'

const kindOf = (value: unknown): string => {
  if (value === undefined) return 'undefined'
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`
  return isPlain(value) ? "a record with the one field 'bigint'" : `an object of class ${value.constructor.name}`
}
