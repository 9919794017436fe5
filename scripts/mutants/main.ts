import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError } from 'commander'
import { chosen, type Mutant, mutantsOf } from './mutants.ts'
import { filesUnder, testsFor } from './near-tests.ts'
import { isListed, readSurvivors, survivorsFile } from './survivors.ts'
import { copyTree, type Outcome, tryMutant } from './trial.ts'

/** Mutants a run of everything must have, and the part of them that must be killed; listed survivors do not count. */
const least = 60
const leastKilled = 0.95

const whole = (text: string): number => {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 is asked for')
  return Number(text)
}

const options = new Command('mutants')
  .description(
    `Changes one operator or constant of src/pe at a time in a copy of the tree, and sees that a test fails. A run of everything takes at least ${least} of them.`,
  )
  .option('--every <n>', 'one mutant in n of each file', whole, 40)
  .option('--seed <n>', 'which ones', whole, 1)
  .option('--workers <n>', 'copies of the tree at work at the same time', whole, availableParallelism())
  .option('--only <text>', 'files whose path has this text in it')
  .option('--list', 'prints the chosen mutants and runs none')
  .parse()
  .opts<{ every: number; seed: number; workers: number; only?: string; list?: true }>()

const root = fileURLToPath(new URL('../../..', import.meta.url))
const survivors = readSurvivors(root)
const files = filesUnder(root, 'src/pe', '.ts').filter((file) => file.includes(options.only ?? ''))
const all = files.map((file) => mutantsOf(file, readFileSync(join(root, file), 'utf8')))
const picked = all.flatMap((mutants) => chosen(mutants, options.every, options.seed))
const mutants = picked.filter((mutant) => !isListed(survivors, mutant))
const placeOf = ({ file, line, id }: Mutant): string => `${file}:${line}  ${id}`

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
say(
  `seed ${options.seed}: ${picked.length} of ${all.flat().length} mutants in ${files.length} files, one in ${options.every}; ${picked.length - mutants.length} of them listed as survivors`,
)

const minutes = (seconds: number): string => `${Math.ceil(seconds / 60)} min`

const runAll = async (): Promise<boolean> => {
  const testsOf = testsFor(root)
  const trees = Array.from({ length: Math.min(options.workers, mutants.length) }, () => copyTree(root))
  const outcomes = new Map<Mutant, Outcome>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      for (const tree of trees) tree.dispose()
      process.exit(130)
    })
  try {
    const { near, others } = testsOf('')
    const everything = [...near, ...others]
    say(`${everything.length} test files without any mutant`)
    const before = performance.now()
    const unchanged = await trees[0]?.tests(everything, 3600)
    if (unchanged && unchanged.outcome !== 'survived') {
      say(`${unchanged.said.slice(-4000)}\ntests fail without any mutant; mend them first`)
      return false
    }
    const started = performance.now()
    // A mutant that never ends is known by it; one on a machine that is busy with other work is not.
    const limit_s = Math.ceil(60 + (5 * (started - before)) / 1000)
    const waiting = [...mutants]
    await Promise.all(
      trees.map(async (tree) => {
        for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
          const outcome = await tryMutant(tree, mutant, testsOf(mutant.file), limit_s)
          outcomes.set(mutant, outcome)
          const seconds = (performance.now() - started) / 1000
          const left = (seconds / outcomes.size) * (mutants.length - outcomes.size)
          say(`${outcomes.size}/${mutants.length}, ${minutes(left)} left: ${outcome}  ${placeOf(mutant)}`)
        }
      }),
    )
  } finally {
    for (const tree of trees) tree.dispose()
  }
  return judged(outcomes)
}

/** The table by file, the survivors, and whether that is enough. */
const judged = (outcomes: ReadonlyMap<Mutant, Outcome>): boolean => {
  const survived = mutants.filter((mutant) => outcomes.get(mutant) === 'survived')
  say(`\n${'file'.padEnd(46)}killed  survived`)
  for (const file of files) {
    const here = mutants.filter((mutant) => mutant.file === file)
    const left = survived.filter((mutant) => mutant.file === file).length
    if (here.length > 0) say(`${file.padEnd(46)}${String(here.length - left).padStart(6)}${String(left).padStart(10)}`)
  }
  const killed = mutants.length - survived.length
  const rate = mutants.length === 0 ? 1 : killed / mutants.length
  say(`\n${killed} of ${mutants.length} killed, ${(100 * rate).toFixed(1)} %`)
  if (survived.length > 0)
    say(
      `these survived; write a test, or list them with a reason in ${survivorsFile}:\n${survived.map(placeOf).join('\n')}`,
    )
  if (rate < leastKilled) say(`at least ${100 * leastKilled} % must be killed`)
  return survived.length === 0 && rate >= leastKilled
}

if (options.list) for (const mutant of picked) say(placeOf(mutant))
else if (options.only === undefined && picked.length < least) {
  say(`a run of everything has at least ${least} mutants; give a smaller --every`)
  process.exitCode = 2
} else if (!(await runAll())) process.exitCode = 1
