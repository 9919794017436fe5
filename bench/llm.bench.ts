import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Progress } from '../src/base/progress.ts'
import { reasonOf } from '../src/base/user-error.ts'
import type { Backend } from '../src/llm/backend.ts'
import { threadedBackend } from '../src/llm/cpu/backend.ts'
import { perplexity } from '../src/llm/likelihood.ts'
import type { Model } from '../src/llm/model.ts'
import { openRandom } from '../src/llm/open-random.ts'
import { quantiserOf } from '../src/llm/quantised/quantisers.ts'
import { greedy } from '../src/llm/sample.ts'
import { type MemoryRow, memoryRows } from './llm-memory.ts'
import { type BenchRow, machine, median, othersAtWork, printTable, rowOf } from './table.ts'

const rounds = 7
/** Tokens of a round: the whole of the model's sequence. */
const tokens = 256
const threadCounts = [2, 1] as const

/** Tokens a second of our own; without a peer that does the same. */
export interface RateRow {
  readonly name: string
  readonly tokens_per_s: number
  readonly min: number
  readonly max: number
  readonly rounds: number
}

/** What was asked for, and whether it was reached in this run. */
export interface Target {
  readonly name: string
  readonly wanted: string
  readonly measured: number
  readonly reached: boolean
}

export interface LlmResult {
  readonly rows: readonly BenchRow[]
  readonly rates: readonly RateRow[]
  readonly memory: readonly MemoryRow[]
  readonly targets: readonly Target[]
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
}

/** What the model with weights of 4 bits is quantised by. */
const fourBitQuantiser = 'group-integer(w=int4, group=96)'

/**
 * Random weights in the shape of stories15M: decoding, in float32 and with weights of 4 bits, against float32 decoding in C (`llama-decode.c`),
 * a round of each in turn and each with as many threads; the likelihood of a text in tokens a second; and the memory that loaders take.
 */
