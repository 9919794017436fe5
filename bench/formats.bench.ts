import { Float16Array, f16round } from '@petamoriken/float16'
import type { Progress } from '../src/base/progress.ts'
import {
  type BlockFormat,
  blockCodecOf,
  blockFormatOf,
  type Codec,
  type CodedBlocks,
  codecOf,
  decodeBlocks,
  encodeBlocks,
  fromNumber,
  type ScalarFormat,
  scalarFormatOf,
  toNumber,
} from '../src/formats/index.ts'
import { quantiseWeights } from '../src/quant/group-integer.ts'
import { type BenchResult, type BenchRow, machine, rowOf } from './table.ts'

/** Values in an array; the exact path gets the first few of them. */
const values = 1 << 18
const few = 1 << 12
const rounds = 5
const secondsPerMeasure = 0.3
const seed = 1

/** Two ways to do one thing, each over `count` values a call. */
interface Contest {
  readonly name: string
  readonly peer: string
  readonly ours: () => void
  readonly theirs: () => void
  readonly theirCount: number
  /** Throws where the two differ. */
  readonly check: () => void
}

const searched = ['fp4', 'int8', 'e4m3', 'e5m2', 'posit(8,1)', 'fp16', 'bf16', 'posit(16,1)'] as const

/**
 * Millions of values a second of processor time, one thread, of the tables and of a peer each: the exact path over bigint, a binary
 * search among the middles of all values (what most quantisers of codebooks do), a library, our weight quantiser. The numbers are
 * like weights: sums of six uniform ones.
 */
export const formatsBench = async (progress: Progress): Promise<BenchResult> => {
  const numbers = weights()
  const contests = [
    ...searched.filter((text) => !text.startsWith('posit')).map((text) => searchContest(text, numbers)),
    ...searched.map((text) => exactContest(text, numbers)),
    ...float16Contests(numbers),
    ...['mxfp4', 'mxfp8(e4m3)', 'mxint8', 'nvfp4', 'group(uint4,g=128,zero=uint4)'].flatMap((text) =>
      blockContests(text, numbers),
    ),
    quantiserContest(numbers),
  ]
  const rows: BenchRow[] = []
  for (const { name, peer, ours, theirs, theirCount, check } of contests) {
    check()
    measure(ours, values)
    measure(theirs, theirCount)
    const figures: { ours: number; peer: number }[] = []
    progress.start(name, rounds, 'rounds')
    for (let round = 0; round < rounds; round++) {
      figures.push({ ours: measure(ours, values), peer: measure(theirs, theirCount) })
      progress.update(round + 1)
    }
    progress.stop()
    rows.push(rowOf(`${name} / ${peer}`, 'Mvalues/s', figures))
  }
  return { rows, machine: machine(), versions: { node: process.version, '@petamoriken/float16': '3.9.3' } }
}

/** Millions of values a second of this process's time, which other processes on the machine do not take from. */
const measure = (run: () => void, count: number): number => {
  const started = process.cpuUsage()
  let done = 0
  let elapsed = 0
  while (elapsed < 1e6 * secondsPerMeasure) {
    run()
    done += count
    const { user, system } = process.cpuUsage(started)
    elapsed = user + system
  }
  return done / elapsed
}

const weights = (): Float32Array => {
  let state = seed
  const uniform = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32 - 0.5
  }
  return Float32Array.from({ length: values }, () => 2 * Array.from({ length: 6 }, uniform).reduce((a, b) => a + b))
}

const same = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
  for (let k = 0; k < b.length; k++)
    if (a[k] !== b[k]) throw new Error(`value ${k} is ${a[k]} and ${b[k]}; no figure is worth anything`)
}

const encodeContest = (name: string, peer: string, codec: Codec, numbers: Float32Array) => {
  const codes = codec.encode(numbers)
  return { name, peer, codes, ours: () => void codec.encode(numbers, codes) }
}

