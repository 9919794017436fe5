import { createRandom } from '../base/random.ts'
import { unknownName } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import {
  arithmeticOf,
  bitsFrom,
  type DotRounding,
  formatOf,
  fromNumber,
  isScalar,
  type Overflow,
  quireOf,
  type Rounding,
  type ScalarFormat,
  sameValue,
  stochastic,
  toNumber,
  type Value,
  valueOfText,
  valueText,
} from '../formats/index.ts'
import type { Output } from './context.ts'
import { type Line, linesOf } from './lines.ts'

export const operationNames = ['add', 'sub', 'mul', 'fma', 'dot', 'decode', 'encode'] as const
export const roundingNames = ['nearest-even', 'toward-zero', 'stochastic'] as const
export const overflowNames: readonly Overflow[] = ['error', 'saturate', 'wrap', 'special']
export const dotNames: readonly DotRounding[] = ['fused', 'each-fma', 'each-operation']

export interface CalcRequest {
  readonly rounding: string
  /** Seed of stochastic rounding. */
  readonly seed: number
  /** The format's own unless given. */
  readonly overflow?: string
  /** When a dot product is rounded. */
  readonly dot: string
  readonly stdin?: boolean
}

interface Result {
  readonly code: bigint
  readonly value: Value
  /** A posit's dot product left the range of its quire, so that it is not exact. */
  readonly saturated?: boolean
}

/** `bitloom calc`: one operation on operands of the command line, or one a line of standard input; `dot` takes all lines. */
export const calcCommand = async (
  text: string,
  operation: string,
  operands: readonly string[],
  request: CalcRequest,
  output: Output,
): Promise<void> => {
  const format = scalarFormat(text)
  const name = oneOf('operation', operation, operationNames)
  const calculate = calculator(format, name, request)
  const head = { format: format.id, op: name }
  if (request.stdin && operands.length > 0)
    throw new UserError('E-CALC', `--stdin reads the operands of ${name}: give none on the command line`)
  if (operands.length > 0) return oneResult(explain(calculate, operands), head, format, output)
  if (name === 'dot') {
    const words: string[] = []
    for await (const lines of linesOf(process.stdin)) for (const line of lines) words.push(...line.words)
    return oneResult(explain(calculate, words), head, format, output)
  }
  const results: object[] = []
  for await (const lines of linesOf(process.stdin)) {
    const texts: string[] = []
    for (const line of lines) {
      const result = explain(calculate, line.words, line)
      if (output.json) results.push(asJson(result, format))
      else texts.push(`${name === 'decode' ? valueText(result.value) : result.code}\n`)
    }
    output.write(texts.join(''))
  }
  output.result({ ...head, results })
}

const oneResult = (result: Result, head: object, format: ScalarFormat, output: Output): void => {
  output.result({ ...head, ...asJson(result, format) })
  output.print(`${hexadecimal(result.code, format)}  ${valueText(result.value)}`)
  if (result.saturated) output.progress.say('the quire saturated: this is not the exact dot product')
}

const scalarFormat = (text: string): ScalarFormat => {
  const format = formatOf(text)
  if (isScalar(format)) return format
  throw new UserError(
    'E-CALC',
    `calc takes formats of single real numbers, which ${format.id} is not: choose one such as fp4, 'fp4(sv=5)' or int4`,
  )
}

type Calculate = (words: readonly string[]) => Result