export const llmBench = async (progress: Progress): Promise<LlmResult> => {
  const folder = mkdtempSync(join(tmpdir(), 'bitloom-bench-'))
  try {
    const peer = compiled(folder)
    const { model } = openRandom('random(shape=stories15m)')
    const quantised = await quantiserOf(fourBitQuantiser).prepare(model, { progress })
    progress.stop()
    const rows: BenchRow[] = []
    const rates: RateRow[] = []
    for (const threads of threadCounts) {
      const name = threads === 1 ? 'one thread' : `${threads} threads`
      const backend = threadedBackend(model, { threads })!
      const fourBit = threadedBackend(quantised.model, { threads })!
      const decoding: { ours: number; fourBit: number; peer: number }[] = []
      const likelihood: number[] = []
      progress.start(`tokens a second, ${name}`, rounds, 'rounds')
      await decode(backend)
      await decode(fourBit)
      await scored(backend)
      const policy = typeof peer === 'string' ? bestPolicy(peer, model, threads) : 'active'
      for (let round = 0; round < rounds; round++) {
        const theirs = typeof peer === 'string' ? decodeInC(peer, model, threads, policy) : Number.NaN
        decoding.push({ ours: await decode(backend), fourBit: await decode(fourBit), peer: theirs })
        likelihood.push(await scored(backend))
        progress.update(round + 1)
      }
      progress.stop()
      backend.close()
      fourBit.close()
      const both = [
        { name: `decode, ${name}`, pairs: decoding },
        {
          name: `decode, 4-bit weights, ${name}`,
          pairs: decoding.map((round) => ({ ours: round.fourBit, peer: round.peer })),
        },
      ]
      for (const { name, pairs } of both)
        if (typeof peer === 'string') rows.push(rowOf(name, 'tokens/s', pairs))
        else
          rates.push(
            rateOf(
              name,
              pairs.map(({ ours }) => ours),
            ),
          )
      rates.push(rateOf(`likelihood of a text, ${name}`, likelihood))
    }
    const memory = memoryRows(progress)
    return {
      rows,
      rates,
      memory,
      targets: targetsOf(rows, rates, memory),
      machine: machine(),
      versions: {
        node: process.version,
        peer: typeof peer === 'string' ? `${version()}, -Ofast -march=native -fopenmp` : `none: ${peer.reason}`,
        others_at_work: othersAtWork(),
      },
    }
  } finally {
    progress.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const targetsOf = (
  rows: readonly BenchRow[],
  rates: readonly RateRow[],
  memory: readonly MemoryRow[],
): readonly Target[] => {
  const [decoding, fourBit] = rows
  const likelihood = rates.find(({ name }) => name.startsWith('likelihood'))!
  const largest = Math.max(...memory.map(({ ratio }) => ratio))
  const target = (name: string, wanted: string, measured: number, reached: boolean): Target => ({
    ...{ name, wanted, measured, reached },
  })
  return [
    ...(decoding ? [target(`${decoding.name}, over C`, 'at least 0.7', decoding.ratio, decoding.ratio >= 0.7)] : []),
    ...(fourBit ? [target(`${fourBit.name}, over C`, 'at least 1', fourBit.ratio, fourBit.ratio >= 1)] : []),
    target(likelihood.name, 'at least 2000 tokens/s', likelihood.tokens_per_s, likelihood.tokens_per_s >= 2_000),
    ...(memory.length > 0
      ? [target('memory of the worst loader, over its weights', 'at most 1.3', largest, largest <= 1.3)]
      : []),
  ]
}

const rateOf = (name: string, values: readonly number[]): RateRow => {
  const three = (value: number): number => Number(value.toPrecision(3))
  return {
    name,
    tokens_per_s: three(median(values)),
    min: three(Math.min(...values)),
    max: three(Math.max(...values)),
    rounds: values.length,
  }
}

/** The peer's program, or why there is none. */
const compiled = (folder: string): string | { readonly reason: string } => {
  const program = join(folder, 'llama-decode')
  const source = fileURLToPath(new URL('../../bench/llama-decode.c', import.meta.url))
  try {
    execFileSync('cc', ['-Ofast', '-march=native', '-fopenmp', source, '-o', program, '-lm'], { stdio: 'pipe' })
    return program
  } catch (error) {
    return { reason: `cc does not compile it (${reasonOf(error)})` }
  }
}

const version = (): string => execFileSync('cc', ['--version'], { encoding: 'utf8' }).split('\n')[0]!

const policies = ['active', 'passive'] as const
type Policy = (typeof policies)[number]

/** Threads of the peer wait for each other awake, or asleep where that is faster, as it is beside other work. */
const bestPolicy = (program: string, model: Model, threads: number): Policy => {
  const [active, passive] = policies.map((policy) => decodeInC(program, model, threads, policy))
  return active! >= passive! ? 'active' : 'passive'
}

const decodeInC = (program: string, { config }: Model, threads: number, policy: Policy): number => {
  const { dimension, hidden, layers, heads, vocabulary } = config
  const numbers = [dimension, hidden, layers, heads, vocabulary, tokens, 1].map(String)
  const env = { ...process.env, OMP_NUM_THREADS: String(threads), OMP_WAIT_POLICY: policy }
  return Number(execFileSync(program, numbers, { encoding: 'utf8', env }).split(' ')[0])
}

const decode = async (backend: Backend): Promise<number> => {
  const conversation = backend.open(tokens)
  const started = performance.now()
  let token = 1
  for (let position = 0; position < tokens; position++) token = greedy(await conversation.next([token]))
  const seconds = (performance.now() - started) / 1000
  conversation.close()
  return tokens / seconds
}

const scored = async (backend: Backend): Promise<number> => {
  const { vocabulary } = backend.model.config
  const texts = [0, 1, 2].map((text) => Array.from({ length: tokens }, (_, k) => (k * k * 31 + text + 1) % vocabulary))
  const started = performance.now()
  const result = await perplexity(backend, texts)
  return result.tokens / ((performance.now() - started) / 1000)
}

export const printLlm = ({ rows, rates, memory, targets, machine, versions }: LlmResult): string => {
  const texts = (values: readonly (string | number)[]): string[] => values.map(String)
  const none = { machine: '', versions: {} }
  const tables = [
    printTable(
      ['against C', 'ours', 'C', 'ratio', 'min to max', 'unit'],
      rows.map(({ name, ours, peer, ratio, min, max, unit }) =>
        texts([name, ours, peer, ratio, `${min} to ${max}`, unit]),
      ),
      none,
    ),
    printTable(
      ['alone', 'tokens/s', 'min to max'],
      rates.map(({ name, tokens_per_s, min, max }) => texts([name, tokens_per_s, `${min} to ${max}`])),
      none,
    ),
    printTable(
      ['memory of loaders', 'weights MB', 'growth MB', 'ratio'],
      memory.map(({ name, weights_mb, growth_mb, ratio }) => texts([name, weights_mb, growth_mb, ratio])),
      none,
    ),
    printTable(
      ['asked for', 'wanted', 'measured', ''],
      targets.map(({ name, wanted, measured, reached }) =>
        texts([name, wanted, measured, reached ? 'reached' : 'MISSED']),
      ),
      { machine, versions },
    ),
  ]
  return tables.map((table) => table.trimEnd()).join('\n\n')
}
