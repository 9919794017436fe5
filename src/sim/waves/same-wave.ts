/** A drawn wave against the one that was expected. */
export interface WaveDifference {
  /** The first line that differs, from 0, and the name at its beginning. */
  readonly line: number
  readonly label: string
  /** Both drawings, as they were compared. */
  readonly drawn: string
  readonly expected: string
}

/**
 * Compares drawings line by line, whatever blanks stand at the ends of lines, whatever margin all lines of the expected one share, and
 * whatever blank lines are around it; undefined where they are the same.
 */
export const waveDifference = (drawn: string, expected: string): WaveDifference | undefined => {
  const [found, wanted] = [trimmed(drawn), trimmed(withoutMargin(expected))]
  if (found.join('\n') === wanted.join('\n')) return undefined
  const line = found.findIndex((text, k) => text !== wanted[k])
  const at = line < 0 ? found.length : line
  const label = /^\s*(\S+)/.exec(found[at] || wanted[at] || '')?.[1] ?? ''
  return { line: at, label, drawn: found.join('\n'), expected: wanted.join('\n') }
}

const trimmed = (text: string): readonly string[] => {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const first = lines.findIndex((line) => line !== '')
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => line !== '') + 1)
}

const withoutMargin = (text: string): string => {
  const lines = text.split('\n')
  const margins = lines.flatMap((line) => (line.trim() === '' ? [] : line.length - line.trimStart().length))
  const margin = Math.min(...margins)
  return lines.map((line) => line.slice(margin)).join('\n')
}
