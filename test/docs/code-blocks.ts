/** One fenced block of a Markdown page. */
export interface Block {
  readonly language: string
  readonly text: string
  /** Line of the opening fence, from 1. */
  readonly line: number
}

/** A TypeScript example and what the page says it prints: the `text` or `verilog` block right after it. */
export interface Example {
  readonly line: number
  /** Its file's name without `.ts`: the one its first line gives, `// dot.ts`, for other examples of the page to import. */
  readonly name: string
  readonly code: string
  readonly prints: string | undefined
}

export const blocksOf = (markdown: string): readonly Block[] => {
  const blocks: Block[] = []
  const lines = markdown.split('\n')
  for (let k = 0; k < lines.length; k++) {
    const language = /^```(\w+)$/.exec(lines[k]!)?.[1]
    if (language === undefined) continue
    const end = lines.indexOf('```', k + 1)
    if (end < 0) throw new Error(`the block opened in line ${k + 1} never ends`)
    blocks.push({ language, text: `${lines.slice(k + 1, end).join('\n')}\n`, line: k + 1 })
    k = end
  }
  return blocks
}

/** A block's path in the source tree, where its first line gives one: `// src/pe/toy/family.ts`. */
export const treeFileOf = ({ text }: Pick<Block, 'text'>): string | undefined =>
  /^\s?\/\/ ((?:src|test)\/[\w/.-]+\.ts)\n/.exec(text)?.[1]

/**
 * The examples of a page; a block counts as printed where nothing but blank lines and one sentence stand between. Files of the
 * source tree are no examples: their page has a test of its own.
 */
export const examplesOf = (markdown: string): readonly Example[] => {
  const blocks = blocksOf(markdown)
  const lines = markdown.split('\n')
  return blocks.flatMap((block, k) => {
    if (block.language !== 'ts' || treeFileOf(block) !== undefined) return []
    const next = blocks[k + 1]
    const between = next ? lines.slice(block.line + block.text.split('\n').length, next.line - 1) : []
    const follows = next && ['text', 'verilog'].includes(next.language) && !between.some((line) => line.startsWith('#'))
    const name = /^\/\/ (\w+)\.ts\n/.exec(block.text)?.[1] ?? `line-${block.line}`
    return [{ line: block.line, name, code: block.text, prints: follows ? next.text : undefined }]
  })
}
