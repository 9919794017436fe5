import { isSigned } from '../../../dsl/ir.ts'
import type { Flat } from '../../flatten.ts'
import { strip } from '../../vector/lane-type.ts'
import { constantLimbs, extended, highOfProduct, type Limbs, limbsOf } from './limbs.ts'
import { operationWords } from './operation.ts'

/** Invocations of a workgroup. */
export const workgroup = 64

/** A design as a compute shader, an invocation a lane, and where its buffers have what. */
export interface Shader {
  readonly text: string
  /** First word of each register, then of what each read port shows; each word is there once a lane, lanes side by side. */
  readonly registers: ReadonlyMap<string, { readonly slot: number; readonly words: number; readonly signed: boolean }>
  readonly stateWords: number
  /** Words of the state before the first read port: what reset puts back, and their values. */
  readonly resetWords: readonly number[]
  /** Words of all memories at power-up, one lane's. */
  readonly memoryWords: readonly number[]
  readonly checks: readonly string[]
}

/** Buffers in the order of their bindings. */
export const bindings = ['run', 'state', 'memory', 'stimulus', 'response', 'failed'] as const

/**
 * The flat design in straight lines: every value a name of its own, which the driver's compiler places. State is in variables
 * while cycles run, and between dispatches in a buffer, lane beside lane, so that neighbours read neighbouring words.
 */
