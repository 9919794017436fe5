import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Progress } from '../src/base/progress.ts'
import { reasonOf, UserError } from '../src/base/user-error.ts'
import { cpuBackend } from '../src/llm/backend.ts'
import { perplexity } from '../src/llm/likelihood.ts'
import type { Model } from '../src/llm/model.ts'
import { openRandom } from '../src/llm/open-random.ts'
import { greedy } from '../src/llm/sample.ts'
import { type BenchResult, rowOf } from './table.ts'

/** Two threads of the peer, as the machine of the project has two cores; ours has one. */
const peerThreads = 2
const rounds = 5
/** Tokens of a round: the whole of the model's sequence. */
const tokens = 256

/**
 * Tokens a second of random weights in the shape of stories15M: decoding one by one, and the likelihood of a text, both against
 * decoding in C (`llama-decode.c`, -Ofast -march=native -fopenmp), a round of each in turn.
 */
export const llmBench = async (progress: Progress): Promise<BenchResult> => {
  const folder = mkdtempSync(join(tmpdir(), 'bitloom-bench-'))
  try {
    const peer = compiled(folder)
    const { model } = openRandom('random(shape=stories15m)')
    const decoding: { ours: number; peer: number }[] = []
    const likelihood: { ours: number; peer: number }[] = []
    progress.start('tokens a second', rounds, 'rounds')
    await decode(model)
    for (let round = 0; round < rounds; round++) {
      const theirs = decodeInC(peer, model)
      decoding.push({ ours: await decode(model), peer: theirs })
      likelihood.push({ ours: await scored(model), peer: theirs })
      progress.update(round + 1)
    }
    return {
      rows: [
        rowOf('decode, one thread', 'tokens/s', decoding),
        rowOf('likelihood of a text, one thread', 'tokens/s', likelihood),
      ],
      machine: `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`,
      versions: { node: process.version, peer: `${version()}, ${peerThreads} threads` },
    }
  } finally {
    progress.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const compiled = (folder: string): string => {
  const program = join(folder, 'llama-decode')
  const source = fileURLToPath(new URL('../../bench/llama-decode.c', import.meta.url))
  try {
    execFileSync('cc', ['-Ofast', '-march=native', '-fopenmp', source, '-o', program, '-lm'], { stdio: 'pipe' })
    return program
  } catch (error) {
    throw new UserError('E-BENCH', `the peer cannot be compiled with cc (${reasonOf(error)}); install gcc`)
  }
}

const version = (): string => execFileSync('cc', ['--version'], { encoding: 'utf8' }).split('\n')[0]!

const decodeInC = (program: string, { config }: Model): number => {
  const { dimension, hidden, layers, heads, vocabulary } = config
  const numbers = [dimension, hidden, layers, heads, vocabulary, tokens, 1].map(String)
  const env = { ...process.env, OMP_NUM_THREADS: String(peerThreads) }
  return Number(execFileSync(program, numbers, { encoding: 'utf8', env }).split(' ')[0])
}

const decode = async (model: Model): Promise<number> => {
  const conversation = cpuBackend(model).open(tokens)
  const started = performance.now()
  let token = 1
  for (let position = 0; position < tokens; position++) token = greedy(await conversation.next([token]))
  return tokens / ((performance.now() - started) / 1000)
}

const scored = async (model: Model): Promise<number> => {
  const text = Array.from({ length: tokens }, (_, k) => (k * k * 31 + 1) % model.config.vocabulary)
  const started = performance.now()
  const result = await perplexity(cpuBackend(model), [text])
  return result.tokens / ((performance.now() - started) / 1000)
}