/** Binary search among the middles of the values, a tie looked at by itself. */
const searchContest = (text: string, numbers: Float32Array): Contest => {
  const format = scalarFormatOf(text)
  const levels = Array.from({ length: 2 ** format.bits }, (_, code) => ({
    code,
    value: toNumber(format.decode(BigInt(code))),
  }))
    .filter(({ value }) => Number.isFinite(value) && !Object.is(value, -0))
    .sort((a, b) => a.value - b.value)
  const codeAt = Int32Array.from(levels, ({ code }) => code)
  const middles = Float64Array.from(levels.slice(1), ({ value }, k) => (value + levels[k]!.value) / 2)
  const found = format.bits <= 8 ? new Uint8Array(values) : new Uint16Array(values)
  const search = (): void => {
    for (let k = 0; k < numbers.length; k++) {
      const x = numbers[k]!
      let low = 0
      let high = middles.length
      while (low < high) {
        const half = (low + high) >>> 1
        if (middles[half]! < x) low = half + 1
        else high = half
      }
      if (middles[low] === x && (codeAt[low]! & 1) === 1) low++
      found[k] = codeAt[low]!
    }
  }
  const codec = codecOf(format)
  const contest = encodeContest(`encode ${text}`, 'search', codec, numbers)
  const check = (): void => {
    search()
    same(codec.decode(contest.codes), codec.decode(found))
  }
  return { ...contest, theirs: search, theirCount: values, check }
}

const exactContest = (text: string, numbers: Float32Array): Contest => {
  const format: ScalarFormat = scalarFormatOf(text)
  const found = new Uint16Array(few)
  const exact = (): void => {
    for (let k = 0; k < few; k++) found[k] = Number(format.encode(fromNumber(numbers[k]!)))
  }
  const contest = encodeContest(`encode ${text}`, 'exact path', codecOf(format), numbers)
  const check = (): void => {
    exact()
    same(contest.codes, found)
  }
  return { ...contest, theirs: exact, theirCount: few, check }
}

/** The library's fastest ways: its typed array as a whole for codes, `f16round` for numbers rounded in place. */
const float16Contests = (numbers: Float32Array): readonly Contest[] => {
  const codec = codecOf(scalarFormatOf('fp16'))
  const peer = '@petamoriken/float16'
  const contest = encodeContest('encode fp16', peer, codec, numbers)
  const { codes } = contest
  const half = new Float16Array(numbers)
  const back = new Float32Array(values)
  const rounded = new Float32Array(values)
  const decode = (): void => void codec.decode(codes, back)
  const round = (): void => {
    for (let k = 0; k < values; k++) rounded[k] = f16round(numbers[k]!)
  }
  const check = (): void => {
    decode()
    same(back, Float32Array.from(half))
    round()
    same(back, rounded)
  }
  return [
    { ...contest, theirs: () => void new Float16Array(numbers), theirCount: values, check },
    { name: 'decode fp16', peer, ours: decode, theirs: () => void Float32Array.from(half), theirCount: values, check },
    {
      name: 'round to fp16',
      peer: `${peer} f16round`,
      ours: () => {
        codec.encode(numbers, codes)
        decode()
      },
      theirs: round,
      theirCount: values,
      check,
    },
  ]
}

const blockContests = (text: string, numbers: Float32Array): readonly Contest[] => {
  const format = blockFormatOf(text)
  const codec = blockCodecOf(format)
  const coded = codec.encode(numbers)
  const some = [...numbers.subarray(0, few)].map(fromNumber)
  const exact = exactBlocks(format, some, coded)
  const check = (): void => {
    same(
      coded.codes,
      exact.blocks.flatMap(({ codes }) => codes.map(Number)),
    )
    same(
      codec.decode(coded),
      decodeBlocks(format, exact).map((value) => Math.fround(toNumber(value))),
    )
  }
  return [
    {
      name: `encode ${text}`,
      peer: 'exact path',
      ours: () => void codec.encode(numbers),
      theirs: () => void exactBlocks(format, some, coded),
      theirCount: few,
      check,
    },
    {
      name: `decode ${text}`,
      peer: 'exact path',
      ours: () => void codec.decode(coded),
      theirs: () => void decodeBlocks(format, exact).map(toNumber),
      theirCount: few,
      check,
    },
  ]
}

const exactBlocks = (format: BlockFormat, numbers: readonly ReturnType<typeof fromNumber>[], { outer }: CodedBlocks) =>
  encodeBlocks(format, numbers, { outer: outer === undefined ? undefined : BigInt(outer) })

const quantiserContest = (numbers: Float32Array): Contest => {
  const text = 'group(uint4,g=128,zero=uint4)'
  const format = blockFormatOf(text)
  const codec = blockCodecOf(format)
  const quantise = () => quantiseWeights(numbers, 1, values, { bits: 4, group: 128, signed: false })
  return {
    name: `encode ${text}`,
    peer: 'quantiseWeights',
    ours: () => void codec.encode(numbers),
    theirs: () => void quantise(),
    theirCount: values,
    check: () => same(codec.encode(numbers).codes, quantise().codes),
  }
}