export const shaderOf = (
  flat: Flat,
  { inputWords, outputWords }: { readonly inputWords: number; readonly outputWords: number },
  checks: boolean,
): Shader => {
  const values: Limbs[] = []
  const lines: string[] = []
  let names = 0
  const name = (expression: string): string => {
    if (/^(\w+|\d+u)$/.test(expression)) return expression
    lines.push(`let t${names} = ${expression};`)
    return `t${names++}`
  }
  const set = (index: number, words: readonly string[]): void => {
    values[index] = { words, range: flat.values[index]! }
  }

  let slots = 0
  const registers = new Map<string, { readonly slot: number; readonly words: number; readonly signed: boolean }>()
  const states: { readonly slot: number; readonly words: readonly string[] }[] = []
  const hold = (path: string, index: number): void => {
    const count = limbsOf(flat.values[index]!)
    const words = Array.from({ length: count }, (_, k) => `s${slots + k}`)
    registers.set(path, { slot: slots, words: count, signed: isSigned(flat.values[index]!) })
    states.push({ slot: slots, words })
    set(index, words)
    slots += count
  }
  for (const { path, value } of flat.registers) hold(path, value)
  const resetSlots = slots
  for (const { path, value } of flat.memories.flatMap(({ reads }) => reads)) hold(path, value)

  let memorySize = 0
  const memories = flat.memories.map(({ depth, word, initial }) => {
    const words = limbsOf(word)
    const first = memorySize
    memorySize += depth * words
    return { first, words, depth, initial }
  })
  /** The place of word k of a memory at an address. */
  const memoryPlace = ({ first, words }: (typeof memories)[number], address: string, k: number): string =>
    `memory[(${first + k}u + ${address} * ${words}u) * lanes + lane]`

  let input = 0
  for (const { value } of flat.inputs) {
    const count = limbsOf(flat.values[value]!)
    set(
      value,
      Array.from({ length: count }, (_, k) => name(`stimulus[row + ${(input + k) * strip}u]`)),
    )
    input += count
  }
  flat.values.forEach(({ op, args, amount, value, min, max }, index) => {
    if (op === 'const') set(index, constantLimbs(value, { min, max }).words)
    if (op === 'const' || op === 'in' || op === 'reg' || op === 'read') return
    if (op === 'box') throw new TypeError('a black box has no shader')
    if (op === 'lookup') {
      const memory = memories[amount]!
      const address = values[args[0]!]!.words[0]!
      const inside = `${address} < ${memory.depth}u`
      const words = Array.from({ length: memory.words }, (_, k) =>
        name(`select(0u, ${memoryPlace(memory, `min(${address}, ${memory.depth - 1}u)`, k)}, ${inside})`),
      )
      set(index, words)
      return
    }
    const operands = args.map((arg) => values[arg]!)
    set(index, operationWords(name, { op, amount, min, max }, operands).map(name))
  })

  flat.outputs.reduce((at, { value, range }) => {
    const count = limbsOf(range)
    const words = extended(values[value]!, count)
    words.forEach((word, k) => {
      lines.push(`if (run.respond == 1u) { response[answer + ${(at + k) * strip}u] = ${word}; }`)
    })
    return at + count
  }, 0)
  const promised = checks ? flat.checks : []
  if (promised.length > 0) {
    const held = [...new Set(promised.map(({ holds }) => values[holds]!.words[0]!))]
    lines.push(`if (broken == 0u && (${held.join(' & ')}) == 0u) {`, '  since = run.cycle + k;')
    promised.forEach(({ holds }, k) => {
      lines.push(`  ${k > 0 ? 'else ' : ''}if (${values[holds]!.words[0]} == 0u) { broken = ${k + 1}u; }`)
    })
    lines.push('}')
  }
  /** What may read present values, which assignments before it would change. */
  const frozen = (word: string): string => {
    if (/^(t\d+|\d+u)$/.test(word)) return word
    lines.push(`let t${names} = ${word};`)
    return `t${names++}`
  }
  const nextWords = flat.registers.map(({ value, next }) => {
    const count = limbsOf(flat.values[value]!)
    return { to: values[value]!.words, from: extended(values[next]!, count).map(frozen) }
  })
  flat.memories.forEach(({ collide, writes, reads }, index) => {
    const memory = memories[index]!
    const enabled = (enable: number, body: readonly string[]): string[] => [
      `if (${values[enable]!.words[0]} == 1u) {`,
      ...body.map((line) => `  ${line}`),
      '}',
    ]
    const write = (): void => {
      for (const { address, value, enable } of writes) {
        const at = values[address]!.words[0]!
        const words = extended(values[value]!, memory.words)
        lines.push(
          ...enabled(enable, [
            `if (${at} < ${memory.depth}u) {`,
            ...words.map((word, k) => `  ${memoryPlace(memory, at, k)} = ${word};`),
            '}',
          ]),
        )
      }
    }
    if (collide === 'new') write()
    for (const { value, address, enable } of reads) {
      const at = values[address]!.words[0]!
      const shown = values[value]!.words.map(
        (word, k) =>
          `n${word} = select(0u, ${memoryPlace(memory, `min(${at}, ${memory.depth - 1}u)`, k)}, ${at} < ${memory.depth}u);`,
      )
      for (const word of values[value]!.words) lines.push(`var n${word} = ${word};`)
      lines.push(...enabled(enable, shown))
    }
    if (collide !== 'new') write()
  })
  for (const { to, from } of nextWords)
    to.forEach((word, k) => {
      lines.push(`${word} = ${from[k]};`)
    })
  for (const { value } of flat.memories.flatMap(({ reads }) => reads))
    for (const word of values[value]!.words) lines.push(`${word} = n${word};`)

  const all = states.flatMap(({ slot, words }) => words.map((word, k) => ({ word, slot: slot + k })))
  const text = `struct Run { lanes: u32, cycles: u32, rows: u32, first: u32, cycle: u32, respond: u32, answers: u32, unused: u32 }
@group(0) @binding(0) var<uniform> run: Run;
@group(0) @binding(1) var<storage, read_write> state: array<u32>;
@group(0) @binding(2) var<storage, read_write> memory: array<u32>;
@group(0) @binding(3) var<storage, read> stimulus: array<u32>;
@group(0) @binding(4) var<storage, read_write> response: array<u32>;
@group(0) @binding(5) var<storage, read_write> failed: array<u32>;

${highOfProduct}
@compute @workgroup_size(${workgroup})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  let lanes = run.lanes;
  if (lane >= lanes) { return; }
${all.map(({ word, slot }) => `  var ${word} = state[${slot}u * lanes + lane];`).join('\n')}
  var broken = failed[lane];
  var since = failed[lanes + lane];
  let own = lane % ${strip}u;
  let strips = lane / ${strip}u;
  var at = run.first;
  for (var k = 0u; k < run.cycles; k++) {
    let row = (strips * run.rows + at) * ${inputWords * strip}u + own;
    let answer = (strips * run.answers + k) * ${outputWords * strip}u + own;
${lines.map((line) => `    ${line}`).join('\n')}
    at++;
    if (at == run.rows) { at = 0u; }
  }
${all.map(({ word, slot }) => `  state[${slot}u * lanes + lane] = ${word};`).join('\n')}
  failed[lane] = broken;
  failed[lanes + lane] = since;
}
`
  const resetWords = flat.registers.flatMap(({ value, reset }) => wordsOf(reset, limbsOf(flat.values[value]!)))
  return {
    text,
    registers,
    stateWords: slots,
    resetWords: resetWords.slice(0, resetSlots),
    memoryWords: memories.flatMap(({ depth, words, initial }) =>
      Array.from({ length: depth }, (_, address) => wordsOf(initial[address] ?? 0n, words)).flat(),
    ),
    checks: promised.map(({ path, message }) => (path ? `${path}: ${message}` : message)),
  }
}

const wordsOf = (value: bigint, count: number): number[] =>
  Array.from({ length: count }, (_, k) => Number(BigInt.asUintN(32, value >> BigInt(32 * k))))
