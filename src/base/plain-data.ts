/**
 * Reads values that came from outside, as `JSON.parse` gives them, field by field. `refuse` makes the error of a fault; it is
 * given the path of the field, `signals.x.width`, and what belongs there.
 */
export interface PlainReader {
  /** A record whose fields are looked up by `own`. */
  record(value: unknown, path: string): Readonly<Record<string, unknown>>
  list(value: unknown, path: string): readonly unknown[]
  /** A whole number from `least` to `most`. */
  whole(value: unknown, path: string, least?: number, most?: number): number
  text(value: unknown, path: string): string
}

export const plainReader = (refuse: (path: string, belongs: string) => Error): PlainReader => ({
  record(value, path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse(path, 'a record')
    return value as Readonly<Record<string, unknown>>
  },
  list(value, path) {
    if (!Array.isArray(value)) throw refuse(path, 'a list')
    return value
  },
  whole(value, path, least = 0, most = Number.MAX_SAFE_INTEGER) {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value
    throw refuse(path, `a whole number from ${least} to ${most}`)
  },
  text(value, path) {
    if (typeof value !== 'string') throw refuse(path, 'a text')
    return value
  },
})

/** A record's own field, or undefined: a file may well hold one that is called `constructor`. */
export const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined

/** `JSON.parse`, or undefined where the text is no JSON. */
export const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
