import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

/** Tests for one source file: first those that are likely to notice a change, then all others that could. */
export interface NearTests {
  readonly near: readonly string[]
  readonly others: readonly string[]
}

/** Folders of the tests that run processing elements. */
const folders = ['test/pe', 'test/verify', 'test/accel']

export const filesUnder = (root: string, folder: string, ending: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort()

/**
 * A test is near a file that it imports, itself or through a helper beside it, and near one of its family's folder:
 * `test/pe/posit.test.ts` is near `src/pe/baseline/posit/cell.ts`. The blocks of `arith` are used by every family; a family
 * by no other, so tests of blocks and of other families are left out for it.
 */
export const testsFor = (root: string): ((file: string) => NearTests) => {
  const tests = folders.flatMap((folder) => filesUnder(root, folder, '.test.ts'))
  const imports = new Map(tests.map((test) => [test, importsOf(root, test)]))
  const words = (test: string): readonly string[] => relative('test/pe', test).split(/[-./]/)
  const families = [...new Set(filesUnder(root, 'src/pe', 'family.ts').map((file) => basename(dirname(file))))]
  return (file) => {
    const inFamily =
      dirname(file)
        .match(/^src\/pe\/(?!arith\/)(.+)/)?.[1]
        ?.split('/') ?? []
    const family = families.find((name) => inFamily.includes(name))
    const isNear = (test: string): boolean =>
      imports.get(test)!.has(file) || (family !== undefined && words(test).includes(family))
    const strangers = family === undefined ? [] : ['arith', ...families.filter((other) => other !== family)]
    const near = tests.filter(isNear)
    const others = tests.filter((test) => !isNear(test) && !words(test).some((word) => strangers.includes(word)))
    return { near, others }
  }
}

/** Files of `src` that a test imports, itself or through other files of `test`. */
const importsOf = (root: string, test: string): ReadonlySet<string> => {
  const found = new Set<string>()
  const seen = new Set([test])
  const waiting = [test]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop())
    for (const [, path] of readFileSync(join(root, file), 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      const target = join(dirname(file), path!)
      if (!target.startsWith('test/')) found.add(target)
      else if (!seen.has(target)) {
        seen.add(target)
        waiting.push(target)
      }
    }
  return found
}