/** The operation as a function of the texts of its operands. */
const calculator = (format: ScalarFormat, name: (typeof operationNames)[number], request: CalcRequest): Calculate => {
  const rounding = roundingOf(request)
  const overflow = request.overflow === undefined ? format.overflow : oneOf('overflow', request.overflow, overflowNames)
  const when = oneOf('time to round', request.dot, dotNames)
  const arithmetic = arithmeticOf(format, { rounding, overflow })
  const quire = format.kind === 'posit' && when === 'fused' ? quireOf(format) : undefined
  const readCode = codeReader(format)
  const result = (code: bigint): Result => ({ code, value: format.decode(code) })

  const codesOf = (words: readonly string[], count: number): bigint[] => {
    if (words.length !== count)
      throw new UserError('E-CALC', `${name} takes ${count} code${count === 1 ? '' : 's'}, got ${words.length}`)
    return words.map(readCode)
  }
  switch (name) {
    case 'decode':
      return (words) => result(codesOf(words, 1)[0]!)
    case 'encode':
      return (words) => result(format.encode(oneValue(words), rounding, overflow))
    case 'fma':
      return (words) => {
        const [a, b, c] = codesOf(words, 3)
        return result(arithmetic.fma(a!, b!, c!))
      }
    case 'dot':
      return (words) => {
        if (words.length % 2 !== 0)
          throw new UserError('E-CALC', `dot takes pairs of codes, a b a b ..., got ${words.length} codes`)
        const codes = words.map(readCode)
        const a = codes.filter((_, k) => k % 2 === 0)
        const b = codes.filter((_, k) => k % 2 === 1)
        if (!quire) return result(arithmetic.dot(a, b, when))
        const { code, saturated } = quire.dot(a, b, rounding)
        return { ...result(code), saturated }
      }
    default:
      return (words) => {
        const [a, b] = codesOf(words, 2)
        return result(arithmetic[name](a!, b!))
      }
  }
}

const roundingOf = ({ rounding, seed }: CalcRequest): Rounding => {
  const name = oneOf('rounding', rounding, roundingNames)
  return name === 'stochastic' ? stochastic(bitsFrom(createRandom(seed))) : name
}

const oneOf = <const T extends string>(what: string, text: string, known: readonly T[]): T => {
  const found = known.find((name) => name === text)
  if (found === undefined) throw unknownName('E-CALC', what, text, known)
  return found
}

/** Reads a code in decimal, hexadecimal or binary. */
const codeReader = ({ id, bits }: ScalarFormat): ((text: string) => bigint) => {
  const count = 1n << BigInt(bits)
  // Longer digits are out of range anyway, and are not turned into a number.
  const most = bits + 10
  return (text) => {
    const code = /^(\d+|0x[\da-f]+|0b[01]+)$/i.test(text) && text.length <= most ? BigInt(text) : -1n
    if (code >= 0n && code < count) return code
    throw new UserError(
      'E-CALC',
      `'${text.slice(0, 40)}' is no code of ${id}: give an integer from 0 to ${count - 1n}, such as ${count / 2n} or 0x${(count / 2n).toString(16)}`,
    )
  }
}

const oneValue = (words: readonly string[]): Value => {
  if (words.length !== 1) throw new UserError('E-CALC', `encode takes 1 value, got ${words.length}`)
  const value = valueOfText(words[0]!)
  if (value) return value
  throw new UserError(
    'E-CALC',
    `'${words[0]!.slice(0, 40)}' is no value: give a decimal such as -0.375 or 1e-3, a power such as 3*2^-9, inf, nan or nar`,
  )
}

/** The result, or the user's mistake in one sentence, with the line it stands in. */
const explain = (calculate: Calculate, words: readonly string[], line?: Line): Result => {
  try {
    return calculate(words)
  } catch (error) {
    if (!(error instanceof UserError) && !(error instanceof RangeError)) throw error
    const where = line ? `line ${line.number} of standard input: ` : ''
    throw new UserError(error instanceof UserError ? error.code : 'E-CALC', where + error.message, { cause: error })
  }
}

const hexadecimal = (code: bigint, { bits }: ScalarFormat): string =>
  `0x${code.toString(16).padStart(Math.ceil(bits / 4), '0')}`

/** Numbers where JSON's doubles hold them exactly, else texts. */
const asJson = ({ code, value, saturated }: Result, format: ScalarFormat): object => {
  const number = toNumber(value)
  const exact = value.kind === 'finite' && sameValue(fromNumber(number), value) && !Object.is(number, -0)
  return {
    code: code <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(code) : String(code),
    hex: hexadecimal(code, format),
    value: exact ? number : valueText(value),
    ...(saturated === undefined ? {} : { saturated }),
  }
}
