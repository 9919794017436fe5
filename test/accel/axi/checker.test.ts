import { describe, expect, it } from 'vitest'
import { axiChecker } from '../../../src/accel/axi/checker.ts'
import type { AddressBeat, AxiCycle, Channel, StreamBeat } from '../../../src/accel/axi/nets.ts'
import { axiRules, type streamRules } from '../../../src/accel/axi/rules.ts'
import { axiStreamChecker } from '../../../src/accel/axi/stream-checker.ts'

const address = (fields: Partial<AddressBeat> = {}): AddressBeat => ({
  id: 0,
  addr: 0x1000n,
  len: 3,
  size: 2,
  burst: 1,
  lock: false,
  cache: 3,
  prot: 0,
  qos: 0,
  ...fields,
})
const data = (last: boolean, strobe = 0xf, byte = 0) => ({
  data: new Uint8Array(4).fill(byte),
  strb: Uint8Array.of(strobe),
  last,
})
const read = (last: boolean, fields: { id?: number; resp?: number; byte?: number } = {}) => ({
  id: fields.id ?? 0,
  data: new Uint8Array(4).fill(fields.byte ?? 0),
  resp: fields.resp ?? 0,
  last,
})
const response = (fields: { id?: number; resp?: number } = {}) => ({ id: 0, resp: 0, ...fields })
const taken = <Beat>(beat: Beat): Channel<Beat> => ({ beat, ready: true })
const offered = <Beat>(beat: Beat): Channel<Beat> => ({ beat, ready: false })
const idle = { beat: undefined, ready: false }
const quiet: AxiCycle = { aw: idle, w: idle, b: idle, ar: idle, r: idle }
const full = (nets: AxiCycle): AxiCycle => ({ ...quiet, ...nets })

/** The rules that a stimulus on a bus of 32 bits breaks, a quiet cycle before it unless it begins with the reset. */
const brokenBy = (cycles: readonly AxiCycle[], { fresh = false, lite = false } = {}): readonly string[] => {
  const checker = axiChecker({ busBits: 32, lite })
  const all = fresh ? cycles : [quiet, ...cycles]
  all.forEach((nets, cycle) => {
    checker.see(cycle, full(nets))
  })
  return checker.finish(all.length).map(({ rule }) => rule)
}
const writeData = (lasts: readonly boolean[]): AxiCycle[] => lasts.map((last) => ({ w: taken(data(last)) }))
const readData = (lasts: readonly boolean[]): AxiCycle[] => lasts.map((last) => ({ r: taken(read(last)) }))
const four = [false, false, false, true]
const write = (fields: Partial<AddressBeat> = {}, beats?: readonly boolean[]): AxiCycle[] => {
  const beat = address(fields)
  const lasts = beats ?? Array.from({ length: beat.len + 1 }, (_, k) => k === beat.len)
  return [{ aw: taken(beat) }, ...writeData(lasts), { b: taken(response({ id: beat.id })) }]
}
const readAll = (fields: Partial<AddressBeat> = {}): AxiCycle[] => {
  const beat = address(fields)
  return [
    { ar: taken(beat) },
    ...Array.from({ length: beat.len + 1 }, (_, k) => ({ r: taken(read(k === beat.len, { id: beat.id })) })),
  ]
}

