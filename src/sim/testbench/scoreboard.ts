export interface ScoreboardOptions {
  /** What stands before every sentence, as the name of the stream. */
  readonly name?: string
  /** False where elements may come in any order; default true. */
  readonly ordered?: boolean
}

/** Expected elements against those that came. */
export interface Scoreboard<T> {
  expect(...elements: readonly T[]): void
  /** Compares an element as it comes; what it was compared with is expected no more. */
  see(element: T, cycle?: number): void
  /** Elements that came as expected. */
  readonly matched: number
  /** What did not, a sentence each; the first 100. */
  readonly mismatches: readonly string[]
  /** `mismatches`, and a sentence more where expected elements never came. */
  finish(): readonly string[]
}

const keptMismatches = 100
/** Characters of a value in a sentence. */
const shownLength = 200

/**
 * Compares values of ports: integers by value, bigint or number, records field by field, flags and names of enumerations as they
 * are. Elements may be expected before they come only.
 */
export const scoreboard = <T>({ name = 'the design', ordered = true }: ScoreboardOptions = {}): Scoreboard<T> => {
  /** Texts of what is expected, those from `next` on where there is an order. */
  const queue: string[] = []
  let next = 0
  /** How often each text is expected, where there is none. */
  const open = new Map<string, number>()
  const mismatches: string[] = []
  let seen = 0
  let matched = 0
  const mismatch = (text: string, cycle: number | undefined, why: string): void => {
    const place = cycle === undefined ? '' : ` in cycle ${cycle}`
    if (mismatches.length < keptMismatches)
      mismatches.push(`${name}: element ${seen}${place} is ${shortened(text)}, ${why}`)
  }
  return {
    expect(...elements) {
      for (const element of elements) {
        const text = textOf(element)
        if (ordered) queue.push(text)
        else open.set(text, (open.get(text) ?? 0) + 1)
      }
    },
    see(element, cycle) {
      const text = textOf(element)
      if (ordered) {
        const expected = queue[next]
        if (expected === text) matched++
        else
          mismatch(
            text,
            cycle,
            expected === undefined ? 'where none was expected' : `expected was ${shortened(expected)}`,
          )
        if (expected !== undefined) next++
      } else {
        const count = open.get(text) ?? 0
        if (count > 0) matched++
        else mismatch(text, cycle, 'which is not expected any more')
        if (count > 1) open.set(text, count - 1)
        else open.delete(text)
      }
      seen++
    },
    get matched() {
      return matched
    },
    mismatches,
    finish() {
      const left = ordered ? queue.length - next : [...open.values()].reduce((sum, count) => sum + count, 0)
      if (left === 0) return mismatches
      const first = ordered ? queue[next]! : [...open.keys()][0]!
      const what = left === 1 ? 'an expected element never came' : `${left} expected elements never came, the first`
      return [...mismatches, `${name}: ${what}: ${shortened(first)}`]
    },
  }
}

/** The same text for values that count as equal. */
const textOf = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '0' : String(value)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{ ${fields.map(([field, inner]) => `${field}: ${textOf(inner)}`).join(', ')} }`
}

const shortened = (text: string): string => (text.length > shownLength ? `${text.slice(0, shownLength)}...` : text)
