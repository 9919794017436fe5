import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A mutant that no test can kill, or need not, and why. */
export interface Survivor {
  readonly file: string
  /** As `Mutant.id`. A `*` at the end stands for any rest. */
  readonly mutant: string
  readonly reason: string
}

export const survivorsFile = 'scripts/mutants/survivors.json'

export const readSurvivors = (root: string): readonly Survivor[] => {
  const list: unknown = JSON.parse(readFileSync(join(root, survivorsFile), 'utf8'))
  const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== ''
  if (!Array.isArray(list) || !list.every((entry) => [entry.file, entry.mutant, entry.reason].every(isText)))
    throw new Error(`${survivorsFile} is a list of { file, mutant, reason }, each a text`)
  return list
}

export const isListed = (survivors: readonly Survivor[], { file, id }: { file: string; id: string }): boolean =>
  survivors.some(
    (listed) =>
      listed.file === file &&
      (listed.mutant.endsWith('*') ? id.startsWith(listed.mutant.slice(0, -1)) : id === listed.mutant),
  )