/** For each rule what breaks it, and a neighbour that does not. */
const table: Readonly<Record<string, readonly [broken: AxiCycle[], right: AxiCycle[]]>> = {
  'aw-held': [
    [{ aw: offered(address()) }, quiet, ...write()],
    [{ aw: offered(address()) }, ...write()],
  ],
  'aw-stable': [
    [{ aw: offered(address({ prot: 1 })) }, ...write()],
    [{ aw: offered(address()) }, { aw: offered(address()) }, ...write()],
  ],
  'w-held': [
    [{ w: offered(data(false)) }, quiet, ...write()],
    [{ w: offered(data(false)) }, { aw: taken(address()), w: taken(data(false)) }, ...write().slice(2)],
  ],
  'w-stable': [
    [{ aw: taken(address()), w: offered(data(false, 0xf, 1)) }, ...write().slice(1)],
    [{ aw: taken(address()), w: offered(data(false)) }, ...write().slice(1)],
  ],
  'b-held': [
    [...write().slice(0, -1), { b: offered(response()) }, quiet, { b: taken(response()) }],
    [...write().slice(0, -1), { b: offered(response()) }, { b: taken(response()) }],
  ],
  'b-stable': [
    [...write().slice(0, -1), { b: offered(response({ resp: 2 })) }, { b: taken(response()) }],
    [...write().slice(0, -1), quiet, { b: taken(response({ resp: 2 })) }],
  ],
  'ar-held': [
    [{ ar: offered(address()) }, quiet, ...readAll()],
    [{ ar: offered(address()) }, ...readAll()],
  ],
  'ar-stable': [
    [{ ar: offered(address({ len: 2 })) }, ...readAll()],
    [{ ar: offered(address()) }, { ar: offered(address()) }, ...readAll()],
  ],
  'r-held': [
    [{ ar: taken(address()) }, { r: offered(read(false)) }, quiet, ...readData(four)],
    [{ ar: taken(address()) }, { r: offered(read(false)) }, ...readData(four)],
  ],
  'r-stable': [
    [{ ar: taken(address()) }, { r: offered(read(false, { byte: 7 })) }, ...readData(four)],
    [{ ar: taken(address()) }, { r: offered(read(false)) }, ...readData(four)],
  ],
  'aw-burst-type': [write({ burst: 3 }), write({ burst: 0 })],
  'ar-burst-type': [readAll({ burst: 3 }), readAll({ burst: 2 })],
  'aw-size': [write({ size: 3 }), write({ size: 2 })],
  'ar-size': [readAll({ size: 3 }), readAll({ size: 0 })],
  'aw-wrap-length': [write({ burst: 2, len: 4 }), write({ burst: 2, len: 15 })],
  'ar-wrap-length': [readAll({ burst: 2, len: 0 }), readAll({ burst: 2, len: 1 })],
  'aw-wrap-aligned': [
    write({ burst: 2, addr: 0x1001n, size: 1 }, four).map(onlyLanes),
    write({ burst: 2, addr: 0x1002n, size: 1 }, four).map(onlyLanes),
  ],
  'ar-wrap-aligned': [readAll({ burst: 2, addr: 0x1002n }), readAll({ burst: 2, addr: 0x1004n })],
  'aw-fixed-length': [write({ burst: 0, len: 16 }), write({ burst: 0, len: 15 })],
  'ar-fixed-length': [readAll({ burst: 0, len: 255 }), readAll({ burst: 1, len: 255 })],
  'aw-boundary': [write({ addr: 0xff4n }), write({ addr: 0xff0n })],
  'ar-boundary': [readAll({ addr: 0xffffff1n, len: 4 }), readAll({ addr: 0xffffff1n })],
  'aw-cache': [write({ cache: 0b1001 }), write({ cache: 0b0001 })],
  'ar-cache': [readAll({ cache: 0b0100 }), readAll({ cache: 0b1110 })],
  'aw-exclusive-length': [
    write({ lock: true, size: 0, len: 31 }).map(onlyLanes),
    write({ lock: true, size: 2, len: 15 }),
  ],
  'ar-exclusive-length': [readAll({ lock: true, size: 0, len: 31 }), readAll({ lock: true, len: 15 })],
  'aw-exclusive-size': [write({ lock: true, len: 2 }), write({ lock: true, len: 1 })],
  'ar-exclusive-size': [readAll({ lock: true, len: 2 }), readAll({ lock: true, len: 1 })],
  'aw-exclusive-aligned': [write({ lock: true, addr: 0x1008n }), write({ lock: true, addr: 0x1010n })],
  'ar-exclusive-aligned': [readAll({ lock: true, addr: 0x1004n }), readAll({ addr: 0x1004n })],
  'w-last': [
    [{ aw: taken(address()) }, ...writeData([false, true]), { b: taken(response()) }],
    [...writeData(four), { aw: taken(address()) }, { b: taken(response()) }],
  ],
  'w-strobe': [
    [
      { aw: taken(address({ len: 0, size: 1, addr: 0x1002n })) },
      { w: taken(data(true, 0b1110)) },
      { b: taken(response()) },
    ],
    [
      { aw: taken(address({ len: 0, size: 1, addr: 0x1002n })) },
      { w: taken(data(true, 0b1000)) },
      { b: taken(response()) },
    ],
  ],
  'b-address': [
    [...writeData(four), { b: taken(response()) }, { aw: taken(address()) }, { b: taken(response()) }],
    [...writeData(four), { aw: taken(address()) }, { b: taken(response()) }],
  ],
  'b-data': [
    [{ aw: taken(address()) }, ...writeData(four.slice(0, 3)), { w: taken(data(true)), b: taken(response()) }],
    [{ aw: taken(address()) }, ...writeData(four), { b: taken(response()) }],
  ],
  'b-exclusive': [
    [...write().slice(0, -1), { b: taken(response({ resp: 1 })) }],
    [...write({ lock: true }).slice(0, -1), { b: taken(response({ resp: 1 })) }],
  ],
  'r-address': [
    [{ r: taken(read(true, { id: 5 })) }, ...readAll()],
    [...readAll({ id: 5 }), ...readAll()],
  ],
  'r-last': [
    [{ ar: taken(address({ len: 1 })) }, ...readData([false, false])],
    [{ ar: taken(address({ len: 1 })) }, ...readData([false, true])],
  ],
  'r-exclusive': [
    [{ ar: taken(address({ len: 0 })) }, { r: taken(read(true, { resp: 1 })) }],
    [{ ar: taken(address({ len: 0, lock: true })) }, { r: taken(read(true, { resp: 1 })) }],
  ],
  'aw-answered': [write().slice(0, -1), write()],
  'ar-answered': [readAll().slice(0, -1), readAll()],
  'w-addressed': [writeData([true]), write({ len: 0 })],
}

