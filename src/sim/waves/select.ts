/**
 * Names of signals, or patterns of them: `*` stands for any part of one name, `**` for any part of a path. The path of an
 * instance alone stands for everything in it.
 */
export type SignalPattern = string

/** Tells whether a pattern means a hierarchical name. */
export const matcher = (pattern: SignalPattern): ((path: string) => boolean) => {
  if (!pattern.includes('*')) return (path) => path === pattern || path.startsWith(`${pattern}.`)
  const parts = pattern.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*'
    return part === '*' ? '[^.]*' : part.replaceAll(/[^A-Za-z0-9_]/g, '\\$&')
  })
  const expression = new RegExp(`^${parts.join('')}$`)
  return (path) => expression.test(path)
}

/** What some pattern means, in the order it came; `unknown` makes the error of a pattern that means nothing. */
export const selected = <T extends { readonly path: string }>(
  all: readonly T[],
  patterns: readonly SignalPattern[],
  unknown: (pattern: SignalPattern) => Error,
): readonly T[] => {
  const chosen = new Set<T>()
  for (const pattern of patterns) {
    const means = matcher(pattern)
    const found = all.filter(({ path }) => means(path))
    if (found.length === 0) throw unknown(pattern)
    for (const one of found) chosen.add(one)
  }
  return all.filter((one) => chosen.has(one))
}
