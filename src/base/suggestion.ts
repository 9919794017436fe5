import { UserError } from './user-error.ts'

/** The known word nearest to a mistyped one, if it is near enough to be meant: one edit in three letters, at most two. */
export const nearest = (found: string, known: readonly string[]): string | undefined => {
  const wanted = found.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.min(2, Math.round(wanted.length / 3)) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue
    const edits = editsBetween(wanted, candidate.toLowerCase())
    if (edits < bestDistance) [best, bestDistance] = [candidate, edits]
  }
  return best
}

/** Letters left out, put in or replaced, and neighbours exchanged (optimal string alignment), each an edit. */
const editsBetween = (found: string, meant: string): number => {
  const rows = [Array.from({ length: meant.length + 1 }, (_, k) => k)]
  for (let i = 1; i <= found.length; i++) {
    const row = [i]
    for (let k = 1; k <= meant.length; k++) {
      const same = found[i - 1] === meant[k - 1] ? 0 : 1
      const edits = [rows[i - 1]![k]! + 1, row[k - 1]! + 1, rows[i - 1]![k - 1]! + same]
      const swapped = i > 1 && k > 1 && found[i - 1] === meant[k - 2] && found[i - 2] === meant[k - 1]
      if (swapped) edits.push(rows[i - 2]![k - 2]! + 1)
      row.push(Math.min(...edits))
    }
    rows.push(row)
  }
  return rows[found.length]![meant.length]!
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

/** The known name that is meant; of any other one it throws the error of `unknownName`. */
export const knownName = <Name extends string>(
  code: string,
  what: string,
  found: string,
  known: readonly Name[],
): Name => {
  const name = known.find((each) => each === found)
  if (name === undefined) throw unknownName(code, what, found, known)
  return name
}

/** The cure of a wrong name: the known word that is meant, else what to do instead. */
export const cureOf = (found: string, known: readonly string[], otherwise: string): string =>
  didYouMean(found, known) || `; ${otherwise}`
