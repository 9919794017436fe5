import { readLimited } from '../base/files.ts'
import { UserError } from '../base/user-error.ts'

/** Largest text file that is read. */
const mostBytes = 2 ** 28

/** The texts of a file: the whole of it, or of a `.json` file each string of its list. Empty ones are left out. */
export const readTexts = (path: string): string[] => {
  const refuse = (what: string): never => {
    throw new UserError('E-TEXT', `${path} ${what}; give a file of UTF-8 text, or a .json file with a list of texts`)
  }
  const bytes = readLimited(path, 'the text', mostBytes)
  const text = ((): string => {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      return refuse('is no UTF-8')
    }
  })()
  const texts = (path.endsWith('.json') ? listOf(text, refuse) : [text]).filter((one) => one.trim() !== '')
  return texts.length > 0 ? texts : refuse('holds no text')
}

const listOf = (text: string, refuse: (what: string) => never): string[] => {
  const json = ((): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      return refuse('is no JSON')
    }
  })()
  return Array.isArray(json) && json.every((one) => typeof one === 'string') ? json : refuse('is no list of texts')
}
