import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { cacheFolder } from '../../base/cache-folder.ts'
import { type Progress, silent } from '../../base/progress.ts'
import { reasonOf, UserError } from '../../base/user-error.ts'
import type { PortLayout } from '../engine.ts'
import { harnessText, printHeader } from './harness.ts'
import { type BuildTools, buildTools, noDataFlow, processorName, soundFlags } from './tools.ts'
import { needZlib, type WaveFormat, waveFlags } from './wave-file.ts'

/** Printed Verilog whose module `top` has the ports of `ports` and besides them `clk` and `rst`. */
export interface VerilatorDesign {
  readonly verilog: string
  readonly top: string
  readonly ports: PortLayout
}

export interface BuildOptions {
  /** Reports failed checks (`$error` under `ifndef SYNTHESIS`); without, they are left out. Default false. */
  readonly checks?: boolean
  /** `best` runs fastest; `quick` is built sooner, for short runs of large designs. Default `best`. */
  readonly effort?: 'best' | 'quick'
  /** Lets Verilator's data-flow optimiser work, which `soundFlags` says more about. Default false; for measuring Verilator. */
  readonly dataFlow?: boolean
  /** Builds a model that writes waves, which costs time in every cycle. Default: none. */
  readonly waveFormat?: WaveFormat
  /** Threads that share the model, 1 to 256, however many cores there are; default 1. Failed checks of one cycle may be in another order. */
  readonly threads?: number
  /** Where executables are kept; default `$BITLOOM_CACHE/verilator`, else `bitloom/verilator` in the XDG cache. */
  readonly buildFolder?: string
  readonly progress?: Progress
}

export interface Build {
  readonly executable: string
  /** True where it was built earlier. */
  readonly cached: boolean
  readonly seconds: number
}

const native = process.arch === 'arm64' ? '-mcpu=native' : '-march=native'
/** Verilator's default is -Os; these were the fastest of those measured on grids of MACs. */
const compilerFlags = {
  best: { fast: `-O3 ${native}`, runtime: '-O3', slow: '-O1' },
  quick: { fast: '-O1', runtime: '-O3', slow: '-O0' },
} as const

/** Splitting long functions: GCC needs time with the square of their length (104 s against 14 s on 16 x 16 MACs). */
const modelFlags = ['-O3', '--x-assign', 'fast', '--output-split-cfuncs', '500']

const defaultFolder = (): string => join(cacheFolder(), 'verilator')

const digest = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24)

/**
 * The executable that simulates the design: taken from the cache, or built in a temporary folder beside it and renamed,
 * so that a build that was killed leaves nothing that could be taken for a whole one.
 */