/** The same with strobes in the lanes of beats of 1 or 2 bytes only: none at all. */
function onlyLanes(nets: AxiCycle): AxiCycle {
  return nets.w?.beat ? { ...nets, w: taken({ ...nets.w.beat, strb: Uint8Array.of(0) }) } : nets
}

describe('the AXI4 checker', () => {
  it.each(Object.entries(table))(
    'wakes %s alone where it is broken, and stays silent beside it',
    (rule, [broken, right]) => {
      expect(brokenBy(broken)).toEqual([rule])
      expect(brokenBy(right)).toEqual([])
    },
  )

  it.each([
    ['aw', { aw: taken(address({ len: 0 })) }, [{ w: taken(data(true)) }, { b: taken(response()) }]],
    ['w', { w: taken(data(true)) }, [{ aw: taken(address({ len: 0 })) }, { b: taken(response()) }]],
    ['ar', { ar: taken(address({ len: 0 })) }, [{ r: taken(read(true)) }]],
  ] as const)('wakes %s-reset where valid is there in the first cycle after reset', (channel, first, rest) => {
    expect(brokenBy([first, ...rest], { fresh: true })).toEqual([`${channel}-reset`])
    expect(brokenBy([quiet, first, ...rest], { fresh: true })).toEqual([])
  })

  it('wakes b-reset and r-reset, also after a reset in the middle, and forgets what was open', () => {
    for (const [channel, first] of [
      ['b', { b: taken(response()) }],
      ['r', { r: taken(read(true)) }],
    ] as const) {
      const checker = axiChecker({ busBits: 32 })
      checker.see(0, quiet)
      checker.see(1, full({ aw: taken(address()), ar: taken(address()) }))
      checker.reset()
      checker.see(2, full(first))
      expect(checker.finish(3).map(({ rule }) => rule)).toEqual([`${channel}-reset`, `${channel}-address`])
    }
  })

  it('has a test of every rule', () => {
    const tested = new Set([...Object.keys(table), ...['aw', 'w', 'b', 'ar', 'r'].map((channel) => `${channel}-reset`)])
    expect([...axiRules.keys()].sort()).toEqual([...tested].sort())
    for (const { section } of axiRules.values()) expect(section).toMatch(/^[AB]\d+\.\d+(\.\d+)?$/)
  })

  it('lets exclusive accesses have 128 bytes and no more', () => {
    const exclusive = (bytes: number) => {
      const checker = axiChecker({ busBits: 1024 })
      checker.see(0, quiet)
      checker.see(1, full({ ar: taken(address({ lock: true, size: 7, len: bytes / 128 - 1 })) }))
      return checker.violations.map(({ rule }) => rule)
    }
    expect([exclusive(128), exclusive(256)]).toEqual([[], ['ar-exclusive-size']])
  })

  it('forgets data without an address at a reset', () => {
    const checker = axiChecker({ busBits: 32 })
    checker.see(0, quiet)
    checker.see(1, full({ w: taken(data(false)) }))
    checker.reset()
    checker.see(2, quiet)
    expect(checker.finish(3)).toEqual([])
  })

  it('takes answers of different IDs in any order, read beats of them mixed, and those of one ID in order', () => {
    const asks = [{ ar: taken(address({ id: 1, len: 1 })) }, { ar: taken(address({ id: 2, len: 0 })) }]
    const [one, other] = [(last: boolean) => ({ r: taken(read(last, { id: 1 })) }), { r: taken(read(true, { id: 2 })) }]
    expect(brokenBy([...asks, one(false), other, one(true)])).toEqual([])
    expect(brokenBy([...asks, other, one(false), one(true)])).toEqual([])
    // Of one ID the burst of one beat may not overtake the one of two.
    const same = [{ ar: taken(address({ len: 1 })) }, { ar: taken(address({ len: 0 })) }]
    expect(brokenBy([...same, ...readData([false, true, true])])).toEqual([])
    expect(brokenBy([...same, ...readData([true, false, true])])).toContain('r-last')
  })

  it('sees the lanes of narrow, unaligned, fixed and wrapping beats', () => {
    const strobes = (fields: Partial<AddressBeat>, lanes: readonly number[]) =>
      brokenBy([
        { aw: taken(address({ ...fields, len: lanes.length - 1 })) },
        ...lanes.map((strobe, k) => ({ w: taken(data(k === lanes.length - 1, strobe)) })),
        { b: taken(response()) },
      ])
    expect(strobes({ addr: 0x1003n }, [0b1000, 0b1111])).toEqual([])
    expect(strobes({ addr: 0x1003n }, [0b1100, 0b1111])).toEqual(['w-strobe'])
    expect(strobes({ addr: 0x1001n, size: 1 }, [0b0010, 0b1100, 0b0011])).toEqual([])
    expect(strobes({ addr: 0x1001n, size: 1 }, [0b0010, 0b0011])).toEqual(['w-strobe'])
    expect(strobes({ addr: 0x1002n, size: 1, burst: 0 }, [0b1100, 0b1100])).toEqual([])
    expect(strobes({ addr: 0x1002n, size: 1, burst: 0 }, [0b1100, 0b0011])).toEqual(['w-strobe'])
    expect(strobes({ addr: 0x1003n, size: 0, burst: 2 }, [0b1000, 0b0001, 0b0010, 0b0100])).toEqual([])
    expect(strobes({ addr: 0x1003n, size: 0, burst: 2 }, [0b1000, 0b0001, 0b0010, 0b1000])).toEqual(['w-strobe'])
  })

  it('keeps 100 violations, each with cycle, rule and section', () => {
    const checker = axiChecker({ busBits: 32 })
    for (let cycle = 0; cycle < 151; cycle++)
      checker.see(cycle, full(cycle === 0 ? {} : { r: taken(read(true, { id: 3 })) }))
    expect(checker.violations).toHaveLength(100)
    expect(checker.violations[1]).toEqual({
      cycle: 2,
      rule: 'r-address',
      section: 'A3.3.1',
      message: 'r-address (A3.3.1): read data answers a read of its ID whose address was taken; rid = 3',
    })
    expect(checker.taken).toEqual({ aw: 0, w: 0, b: 0, ar: 0, r: 150 })
  })
})

