import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { exactDot, fromNumber, positFormat, scalarFormatOf, sum, valueText } from '../../src/formats/index.ts'
import { bitloom, program } from './bitloom.ts'

const calc = (args: readonly string[], input?: string) =>
  spawnSync(process.execPath, [program, 'calc', ...args], { encoding: 'utf8', input, maxBuffer: 1 << 28 })

const json = (args: readonly string[], input?: string): Record<string, unknown> => {
  const { stdout, stderr, status } = calc([...args, '--json'], input)
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as Record<string, unknown>
}

const refused = (args: readonly string[], input = ''): string => {
  const { status, stdout, stderr } = calc(args, input)
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).not.toMatch(/^\s+at /m)
  return stderr
}

describe('calc', () => {
  it.each([
    [['posit(16,1)', 'mul', '0x4000', '0x3000'], '0x3000  0.5\n'],
    [['fp16', 'add', '15360', '0x3c00'], '0x4000  2\n'],
    [['fp16', 'sub', '0x3c00', '0b11110000000000'], '0x0000  0\n'],
    [['fp16', 'fma', '0x3c00', '0x4000', '0x4200'], '0x4500  5\n'],
    [['fp4', 'encode', '2.6'], '0x5  3\n'],
    [['fp4', 'encode', '2.6', '--rounding', 'toward-zero'], '0x4  2\n'],
    [['fp4', 'encode', '-0.5'], '0x9  -0.5\n'],
    [['fp4', 'encode', '--', '-inf'], '0xf  -6\n'],
    [['e4m3', 'encode', '500'], '0x7f  NaN\n'],
    [['e4m3', 'encode', '500', '--overflow', 'saturate'], '0x7e  448\n'],
    [['int8', 'add', '127', '1', '--overflow', 'wrap'], '0x80  -128\n'],
    [['e8m0', 'decode', '0'], '0x00  2^-127\n'],
    [['posit(8,0)', 'decode', '128'], '0x80  NaR\n'],
    // 2048 + 1 + 1: each 1 is half a step of fp16, which only the fused sum keeps.
    [['fp16', 'dot', '0x6800', '0x3c00', '0x3c00', '0x3c00', '0x3c00', '0x3c00'], '0x6801  2050\n'],
    [
      ['fp16', 'dot', '0x6800', '0x3c00', '0x3c00', '0x3c00', '0x3c00', '0x3c00', '--dot', 'each-fma'],
      '0x6800  2048\n',
    ],
  ])('%j prints %j', (args, want) => {
    const { stdout, stderr, status } = calc(args)
    expect([stdout, status], stderr).toEqual([want, 0])
  })

  it('as JSON has code and value: numbers where a double is exact, else texts', () => {
    expect(json(['posit(16,1)', 'mul', '0x4000', '0x3000'])).toEqual({
      format: 'posit(16,1)',
      op: 'mul',
      code: 12288,
      hex: '0x3000',
      value: 0.5,
    })
    expect(json(['e8m0', 'decode', '3']).value).toBe(2 ** -124)
    expect(json(['fp16', 'decode', '0x8000']).value).toBe('-0')
    expect(json(['fp16', 'decode', '0xfc00']).value).toBe('-inf')
    expect(json(['int64', 'sub', '0', '1'])).toMatchObject({ code: '18446744073709551615', value: -1 })
    expect(json(['int64', 'decode', '0x7fffffffffffffff']).value).toBe('9223372036854775807')
  })

  it('reads pairs from standard input, one result code a line, without and with --stdin', () => {
    const format = scalarFormatOf('e5m2')
    const codes = Array.from({ length: 20_000 }, (_, k) => [(k * 7) % 256, (k * 31 + 5) % 256])
    const input = codes.map(([a, b]) => `${a} ${b}\n`).join('')
    const want = codes.map(([a, b]) => format.encode(sum(format.decode(BigInt(a!)), format.decode(BigInt(b!)))))
    for (const extra of [[], ['--stdin']]) {
      const { stdout, stderr } = calc(['e5m2', 'add', ...extra], input)
      expect(stderr).toBe('')
      expect(stdout === `${want.join('\n')}\n`).toBe(true)
    }
  })

  it('reads values to encode and codes to decode; empty lines and remarks give nothing', () => {
    const { stdout } = calc(['fp4', 'encode'], '# values\n0.5\n\n  -6 # the smallest\r\n1e9')
    expect(stdout).toBe('1\n15\n7\n')
    expect(calc(['fp4', 'decode'], '1\n0xf\n').stdout).toBe('0.5\n-6\n')
    expect(json(['fp4', 'decode'], '1\n0xf\n').results).toEqual([
      { code: 1, hex: '0x1', value: 0.5 },
      { code: 15, hex: '0xf', value: -6 },
    ])
    expect(calc(['fp4', 'add'], '').stdout).toBe('')
  })

  it('a dot product takes all lines', () => {
    const { decode, encode } = positFormat(8, 0)
    const codes = Array.from({ length: 100 }, (_, k) => BigInt((k * 13 + 1) % 128))
    const [a, b] = [codes.slice(0, 50), codes.slice(50)]
    const code = encode(exactDot(a.map(decode), b.map(decode)))
    const input = a.map((x, k) => `${x} ${b[k]}`).join('\n')
    expect(calc(['posit(8,0)', 'dot'], input).stdout).toBe(
      `0x${code.toString(16).padStart(2, '0')}  ${valueText(decode(code))}\n`,
    )
  })

  it('says that a quire saturated', () => {
    const largest = Array.from({ length: 128 }, () => '127 127').join('\n')
    expect(json(['posit(8,0)', 'dot'], largest)).toMatchObject({ code: 127, saturated: true })
    expect(calc(['posit(8,0)', 'dot'], largest).stderr).toMatch(/the quire saturated/)
    expect(json(['posit(8,0)', 'dot', '127', '127'])).toMatchObject({ saturated: false })
  })

  it('stochastic rounding repeats with its seed', () => {
    const input = '0.3\n'.repeat(400)
    const run = (seed: string): string =>
      calc(['int4', 'encode', '--rounding', 'stochastic', '--seed', seed], input).stdout
    expect(run('1')).toBe(run('1'))
    expect(run('1')).not.toBe(run('2'))
    const ones = run('1')
      .split('\n')
      .filter((line) => line === '1').length
    expect(ones).toBeGreaterThan(80)
    expect(ones).toBeLessThan(160)
  })

  it('keeps up 100,000 pairs a second', () => {
    const input = Array.from({ length: 200_000 }, (_, k) => `${(k * 40_503) % 65_536} ${(k * 30_011) % 65_536}\n`).join(
      '',
    )
    const start = performance.now()
    const { stdout, status } = calc(['posit(16,1)', 'mul', '--stdin'], input)
    const seconds = (performance.now() - start) / 1000
    expect([status, stdout.split('\n').length]).toEqual([0, 200_001])
    // Three times the room, for machines that do other things at the same time.
    expect(seconds).toBeLessThan(6)
  })

  it.each([
    [['fp44', 'add', '1', '2'], /no number format 'fp44'[\s\S]*did you mean 'fp4'/],
    [['posit(8,9)', 'add', '1', '2'], /posit\(8,9\)\n\s+\^/],
    [['fp4', 'ad', '1', '2'], /there is no operation 'ad'.*did you mean 'add'/],
    [['fp4', 'add', '1', '16'], /'16' is no code of fp4: give an integer from 0 to 15/],
    [['fp4', 'add', '1', '1.5'], /'1\.5' is no code of fp4/],
    [['fp4', 'add', '1', `1${'0'.repeat(90_000)}`], /is no code of fp4/],
    [['fp4', 'add', '1'], /add takes 2 codes, got 1/],
    [['fp4', 'decode', '1', '2'], /decode takes 1 code, got 2/],
    [['fp4', 'dot', '1', '2', '3'], /dot takes pairs of codes, a b a b \.\.\., got 3/],
    [['fp4', 'encode', 'five'], /'five' is no value: give a decimal/],
    [['fp4', 'encode', 'nan'], /fp4 has no code for NaN/],
    [['fp4', 'add', '7', '7', '--overflow', 'error'], /fp4 holds -6 to 6, got 12/],
    [['fp4', 'add', '7', '7', '--overflow', 'wrap'], /only integers/],
    [['fp4', 'add', '7', '7', '--overflow', 'clip'], /there is no overflow 'clip': there are error, saturate/],
    [['fp4', 'add', '7', '7', '--rounding', 'up'], /there is no rounding 'up'/],
    [['fp4', 'dot', '7', '7', '--dot', 'never'], /there is no time to round 'never'/],
    [['fp4', 'add', '7', '7', '--stdin'], /--stdin reads the operands of add/],
    [['bitmod4', 'add', '1', '2'], /single real numbers, which bitmod4\(g=128\) is not/],
  ])('%j is refused', (args, message) => {
    expect(refused(args)).toMatch(message)
  })

  it('names the line of standard input that is wrong', () => {
    expect(refused(['fp4', 'add'], '1 2\n\n3 x\n')).toMatch(/line 3 of standard input: 'x' is no code of fp4/)
    expect(refused(['fp4', 'encode'], '1\nnan\n')).toMatch(/line 2 of standard input: fp4 has no code for NaN/)
    expect(refused(['fp4', 'encode'], '1'.repeat(200_000))).toMatch(/more than 100000 characters/)
  })

  it('encodes doubles as the format itself does', () => {
    const format = scalarFormatOf('bf16')
    for (const x of [0.1, -3.3e30, 1e-39]) {
      const { stdout } = bitloom(['calc', 'bf16', 'encode', '--', String(x)])
      expect(stdout.split(' ')[0]).toBe(`0x${format.encode(fromNumber(x)).toString(16).padStart(4, '0')}`)
    }
  })
})
