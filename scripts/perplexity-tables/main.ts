import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from '../../src/base/files.ts'
import { terminalProgress } from '../../src/cli/progress.ts'
import { windowsOfTexts } from '../../src/cli/windows.ts'
import { cpuBackend } from '../../src/llm/backend.ts'
import { perplexity } from '../../src/llm/likelihood.ts'
import { openModel } from '../../src/llm/open-model.ts'
import { calibrationWith } from '../../src/llm/quantised/calibration.ts'
import { quantiserOf } from '../../src/llm/quantised/quantisers.ts'
import { readTexts } from '../../src/llm/read-texts.ts'
import { sha256Of } from '../../src/llm/store/cache.ts'
import { type Kept, keptFolder, readKept, startedFrom, writeKept } from './kept.ts'
import { page, withTables } from './page.ts'
import { calibrationTokens, measuredTexts, specsOf, type Table, tables } from './tables.ts'

const data = join('..', 'shared', 'data')
const texts = join(data, 'text', 'tinystories-once-100.json')

/** Measures what of a table is not kept yet, and keeps each perplexity when it is there. */
const measure = async (table: Table): Promise<void> => {
  const progress = terminalProgress()
  const opened = await openModel(table.inData ? join(data, table.model) : table.model, { progress })
  const stories = readTexts(texts)
  const [measured, others] = [stories.slice(0, measuredTexts), stories.slice(measuredTexts)]
  const { windows } = windowsOfTexts(opened, measured, texts, { tokens: table.tokens })
  const calibration = calibrationWith(windowsOfTexts(opened, others, texts, { tokens: calibrationTokens }).windows)
  let kept: Kept = startedFrom(readKept('.', table), table, {
    model: opened.sha256,
    texts: sha256Of(readFileSync(texts)),
  })
  const missing = specsOf(table).filter((spec) => kept.perplexities[spec] === undefined)
  for (const [at, spec] of missing.entries()) {
    const started = performance.now()
    const run = await quantiserOf(spec).prepare(opened.model, { calibration, progress })
    const backend = cpuBackend(run.model, run.linear)
    try {
      const total = windows.reduce((sum, { length }) => sum + length - 1, 0)
      progress.start(`perplexity of ${opened.model.name}`, total, 'tokens')
      const found = await perplexity(backend, windows, ({ tokens }) => progress.update(tokens))
      kept = {
        ...kept,
        predicted_tokens: found.tokens,
        perplexities: { ...kept.perplexities, [spec]: Number(found.perplexity.toPrecision(7)) },
      }
    } finally {
      backend.close()
      progress.stop()
    }
    writeKept('.', table, kept)
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    progress.say(
      `${table.id}, ${at + 1} of ${missing.length}: ${kept.perplexities[spec]!.toFixed(4)} ${spec}, ${seconds} s`,
    )
  }
}

/**
 * `npm run perplexities` measures all tables, or those whose ids it is given, goes on where it was interrupted, and writes the tables that
 * have a place on the page, those of what is kept at once; run in the repository's root.
 */
const ids = process.argv.slice(2)
const unknown = ids.find((id) => !tables.some((table) => table.id === id))
if (unknown !== undefined) {
  console.error(`there is no table '${unknown}'; give ${tables.map(({ id }) => id).join(', ')}, or nothing for all`)
  process.exit(2)
}
mkdirSync(keptFolder, { recursive: true })
const path = join(...page)
const write = (): void =>
  writeWhole(
    path,
    withTables(readFileSync(path, 'utf8'), (of) => readKept('.', of)),
  )
write()
for (const table of tables)
  if (ids.length === 0 || ids.includes(table.id)) {
    await measure(table)
    write()
  }
