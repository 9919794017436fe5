import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/user-error.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { piecesOf, readVcd, type VcdVariable } from '../../../src/sim/waves/read-vcd.ts'

interface Read {
  readonly variables: readonly VcdVariable[]
  readonly heard: readonly (readonly [signal: number, value: string] | number)[]
}

/** A dump read in pieces of so many bytes. */
const read = (text: string, size = text.length, wanted: (signal: number) => boolean = () => true): Read => {
  const bytes = new TextEncoder().encode(text)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
  let variables: readonly VcdVariable[] = []
  const heard: (readonly [number, string] | number)[] = []
  readVcd(pieces, 'a.vcd', {
    declared(all) {
      variables = all
      return wanted
    },
    time: (now) => heard.push(now),
    change: (signal, value) => heard.push([signal, value]),
  })
  return { variables, heard }
}

const header = `$date today $end $version made by hand $end
$comment a comment of
  several lines $end
$timescale
  10 ns
$end
$scope module top $end
$var wire 1 ! clk $end
$var reg 8 " data [7:0] $end
$scope module \\u.1 $end
$var wire 1 ! clk_in $end
$var wire 4 ab up[0:3] $end
$var wire 1 # \\n[5] $end
$var wire 3 $ plain $end
$var real 64 r x $end
$upscope $end
$upscope $end
$enddefinitions $end
`

describe('a value change dump', () => {
  it('declares scopes, names, ranges either way, escaped names and several names of one signal', () => {
    const { variables } = read(header)
    expect(variables).toEqual([
      { scope: ['top'], name: 'clk', width: 1, signal: 0 },
      { scope: ['top'], name: 'data', width: 8, range: [7, 0], signal: 1 },
      { scope: ['top', 'u.1'], name: 'clk_in', width: 1, signal: 0 },
      { scope: ['top', 'u.1'], name: 'up', width: 4, range: [0, 3], signal: 2 },
      { scope: ['top', 'u.1'], name: 'n', width: 1, range: [5, 5], signal: 3 },
      { scope: ['top', 'u.1'], name: 'plain', width: 3, signal: 4 },
    ])
  })

  const body = `$dumpvars
0!
bx "
$end
#3
b101 "
1!
bZ ab
r3.25 r
sidle r
$comment not this: 1! $end
#12
x#
B1x0 $
`

  it('tells times in ps and values at full width: short ones go on with 0, x or z', () => {
    expect(read(header + body).heard).toEqual([
      0,
      [0, '0'],
      [1, 'xxxxxxxx'],
      30_000,
      [1, '00000101'],
      [0, '1'],
      [2, 'zzzz'],
      120_000,
      [3, 'x'],
      [4, '1x0'],
    ])
  })

  it('is the same in pieces of any size, and tells what is wanted alone', () => {
    const whole = read(header + body)
    for (const size of [1, 2, 3, 7, 64]) expect(read(header + body, size)).toEqual(whole)
    expect(read(header + body, 5, (signal) => signal === 4).heard).toEqual([30_000, 120_000, [4, '1x0']])
  })

  const lines = header.split('\n').length
  it.each([
    ['', /line 1: the file ends before \$enddefinitions/],
    ['hello', /line 1: "hello" stands where a declaration/],
    ['$scope module t', /\$scope is never closed/],
    ['$scope module $end', /a scope has no name/],
    ['$upscope $end', /\$upscope closes a scope that was never opened/],
    ['$timescale 2 ns $end', /the time scale is "2ns"; give 1, 10 or 100/],
    ['$var wire 1 ! $end', /a variable is not whole/],
    ['$var wire 0 ! a $end', /a variable has "0" bits; 1 to 524288 are read/],
    ['$var wire 99999999999 ! a $end', /a variable has "99999999999" bits/],
    ['$var wire 1 ! a $end $var wire 2 ! b $end', /"!" stands for variables of 1 and of 2 bits/],
    ['$enddefinitions $end', /no \$timescale/],
    [`${'$scope module t $end '.repeat(300)}`, /scopes lie more than 256 deep/],
    ['x'.repeat(3 * 2 ** 20), /a word has more than 1048576 characters/],
    [`${header}#5\n#4`, new RegExp(`line ${lines + 1}: time goes back from #5 to #4`)],
    [`${header}#-4`, /"#-4" is no time/],
    [`${header}#99999999999999999999`, /is no time/],
    [`${header}1%`, /"%" has a value and was never declared/],
    [`${header}1`, /the file ends within a value change/],
    [`${header}b101`, /the file ends within a value change/],
    [`${header}b102 "`, /"102" is no value; its digits are 0, 1, x and z/],
    [`${header}b "`, /"" is no value/],
    [`${header}b101010101 "`, /a value of 9 digits goes to a variable of 8 bits/],
    [`${header}?!`, /"\?!" is neither a time nor a value/],
    [`${header}$var wire 1 ! a $end`, /"\$var" stands where a time or a value belongs/],
    [`${header}$comment`, /\$comment is never closed/],
  ])('that is wrong is refused with a sentence: %#', (text, sentence) => {
    expect(() => read(text, 2 ** 20)).toThrow(UserError)
    expect(() => read(text, 2 ** 20)).toThrow(sentence)
  })

  it('cut off or changed anywhere is read or refused with a sentence', () => {
    const seed = randomWords(Date.now())()
    const random = randomWords(seed)
    const text = header + body
    for (let k = 0; k < 2000; k++) {
      const at = random() % text.length
      const changed =
        k % 2 === 0
          ? text.slice(0, at)
          : text.slice(0, at) + String.fromCharCode(33 + (random() % 94)) + text.slice(at + 1)
      try {
        read(changed, 1 + (random() % 50))
      } catch (error) {
        expect(error, `seed ${seed}`).toBeInstanceOf(UserError)
      }
    }
  })

  it('comes from a file, at some ten megabytes a second; one that is not there is a sentence', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bitloom-vcd-'))
    try {
      const file = join(folder, 'large.vcd')
      const changes = Array.from({ length: 400_000 }, (_, k) => `#${k + 1}\n${k & 1}!\nb${(k & 255).toString(2)} "\n`)
      writeFileSync(file, header + changes.join(''))
      let count = 0
      const before = process.cpuUsage()
      readVcd(piecesOf(file), file, { declared: () => () => true, time() {}, change: () => count++ })
      expect(count).toBe(800_000)
      expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5)
      expect(() => [...piecesOf(join(folder, 'none.vcd'))]).toThrow(/cannot read the value change dump .*no such file/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
