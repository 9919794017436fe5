import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeWhole } from '../../src/base/files.ts'
import { calibrationTokens, measuredTexts, type Table } from './tables.ts'

/** Where results lie, below the repository's root. */
export const keptFolder = join('scripts', 'perplexity-tables', 'results')

const schema = z.strictObject({
  model: z.string(),
  model_sha256: z.string(),
  texts_sha256: z.string(),
  measured_texts: z.int(),
  most_tokens: z.int(),
  calibration_tokens: z.int(),
  /** Tokens that are predicted; known with the first perplexity. */
  predicted_tokens: z.int(),
  /** Perplexity by the full text of the quantiser. */
  perplexities: z.record(z.string(), z.number()),
})

/** What was measured of a model so far. */
export type Kept = z.infer<typeof schema>

const pathOf = (root: string, { kept }: Table): string => join(root, keptFolder, `${kept}.json`)

/** What is kept of a table's model; undefined where nothing is. */
export const readKept = (root: string, table: Table): Kept | undefined => {
  const path = pathOf(root, table)
  return existsSync(path) ? schema.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined
}

export const writeKept = (root: string, table: Table, kept: Kept): void =>
  writeWhole(pathOf(root, table), `${JSON.stringify(kept, null, 2)}\n`)

/** An empty result, or what is kept where that is of the same model, texts and numbers of tokens. */
export const startedFrom = (
  kept: Kept | undefined,
  table: Table,
  digests: { readonly model: string; readonly texts: string },
): Kept => {
  const fresh: Kept = {
    model: table.model,
    model_sha256: digests.model,
    texts_sha256: digests.texts,
    measured_texts: measuredTexts,
    most_tokens: table.tokens,
    calibration_tokens: calibrationTokens,
    predicted_tokens: 0,
    perplexities: {},
  }
  if (!kept) return fresh
  const { predicted_tokens: _, perplexities: __, ...of } = kept
  const { predicted_tokens: ___, perplexities: ____, ...wanted } = fresh
  return JSON.stringify(of) === JSON.stringify(wanted) ? kept : fresh
}
