import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withTablesOf } from '../tables-of-page.ts'
import { peTable, peTables } from './tables.ts'

/** Writes the tables of docs/area-timing-energy.md from the file that `bitloom synth --all --json` was printed to; see there. */
const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('give the file with what `bitloom synth --all --json` printed')
const page = join('docs', 'area-timing-energy.md')
writeFileSync(page, withTablesOf(readFileSync(page, 'utf8'), peTables(peTable(readFileSync(file, 'utf8')))))
