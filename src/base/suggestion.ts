import { UserError } from './user-error.ts'

/** The known word nearest to a mistyped one, if it is near enough to be meant: at most two edits and a third of it. */
export const nearest = (found: string, known: readonly string[]): string | undefined => {
  const wanted = found.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.min(2, Math.ceil(wanted.length / 3)) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue
    const edits = distance(wanted, candidate.toLowerCase())
    if (edits < bestDistance) [best, bestDistance] = [candidate, edits]
  }
  return best
}

/** Letters to add, drop or exchange to make one word of the other (Levenshtein's distance), row by row of its table. */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, k) => k)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let k = 1; k <= to.length; k++)
      next.push(Math.min(row[k]! + 1, next[k - 1]! + 1, row[k - 1]! + Number(from[i - 1] !== to[k - 1])))
    row = next
  }
  return row[to.length]!
}

/** `; did you mean 'wasm'?`, or nothing where no known word is near. */
export const didYouMean = (found: string, known: readonly string[]): string => {
  const near = nearest(found, known)
  return near === undefined ? '' : `; did you mean '${near}'?`
}

/** The error of a name that is none of the known ones, e.g. `there is no engine 'jss': there are js, verilator`. */
export const unknownName = (code: string, what: string, found: string, known: readonly string[]): UserError =>
  new UserError(
    code,
    `there is no ${what} '${found.slice(0, 80)}': there are ${known.join(', ')}${didYouMean(found, known)}`,
  )
