import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const tools = ['verilator', 'iverilog', 'g++', 'make', 'chromium', 'sta']
const script = join(process.cwd(), 'scripts/setup-tools.sh')

describe('setup-tools.sh', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bitloom-test-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** Puts commands that only note how they were called onto a PATH where nothing else is. */
  const stub = (names: readonly string[], exitCode = 0): void => {
    for (const name of names) {
      const path = join(folder, name)
      writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> ${folder}/calls\nexit ${exitCode}\n`)
      chmodSync(path, 0o755)
    }
  }
  /** What was called, besides the compiler that is asked for a header. */
  const run = (...options: string[]) => {
    const result = spawnSync('/bin/bash', [script, ...options], { encoding: 'utf8', env: { PATH: folder } })
    const calls = existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').split('\n') : []
    return {
      code: result.status,
      out: result.stdout,
      err: result.stderr,
      calls: calls.filter((line) => line !== '' && !line.startsWith('g++ -E ')),
    }
  }

  it('says what is already there and calls nothing', () => {
    stub([...tools, 'apt-get', 'sudo', 'env'])
    const { code, out, calls } = run()
    expect(out.match(/already there: /g)).toHaveLength(7)
    expect([code, calls]).toEqual([0, []])
  })

  it('updates once and installs what is missing only, without questions and extras', () => {
    stub(['g++', 'make', 'google-chrome', 'sta', 'apt-get', 'sudo', 'env'])
    const { code, out, calls } = run()
    const prefix = process.getuid?.() === 0 ? 'env' : 'sudo env'
    expect(calls).toEqual([
      `${prefix} DEBIAN_FRONTEND=noninteractive apt-get update`,
      `${prefix} DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends verilator iverilog`,
    ])
    expect(out).toMatch(/Chromium +already there: .*google-chrome/)
    expect(code).toBe(0)
  })

  it('installs the headers of zlib where the compiler finds none', () => {
    stub([...tools, 'apt-get', 'sudo', 'env'])
    stub(['g++'], 1)
    const { code, out, calls } = run()
    expect(calls[1]).toMatch(/install -y --no-install-recommends zlib1g-dev$/)
    expect(out).toMatch(/zlib headers +missing/)
    expect(code).toBe(0)
  })

  it('prints the commands and runs none with --dry-run', () => {
    stub(['apt-get', 'sudo', 'env'])
    const { code, out, calls } = run('--dry-run')
    expect(out).toMatch(
      /\+ .*apt-get update\n\+ .*apt-get install .* verilator iverilog g\+\+ make zlib1g-dev chromium opensta\nNothing was/,
    )
    expect([code, calls]).toEqual([0, []])
  })

  it('ends with one sentence where apt fails', () => {
    stub(['apt-get', 'sudo', 'env'], 100)
    const { code, err } = run()
    expect(err).toBe('setup:tools: apt-get update failed (its message is above); check the network and run it again\n')
    expect(code).toBe(1)
  })

  it('prints the line for dnf or Homebrew where there is no apt', () => {
    stub(['g++', 'make'])
    expect(run()).toMatchObject({
      code: 1,
      err: 'setup:tools: this script installs through apt only; run: brew install verilator icarus-verilog --cask chromium\n',
    })
    stub(['dnf'])
    expect(run().err).toMatch(/run: sudo dnf install -y verilator iverilog chromium\n$/)
  })

  it('says where there is no package that a missing tool has none there', () => {
    stub(tools.filter((name) => name !== 'sta'))
    expect(run()).toMatchObject({
      code: 1,
      err: 'setup:tools: OpenSTA is a package of Debian and Ubuntu alone; build it from its sources, or leave it out: its tests are then skipped\n',
    })
  })

  it('refuses options that it does not know', () => {
    expect(run('--fast')).toMatchObject({
      code: 2,
      err: "setup:tools: unknown option '--fast'; the only one is --dry-run\n",
    })
  })
})