describe('the AXI4-Lite checker', () => {
  it('lets strobes be anywhere and refuses EXOKAY by the section of AXI4-Lite', () => {
    const one = address({ len: 0, addr: 0x1002n })
    const cycles = [{ aw: taken(one) }, { w: taken(data(true, 0b0001)) }, { b: taken(response()) }]
    expect(brokenBy(cycles, { lite: true })).toEqual([])
    expect(brokenBy(cycles)).toEqual(['w-strobe'])
    const checker = axiChecker({ busBits: 32, lite: true })
    checker.see(0, quiet)
    checker.see(1, full({ ar: taken(address({ len: 0 })) }))
    checker.see(2, full({ r: taken(read(true, { resp: 1 })) }))
    expect(checker.violations.map(({ rule, section }) => [rule, section])).toEqual([['r-exclusive', 'B1.1.1']])
  })
})

describe('the AXI4-Stream checker', () => {
  const beat = (byte: number, last = false): StreamBeat => ({
    data: Uint8Array.of(byte),
    keep: Uint8Array.of(1),
    last,
  })
  const run = (channels: readonly Channel<StreamBeat>[]) => {
    const checker = axiStreamChecker()
    channels.forEach((channel, cycle) => {
      checker.see(cycle, channel)
    })
    return checker
  }
  it('wakes each of its rules alone, and counts beats and packets', () => {
    const broken: Readonly<Record<keyof typeof streamRules, Channel<StreamBeat>[]>> = {
      't-reset': [taken(beat(1, true))],
      't-held': [idle, offered(beat(1)), idle],
      't-stable': [idle, offered(beat(1)), taken(beat(1, true))],
      't-ended': [idle, taken(beat(1, true)), taken(beat(2))],
    }
    for (const [rule, channels] of Object.entries(broken))
      expect(
        run(channels)
          .finish(9)
          .map((violation) => violation.rule),
      ).toEqual([rule])
    const right = run([idle, offered(beat(1)), taken(beat(1)), taken(beat(2, true)), idle])
    const cut = run([idle, taken(beat(1))])
    cut.reset()
    expect(cut.finish(9)).toEqual([])
    expect([right.finish(9), right.taken]).toEqual([[], { beats: 2, packets: 1 }])
  })
})