export const buildSimulation = (design: VerilatorDesign, options: BuildOptions = {}): Build => {
  const start = performance.now()
  const elapsed = (): number => (performance.now() - start) / 1000
  const tools = buildTools()
  const folder = options.buildFolder ?? defaultFolder()
  const { waveFormat, threads = 1 } = options
  checkThreads(threads)
  const harness = harnessText(design.top, design.ports, waveFormat, threads)
  const sources = { 'model.v': design.verilog, 'harness.cpp': harness }
  const flags = compilerFlags[options.effort ?? 'best']
  const safe = options.dataFlow ? soundFlags.filter((flag) => flag !== noDataFlow) : soundFlags
  const verilatorFlags = [
    ...[...modelFlags, ...safe, ...(options.checks ? [] : ['--noassert', '-DSYNTHESIS'])],
    ...(waveFormat ? waveFlags(waveFormat) : []),
    ...(threads > 1 ? ['--threads', `${threads}`] : []),
  ]
  const machine = [tools, processorName(), printHeader]
  const key = digest([sources, design.top, verilatorFlags, flags, machine])
  const executable = join(folder, `${design.top.slice(0, 60)}-${key}`)
  if (existsSync(executable)) {
    markUsed(executable)
    return { executable, cached: true, seconds: elapsed() }
  }

  if (waveFormat === 'fst') needZlib()
  const runtime = join(
    folder,
    `runtime-${digest([machine, flags.runtime, ...(waveFormat ? [waveFormat] : []), ...(threads > 1 ? ['threads'] : [])])}`,
  )
  const work = join(folder, `build-${process.pid}-${randomBytes(6).toString('hex')}`)
  const progress = options.progress ?? silent
  progress.say(`building the Verilator simulation of ${design.top}; it is kept for the next time`)
  makeFolder(join(work, 'obj'))
  try {
    removeOld(folder)
    for (const [name, text] of Object.entries({ ...sources, 'print.h': printHeader }))
      writeFileSync(join(work, name), text)
    const ready = takeRuntime(runtime, join(work, 'obj'))
    runVerilator(design.top, work, tools, [
      ...['--cc', '--exe', '--build', '-j', `${availableParallelism()}`, ...verilatorFlags, '-Wno-fatal'],
      ...['--prefix', 'Vmodel', '--top-module', design.top, '--Mdir', 'obj', '-CFLAGS', '-include ../print.h'],
      ...['-MAKEFLAGS', `OPT_FAST='${flags.fast}' OPT_GLOBAL='${flags.runtime}' OPT_SLOW='${flags.slow}'`],
      ...ready.flatMap((object) => ['-MAKEFLAGS', `-o ${object}`]),
      ...['model.v', 'harness.cpp'],
    ])
    if (ready.length === 0) keepRuntime(join(work, 'obj'), runtime)
    renameSync(join(work, 'obj', 'Vmodel'), executable)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return { executable, cached: false, seconds: elapsed() }
}

const mostThreads = 256
const checkThreads = (threads: number): void => {
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads)
    throw new UserError(
      'E-THREADS',
      `threads of Verilator are a whole number from 1 to ${mostThreads}, got ${threads}; take one a core at most`,
    )
}

const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new UserError(
      'E-CACHE',
      `cannot make the build folder ${folder}: ${reasonOf(error)}; set BITLOOM_CACHE to a folder that you can write`,
      { cause: error },
    )
  }
}

const runVerilator = (top: string, work: string, tools: BuildTools, flags: readonly string[]): void => {
  const { error, status, signal, stdout, stderr } = spawnSync('verilator', flags, {
    cwd: work,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
  })
  if (status === 0) return
  if (signal) throw new UserError('E-VERILATOR-BUILD', `the build of ${top} was stopped by ${signal}; run it again`)
  const lines = `${stderr ?? ''}\n${stdout ?? ''}`.split('\n')
  const complaint = lines.find((line) => /^%Error|: (fatal )?error:|\*\*\*/.test(line)) ?? reasonOf(error ?? status)
  throw new UserError('E-VERILATOR-BUILD', `${tools.verilator} cannot build ${top}: ${complaint.trim()}`)
}

// ── Verilator's own runtime library: the same for every design and three quarters of a small build ────────────────────

/** Copies the compiled runtime into a build folder; the names of the objects, none where it was not compiled yet. */
const takeRuntime = (runtime: string, objects: string): string[] => {
  if (!existsSync(runtime)) return []
  const names = readdirSync(runtime)
  for (const name of names) copyFileSync(join(runtime, name), join(objects, name))
  markUsed(runtime)
  return names
}

const keepRuntime = (objects: string, runtime: string): void => {
  const partial = `${objects}-runtime`
  mkdirSync(partial)
  for (const name of readdirSync(objects))
    if (/^verilated.*\.o$/.test(name)) copyFileSync(join(objects, name), join(partial, name))
  try {
    renameSync(partial, runtime)
  } catch (error) {
    if (!existsSync(runtime)) throw error
  }
}

// ── age ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const day = 24 * 60 * 60 * 1000
const markUsed = (path: string): void => utimesSync(path, new Date(), new Date())

/** Removes what was not used for a month, and builds that were killed more than a day ago. */
const removeOld = (folder: string): void => {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > (name.startsWith('build-') ? day : 30 * day)) rmSync(path, { recursive: true, force: true })
  }
}
