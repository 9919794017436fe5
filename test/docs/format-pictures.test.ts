import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { pictures } from '../../scripts/format-pictures/pictures.ts'
import { withTables } from '../../scripts/format-pictures/tables.ts'

const docs = fileURLToPath(new URL('../../docs', import.meta.url))
const page = readFileSync(join(docs, 'formats.md'), 'utf8')
const drawn = pictures()

describe('the page on number formats', () => {
  it.each(Object.keys(drawn))('%s is what the formats draw now, byte for byte (npm run draw)', (name) => {
    expect(readFileSync(join(docs, 'images', 'formats', name), 'utf8')).toBe(drawn[name])
  })

  it('shows every picture, and there is none besides', () => {
    expect(readdirSync(join(docs, 'images', 'formats')).sort()).toEqual(Object.keys(drawn).sort())
    for (const name of Object.keys(drawn)) expect(page).toContain(`](images/formats/${name})`)
  })

  it('has the tables that the formats give now (npm run draw)', () => {
    expect(withTables(page)).toBe(page)
  })
})
