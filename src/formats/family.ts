import { badNumber, type FormatText, nameOf, readArguments } from './arguments.ts'
import type { Format } from './format.ts'

/** Formats that are written alike. */
export interface FormatFamily {
  /** Texts that `bitloom list formats` shows; each is read by this family. */
  readonly examples: readonly string[]
  /** The format of a text, or undefined where the name belongs to another family. */
  readonly read: (format: FormatText) => Format | undefined
}

/** A family of formats named by a prefix and a number, `int4`; `read` gets the number. */
export const numbered =
  (prefix: string, least: number, most: number, build: (n: number) => Format) =>
  (format: FormatText): Format | undefined => {
    const { text } = nameOf(format)
    const digits = text.startsWith(prefix) ? text.slice(prefix.length) : ''
    if (!/^\d+$/.test(digits)) return undefined
    const n = Number(digits)
    if (n < least || n > most)
      throw badNumber(
        format,
        `there is no number format '${text.slice(0, 40)}'`,
        `there are ${prefix}${least} to ${prefix}${most}`,
      )
    readArguments(format, {})
    return build(n)
  }

/** A family of one name without arguments. */
export const single =
  (name: string, build: () => Format) =>
  (format: FormatText): Format | undefined => {
    if (nameOf(format).text !== name) return undefined
    readArguments(format, {})
    return build()
  }
