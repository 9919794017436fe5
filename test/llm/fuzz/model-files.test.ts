import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createRandom } from '../../../src/base/random.ts'
import { temporaryFolder } from '../store/fake-registry.ts'
import { type FuzzedFormat, fuzzedFormats, writeDamaged } from './formats.ts'

const rounds = process.env.BITLOOM_FULL === '1' ? 200 : 50
const seed = Number(process.env.BITLOOM_SEED ?? 1)
const dist = new URL('../../../dist/', import.meta.url).href
const program = fileURLToPath(new URL('open-counted.mjs', import.meta.url))

/** Of the heap of the process, in MiB; Node itself takes a third of it. */
const heapLimit = 64
const longestMilliseconds = 3_000
/** Tables that do not depend on the file, such as rotary frequencies. */
const constantBytes = 2 ** 14

interface Outcome {
  readonly path: string
  readonly outcome: 'opened' | 'refused' | 'fault'
  /** Bytes of arrays that were made. */
  readonly made: number
  readonly text?: string
  readonly milliseconds: number
}

/** Opens models in a process of its own. */
const openAll = (cases: readonly object[], folder: string): readonly Partial<Outcome>[] => {
  const list = join(folder, 'cases.json')
  writeFileSync(list, JSON.stringify(cases))
  const { stdout, stderr, signal } = spawnSync(
    process.execPath,
    [`--max-old-space-size=${heapLimit}`, program, dist, list],
    { encoding: 'utf8', timeout: 240_000 },
  )
  const lines = stdout
    .trim()
    .split('\n')
    .map((line): Partial<Outcome> => JSON.parse(line))
  const last = lines.at(-1)
  if (last?.outcome === undefined)
    throw new Error(`BITLOOM_SEED=${seed}: ${last?.path} ended the process (${signal}): ${stderr.slice(-2000)}`)
  return lines.filter(({ outcome }) => outcome !== undefined)
}

const written = (format: FuzzedFormat, folder: string, at: number) => {
  const random = createRandom(seed * 1_000_003 + at)
  return { at, ...writeDamaged(format, join(folder, String(at)), random) }
}

test.each(fuzzedFormats)(
  `$name: ${rounds} damaged files are opened or refused in a sentence, in no time and with at most four times their bytes`,
  (format) => {
    const folder = temporaryFolder()
    const whole = writeDamaged(
      { ...format, damages: [{ file: '', apply: (content) => content }] },
      join(folder, 'whole'),
      () => 0,
    )
    const cases = Array.from({ length: rounds }, (_, at) => written(format, folder, at))
    // The whole model first: what is made once is made there, and it must open.
    const [first, ...outcomes] = openAll([whole, ...cases], folder) as Outcome[]
    expect(first).toMatchObject({ outcome: 'opened' })
    let refused = 0
    for (const [at, { path, outcome, made, text, milliseconds }] of outcomes.entries()) {
      const where = `BITLOOM_SEED=${seed}, round ${at} in ${path}`
      expect(outcome, `${where}: ${text}`).not.toBe('fault')
      if (text !== undefined) expect(text, where).toMatch(/^[^\n]{20,900}[;,] [^\n]{4,400}$/)
      expect(made, where).toBeLessThanOrEqual(4 * cases[at]!.bytes + constantBytes)
      expect(milliseconds, where).toBeLessThan(longestMilliseconds)
      if (outcome === 'refused') refused++
    }
    expect(outcomes).toHaveLength(rounds)
    expect(refused).toBeGreaterThan(rounds / 4)
    rmSync(folder, { recursive: true })
  },
  300_000,
)
