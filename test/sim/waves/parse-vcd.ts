/** A variable of a parsed dump: its value at every time it changed, as a bit string or the text of a string variable. */
export interface ParsedVariable {
  readonly type: string
  readonly width: number
  readonly changes: readonly { readonly time: number; readonly value: string }[]
}
export interface ParsedVcd {
  readonly timescale: string
  /** By hierarchical name, `testbench.dut.count`, without the bit select. */
  readonly variables: ReadonlyMap<string, ParsedVariable>
  readonly end: number
}

/** A small reader of value change dumps, word by word as IEEE 1364-2005 section 18.2 has them. */
export const parseVcd = (text: string): ParsedVcd => {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const scopes: string[] = []
  const variables = new Map<string, ParsedVariable>()
  const byCode = new Map<string, { time: number; value: string }[]>()
  let timescale = ''
  let time = -1
  let at = 0
  const untilEnd = (): string[] => {
    const end = words.indexOf('$end', at)
    if (end < 0) throw new Error(`no $end after word ${at}`)
    const body = words.slice(at, end)
    at = end + 1
    return body
  }
  const change = (code: string, value: string): void => {
    const changes = byCode.get(code)
    if (!changes) throw new Error(`nothing has the code ${code}`)
    changes.push({ time, value })
  }
  while (at < words.length) {
    const word = words[at++]!
    if (word === '$scope') scopes.push(untilEnd()[1]!)
    else if (word === '$upscope') {
      untilEnd()
      scopes.pop()
    } else if (word === '$timescale') timescale = untilEnd().join(' ')
    else if (word === '$var') {
      const [type, width, code, name] = untilEnd() as [string, string, string, string]
      const path = [...scopes, name].join('.')
      if (variables.has(path)) throw new Error(`two variables are called ${path}`)
      const changes = byCode.get(code) ?? []
      byCode.set(code, changes)
      variables.set(path, { type, width: Number(width), changes })
    } else if (['$date', '$version', '$comment', '$enddefinitions'].includes(word)) untilEnd()
    else if (word === '$dumpvars' || word === '$end') continue
    else if (word.startsWith('#')) {
      const now = Number(word.slice(1))
      if (!(now > time)) throw new Error(`time ${now} comes after ${time}`)
      time = now
    } else if (/^[01xz]/.test(word)) change(word.slice(1), word[0]!)
    else if (/^[bs]/.test(word)) change(words[at++]!, word.slice(1))
    else throw new Error(`what is ${word}?`)
  }
  if (scopes.length > 0) throw new Error(`scope ${scopes.join('.')} never ends`)
  return { timescale, variables, end: time }
}

/** Text of a variable's value at a time, at the end of that time. */
export const textAt = ({ changes }: ParsedVariable, time: number): string => {
  let low = 0
  let high = changes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (changes[middle]!.time <= time) low = middle + 1
    else high = middle
  }
  if (low === 0) throw new Error(`no value at time ${time}`)
  return changes[low - 1]!.value
}

/** Its bits as an integer, in two's complement where it has a sign. */
export const numberAt = (variable: ParsedVariable, time: number, signed: boolean): bigint => {
  const text = textAt(variable, time)
  if (!/^[01]+$/.test(text)) throw new Error(`${text} is no number`)
  return signed ? BigInt.asIntN(variable.width, BigInt(`0b${text}`)) : BigInt(`0b${text}`)
}
