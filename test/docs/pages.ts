import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Pages of Markdown for readers, as paths inside the repository. */
export const pages: readonly string[] = [
  ...['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md'],
  ...['docs', 'docs/pe'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
]
export const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')

/** A page without its fenced blocks: what is said, not what is run. */
export const proseOf = (page: string): string => textOf(page).replace(/^```\w*\n[\s\S]*?^```$/gm, '')

/** The anchors of a page's headings, as GitHub makes them. */
export const anchorsOf = (page: string): readonly string[] =>
  [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replace(/ /g, '-'),
  )
