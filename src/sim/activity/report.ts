import type { Coverage, SignalToggles, ValueCoverage } from './coverage.ts'

export interface CoverageReportOptions {
  /** Lines of what was never seen, at most; default 40. */
  readonly lines?: number
}

/**
 * What runs have seen and what they have not, as text: shares of bits that turned both ways, of named values and of the
 * transitions that logic has; then, signal by signal, what was never seen.
 */
export const coverageReport = (coverage: Coverage, { lines = 40 }: CoverageReportOptions = {}): string => {
  const { design, cycles } = coverage
  const signals = Object.entries(coverage.signals)
  const values = Object.entries(coverage.values)
  const turned = signals.flatMap(([, { rises, falls }]) => rises.map((count, bit) => count > 0 && falls[bit]! > 0))
  const states = values.flatMap(([, value]) => value.names.map((name) => has(value.seen, name)))
  const steps = values.flatMap(([, { possible = [], transitions }]) =>
    possible.map(([from, to]) => transitions.some(([a, b]) => a === from && b === to)),
  )
  const missing = [
    ...values.flatMap(([name, value]) => unseenValues(value).map((text) => [name, text] as const)),
    ...signals.flatMap(([name, toggles]) => stuckBits(name, toggles)),
  ]
  const width = Math.max(0, ...missing.slice(0, lines).map(([name]) => name.length))
  return [
    `coverage of ${design} in ${cycles} cycles`,
    share('bits that rose and fell', turned),
    ...(states.length > 0 ? [share('values of enumerations', states)] : []),
    ...(steps.length > 0 ? [share('transitions', steps)] : []),
    ...(missing.length > 0 ? ['', 'never seen'] : []),
    ...missing.slice(0, lines).map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
    ...(missing.length > lines ? [`  and ${missing.length - lines} more`] : []),
  ].join('\n')
}

const share = (what: string, hits: readonly boolean[]): string => {
  const found = hits.filter(Boolean).length
  // Rounded down: all is said of all only.
  const percent = hits.length === 0 ? 100 : Math.floor((100 * found) / hits.length)
  return `  ${what}: ${found} of ${hits.length} (${percent} %)`
}

const has = (seen: ValueCoverage['seen'], name: string): boolean => seen.some(([value]) => value === name)

const unseenValues = ({ names, seen, transitions, possible = [] }: ValueCoverage): readonly string[] => {
  const values = names.filter((name) => !has(seen, name))
  // A transition from or to a value that never was needs no line of its own.
  const steps = possible.filter(
    ([from, to]) =>
      !values.includes(from) && !values.includes(to) && !transitions.some(([a, b]) => a === from && b === to),
  )
  return [
    ...(values.length > 0 ? [values.join(', ')] : []),
    ...(steps.length > 0 ? [steps.map(([from, to]) => `${from} -> ${to}`).join(', ')] : []),
  ]
}

/** Neighbouring bits with the same fate in one line, the highest first. */
const stuckBits = (name: string, { rises, falls }: SignalToggles): readonly (readonly [string, string])[] => {
  const fates = rises.map((count, bit) => {
    if (count > 0 && falls[bit]! > 0) return undefined
    return [count === 0 ? '0 -> 1' : [], falls[bit] === 0 ? '1 -> 0' : []].flat().join(', ')
  })
  const lines: [string, string][] = []
  for (let high = fates.length - 1; high >= 0; ) {
    const fate = fates[high]
    let low = high
    while (low > 0 && fates[low - 1] === fate) low--
    if (fate !== undefined) {
      const bits = rises.length === 1 ? '' : high === low ? `[${high}]` : `[${high}:${low}]`
      lines.push([`${name}${bits}`, fate])
    }
    high = low - 1
  }
  return lines
}
