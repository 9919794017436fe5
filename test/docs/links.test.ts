import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { anchorsOf, pages, proseOf, root } from './pages.ts'

describe('the documentation', () => {
  it.each(pages)('%s has no link that leads nowhere', (page) => {
    const dead = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target]) => {
      if (/^https?:/.test(target!)) return []
      const [path, anchor] = target!.split('#')
      const file = path ? join(dirname(page), path) : page
      if (!existsSync(join(root, file))) return [target]
      return anchor !== undefined && !anchorsOf(relative(root, join(root, file))).includes(anchor) ? [target] : []
    })
    expect(dead).toEqual([])
  })

  it('promises in its table of features only what a test of that name holds it to, or says why it is out', () => {
    const prose = proseOf('docs/language.md')
    const table = prose.slice(prose.indexOf('## What there is, and what is out'))
    const rows = table
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| | '))
      .map((line) => line.slice(2, -2).split(' | '))
    expect(rows.length).toBeGreaterThan(30)
    const missing = rows.flatMap(([feature, here, tests = '']) => {
      const named = [...tests.matchAll(/\]\(\.\.\/([^)]+)\)((?: "[^"]+")+)/g)]
      if (named.length === 0) return /\bout of the language\b|\bno plugins\b/.test(here!) ? [] : [feature]
      return named.flatMap(([, file, titles]) => {
        const text = existsSync(join(root, file!)) ? readFileSync(join(root, file!), 'utf8') : ''
        return [...titles!.matchAll(/"([^"]+)"/g)].flatMap(([, title]) =>
          text.includes(title!) ? [] : [`${feature}: ${file} "${title}"`],
        )
      })
    })
    expect(missing).toEqual([])
  })
})
