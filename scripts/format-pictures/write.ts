import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pictures } from './pictures.ts'
import { withTables } from './tables.ts'

/** Writes the pictures and the tables of docs/formats.md; run in the repository's root by `npm run draw`. */
const folder = join('docs', 'images', 'formats')
mkdirSync(folder, { recursive: true })
for (const [name, svg] of Object.entries(pictures())) writeFileSync(join(folder, name), svg)
const page = join('docs', 'formats.md')
writeFileSync(page, withTables(readFileSync(page, 'utf8')))
