/**
 * Reads a value change dump (IEEE 1364-2005, section 18) piece by piece, so that a file may be larger than memory. What is
 * declared goes to the listener first, which says what it wants to hear of; real numbers and strings are passed over.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { reasonOf, UserError } from '../../base/user-error.ts'

export interface VcdVariable {
  /** Of the scopes it lies in, the outermost first. */
  readonly scope: readonly string[]
  /** Without its range and without the backslash of an escaped name. */
  readonly name: string
  readonly width: number
  /** Numbers of its highest and lowest bit, in the order of the file; undefined where it has none. */
  readonly range?: readonly [left: number, right: number]
  /** Variables with one signal are names of the same thing. */
  readonly signal: number
}

export interface VcdListener {
  /** The header is read: gives which signals are wanted. */
  declared(variables: readonly VcdVariable[]): (signal: number) => boolean
  /** What follows is at this time, in ps. */
  time(now_ps: number): void
  /** A wanted signal has a value: a character of `01xz` for each bit, the highest first, in small letters. */
  change(signal: number, value: string): void
}

/** Longest word of a file, widest variable, most variables and scopes within one another that are read. */
const [longestWord, widest, mostVariables, deepest] = [2 ** 20, 2 ** 19, 2 ** 22, 256]
/** Bytes read at once. */
const pieceSize = 2 ** 20
const quoted = 40

const toPs: Readonly<Record<string, number>> = { s: 1e12, ms: 1e9, us: 1e6, ns: 1e3, ps: 1, fs: 1e-3 }

/** Vectors of numbers and text, which no net has. */
const isPassedOver = (kind: string): boolean => kind === 'real' || kind === 'realtime' || kind === 'string'

/** The pieces of a file. */
export function* piecesOf(path: string): Generator<Uint8Array> {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    for (;;) {
      const piece = new Uint8Array(pieceSize)
      const size = readSync(file, piece)
      if (size === 0) return
      yield piece.subarray(0, size)
    }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw new UserError('E-READ', `cannot read the value change dump ${path}: ${reasonOf(error)}; check the path`, {
      cause: error,
    })
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Reads a dump; `file` is for messages. A `UserError` says the line of what is wrong. */
export const readVcd = (pieces: Iterable<Uint8Array>, file: string, listener: VcdListener): void => {
  let line = 1
  const fail = (what: string): never => {
    throw new UserError('E-VCD', `${file}, line ${line}: ${what}`)
  }
  const words = wordsOf(pieces, fail, () => line++)
  const header = readHeader(words, fail)
  const wanted = listener.declared(header.variables)
  readChanges(words, fail, header, wanted, listener)
}

type Fail = (what: string) => never
type Words = Iterator<string, undefined>

const cut = (word: string): string => JSON.stringify(word.length > quoted ? `${word.slice(0, quoted)}...` : word)

/** The words between white space, lines counted on the way. */
function* wordsOf(pieces: Iterable<Uint8Array>, fail: Fail, lineEnds: () => void): Generator<string, undefined> {
  const decoder = new TextDecoder('latin1')
  let rest = ''
  for (const piece of pieces) {
    const text = rest + decoder.decode(piece, { stream: true })
    let from = -1
    // What was left of the piece before holds no white space.
    if (rest !== '') from = 0
    for (let at = rest.length; at < text.length; at++) {
      const c = text.charCodeAt(at)
      if (c > 32) {
        if (from < 0) from = at
        continue
      }
      if (from >= 0) {
        yield text.slice(from, at)
        from = -1
      }
      if (c === 10) lineEnds()
    }
    rest = from < 0 ? '' : text.slice(from)
    if (rest.length > longestWord) fail(`a word has more than ${longestWord} characters; this is no value change dump`)
  }
  if (rest !== '') yield rest
  return undefined
}

interface Header {
  readonly variables: readonly VcdVariable[]
  readonly ps: number
  /** Signals and their widths by identifier code; -1 where they are passed over. */
  readonly signals: ReadonlyMap<string, number>
  readonly widths: readonly number[]
}

const readHeader = (words: Words, fail: Fail): Header => {
  const variables: VcdVariable[] = []
  const signals = new Map<string, number>()
  const widths: number[] = []
  const scope: string[] = []
  let ps: number | undefined
  /** The words up to `$end`. */
  const body = (command: string, most = 64): string[] => {
    const found: string[] = []
    for (;;) {
      const { value: word } = words.next()
      if (word === undefined) return fail(`${command} is never closed; end it with $end`)
      if (word === '$end') return found
      // Comments may be long, and nothing of them is kept.
      if (found.length < most) found.push(word)
    }
  }
  const declare = (kind: string, size: string, code: string, reference: string): void => {
    const width = Number(size)
    if (!/^\d{1,7}$/.test(size) || width < 1 || width > widest)
      fail(`a variable has ${cut(size)} bits; 1 to ${widest} are read`)
    if (variables.length === mostVariables) fail(`more than ${mostVariables} variables are declared`)
    const passedOver = isPassedOver(kind)
    const before = signals.get(code)
    if (before !== undefined && before >= 0 && !passedOver && widths[before] !== width)
      fail(`${cut(code)} stands for variables of ${widths[before]} and of ${width} bits`)
    const signal = before ?? (passedOver ? -1 : widths.push(width) - 1)
    signals.set(code, signal)
    if (passedOver || signal < 0) return
    const match = /^(.*?)(?:\[(-?\d{1,9})(?::(-?\d{1,9}))?\])?$/.exec(reference)!
    const [left, right] = [Number(match[2]), Number(match[3] ?? match[2])]
    const ranged = match[2] !== undefined && Math.abs(left - right) + 1 === width
    variables.push({
      scope: [...scope],
      name: (ranged ? match[1]! : reference).replace(/^\\/, ''),
      width,
      ...(ranged ? { range: [left, right] as const } : {}),
      signal,
    })
  }
  for (;;) {
    const { value: command } = words.next()
    if (command === undefined) return fail('the file ends before $enddefinitions; give a whole value change dump')
    switch (command) {
      case '$date':
      case '$version':
      case '$comment':
      case '$attrbegin':
      case '$attrend':
        body(command)
        break
      case '$timescale': {
        const text = body(command).join('')
        const match = /^(1|10|100)(s|ms|us|ns|ps|fs)$/.exec(text)
        if (!match) return fail(`the time scale is ${cut(text)}; give 1, 10 or 100 and s, ms, us, ns, ps or fs`)
        ps = Number(match[1]) * toPs[match[2]!]!
        break
      }
      case '$scope': {
        const [, name] = body(command)
        if (name === undefined) return fail('a scope has no name; write $scope module name $end')
        if (scope.push(name.replace(/^\\/, '')) > deepest) fail(`scopes lie more than ${deepest} deep`)
        break
      }
      case '$upscope':
        body(command)
        if (scope.pop() === undefined) fail('$upscope closes a scope that was never opened')
        break
      case '$var': {
        const [kind, size, code, ...reference] = body(command)
        if (kind === undefined || size === undefined || code === undefined || reference.length === 0)
          return fail('a variable is not whole; write $var wire 8 ! name [7:0] $end')
        declare(kind, size, code, reference.join(''))
        break
      }
      case '$enddefinitions':
        body(command)
        if (ps === undefined) return fail('the header has no $timescale, so that no time is known')
        return { variables, ps, signals, widths }
      default:
        return fail(`${cut(command)} stands where a declaration such as $var belongs`)
    }
  }
}

const readChanges = (
  words: Words,
  fail: Fail,
  { ps, signals, widths }: Header,
  wanted: (signal: number) => boolean,
  listener: VcdListener,
): void => {
  const isWanted = widths.map((_, signal) => wanted(signal))
  let last = -1
  const report = (code: string | undefined, value: string | undefined): void => {
    if (!code) throw fail('the file ends within a value change')
    const signal = signals.get(code) ?? fail(`${cut(code)} has a value and was never declared`)
    if (value === undefined || signal < 0) return
    const width = widths[signal]!
    if (!/^[01xz]+$/.test(value)) fail(`${cut(value)} is no value; its digits are 0, 1, x and z`)
    if (value.length > width) fail(`a value of ${value.length} digits goes to a variable of ${width} bits`)
    if (!isWanted[signal]) return
    if (last < 0) {
      last = 0
      listener.time(0)
    }
    // A value that is shorter than its variable goes on with zeros, x or z.
    listener.change(signal, value.length === width ? value : value.padStart(width, value[0] === '1' ? '0' : value[0]))
  }
  for (;;) {
    const { value: word } = words.next()
    if (word === undefined) return
    const first = word[0]!
    if (first === '#') {
      const time = Number(word.slice(1))
      if (!/^#\d+$/.test(word) || !Number.isSafeInteger(time))
        fail(`${cut(word)} is no time; write # and a whole number`)
      if (time < last) fail(`time goes back from #${last} to ${word}`)
      last = time
      listener.time(time * ps)
    } else if (first === 'b' || first === 'B') report(words.next().value, word.slice(1).toLowerCase())
    else if (first === 'r' || first === 'R' || first === 's') report(words.next().value, undefined)
    else if (first === '$') {
      if (word === '$comment') {
        for (;;) {
          const { value: text } = words.next()
          if (text === undefined) fail('$comment is never closed; end it with $end')
          if (text === '$end') break
        }
      } else if (!/^\$(dumpvars|dumpall|dumpon|dumpoff|end)$/.test(word))
        fail(`${cut(word)} stands where a time or a value belongs`)
    } else if ('01xXzZ'.includes(first)) report(word.slice(1), first.toLowerCase())
    else fail(`${cut(word)} is neither a time nor a value`)
  }
}
