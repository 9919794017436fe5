import type { Port, PortLayout } from '../engine.ts'
import type { Flat, FlatValue } from '../flatten.ts'
import type { Watch } from '../watch.ts'
import { expression, literal, type Representation, representationOf } from './expression.ts'
import { memoryEdges, wordText } from './memory.ts'

/** V8 stops optimising a function beyond 61,440 bytes of bytecode; 400 to 800 statements each run best. */
const statementsPerFunction = 400
/** Up to here registers live in local variables of one function with the clock loop inside. */
const smallDesign = 120

/** Storage a generated program needs, one slot count per representation. */
export interface Storage {
  readonly registers: Readonly<Record<Representation, number>>
  readonly shared: Readonly<Record<Representation, number>>
}

export interface Program {
  /**
   * Body of `new Function('S', 'N', 'T', 'O', 'fail', 'boxes', code)`; S and N are the registers' present and next values and T the
   * values shared between functions, each `{ i32, f64, big }`; O the output row; `M_0`, `M_1`, ... the memories' words and
   * `W_0`, `W_1`, ... the words of the watches. Returns `run(I, words, rows, cycles, R)`.
   */
  readonly code: string
  readonly storage: Storage
  /** Where each register lives, and after those each read port of a memory. */
  readonly slots: readonly { readonly kind: Representation; readonly slot: number }[]
}

/** Straight-line JavaScript of one cycle, in functions V8 still optimises. */
export const generate = (
  flat: Flat,
  ports: PortLayout,
  checks: boolean,
  watches: readonly Pick<Watch, 'writes'>[] = [],
): Program => {
  const live = liveOperations(flat, checks)
  const watched = watches.flatMap(({ writes }, k) => writes.map((write) => ({ ...write, row: `W_${k}` })))
  const small = live.length + watched.length <= smallDesign
  // A register's next value is stored by the function that computes it; plain moves come in functions of their own.
  const stores = new Map<number, number[]>()
  const moves: number[] = []
  const computed = new Set(live)
  flat.registers.forEach(({ next }, k) => {
    if (!computed.has(next)) moves.push(k)
    else stores.set(next, [...(stores.get(next) ?? []), k])
  })
  const functionOf = new Map<number, number>()
  let functionCount = 1
  let statements = 0
  for (const value of live) {
    const weight = 1 + (stores.get(value)?.length ?? 0)
    if (!small && statements + weight > statementsPerFunction) {
      functionCount++
      statements = 0
    }
    statements += weight
    functionOf.set(value, functionCount - 1)
  }

  const counter = (): ((kind: Representation) => number) & { readonly counts: Record<Representation, number> } => {
    const counts: Record<Representation, number> = { i32: 0, f64: 0, big: 0 }
    return Object.assign((kind: Representation) => counts[kind]++, { counts })
  }
  const takeRegister = counter()
  const reads = flat.memories.flatMap((memory) => memory.reads)
  const states = [...flat.registers, ...reads]
  const slots = states.map(({ value }) => {
    const kind = representationOf(flat.values[value]!)
    return { kind, slot: takeRegister(kind) }
  })
  const registerText = new Map(
    states.map(({ value }, k) => [value, small ? `r${k}` : `S.${slots[k]!.kind}[${slots[k]!.slot}]`]),
  )
  const inputText = new Map(flat.inputs.map(({ value }, k) => [value, readInput(ports.inputs[k]!)]))

  const homeOf = (value: number): number => functionOf.get(value) ?? 0

  // Values read outside the function that computes them are stored once in T.
  const takeShared = counter()
  const sharedText = new Map<number, string>()
  const share = (value: number): void => {
    if (sharedText.has(value)) return
    const kind = representationOf(flat.values[value]!)
    sharedText.set(value, `T.${kind}[${takeShared(kind)}]`)
  }
  const last = functionCount
  const readers: { value: number; at: number }[] = [
    ...live.flatMap((value) => flat.values[value]!.args.map((arg) => ({ value: arg, at: functionOf.get(value)! }))),
    ...flat.outputs.map(({ value }) => ({ value, at: last })),
    ...flat.boxes.flatMap(({ inputs }) => inputs.map((value) => ({ value, at: last }))),
    ...memoryInputs(flat).map((value) => ({ value, at: last })),
    ...watched.map(({ value }) => ({ value, at: last })),
    ...(checks
      ? flat.checks.flatMap(({ holds, signals }) => signals.map(({ value }) => ({ value, at: homeOf(holds) })))
      : []),
  ]
  if (!small)
    for (const { value, at } of readers) if (functionOf.has(value) && functionOf.get(value) !== at) share(value)

  /** Text of a value as read in function `at`. */
  const text = (value: number, at: number): string => {
    const of = flat.values[value]!
    if (of.op === 'const') return literal(of.value, representationOf(of))
    if (of.op === 'in') return inputText.get(value)!
    if (of.op === 'reg' || of.op === 'read') return registerText.get(value)!
    if (!small && functionOf.get(value) !== at) return sharedText.get(value)!
    return `t${value}`
  }

  const bodies: string[][] = Array.from({ length: functionCount }, () => [])
  for (const value of live) {
    const at = functionOf.get(value)!
    const of = flat.values[value]!
    const args = of.args.map((arg) => flat.values[arg]!)
    const texts = of.args.map((arg) => text(arg, at))
    const code = of.box
      ? boxOutput(of, of.box, args, texts)
      : of.op === 'lookup'
        ? wordText(of.amount, of, texts[0]!)
        : expression(of, args, texts)
    bodies[at]!.push(`const t${value} = ${code};`)
    const shared = sharedText.get(value)
    if (shared) bodies[at]!.push(`${shared} = t${value};`)
  }
  if (checks)
    flat.checks.forEach(({ holds, signals }, k) => {
      const home = homeOf(holds)
      const values = signals.map(({ value }) => text(value, home))
      bodies[home]!.push(`if (!${text(holds, home)}) fail(${k}, cycle, [${values.join(', ')}]);`)
    })

  const outputs = flat.outputs.flatMap(({ value }, k) =>
    writePort('O', ports.outputs[k]!, text(value, last), representationOf(flat.values[value]!)),
  )
  const looks = watched.flatMap(({ value, port, row }) =>
    writePort(row, port, text(value, last), representationOf(flat.values[value]!)),
  )
  // A box's state may move here: what its outputs are in this cycle is computed by now.
  flat.boxes.forEach(({ of, inputs, tick }, k) => {
    if (!of.blackBox.next) return
    const values = inputs.map((value) => bigText(flat.values[value]!, text(value, last)))
    outputs.push(`${tick === undefined ? '' : `if (${text(tick, last)}) `}boxes.step(${k}, [${values.join(', ')}]);`)
  })
  const nextText = (k: number, at: number): string => {
    const { next } = flat.registers[k]!
    const wide = slots[k]!.kind === 'big' && representationOf(flat.values[next]!) !== 'big'
    return wide ? `BigInt(${text(next, at)})` : text(next, at)
  }

  const storage = { registers: takeRegister.counts, shared: takeShared.counts }
  const loopHead = 'let at = 0, to = 0; const end = words * rows;'
  const loopTail = 'at += words; if (at === end) at = 0;'
  if (small) {
    const all = states.map((_, k) => k)
    const registers = flat.registers.map((_, k) => k)
    const slotOf = (k: number): string => `S.${slots[k]!.kind}[${slots[k]!.slot}]`
    return {
      storage,
      slots,
      code: [
        "'use strict';",
        'return function run(I, words, rows, cycles, R) {',
        loopHead,
        ...all.map((k) => `let r${k} = ${slotOf(k)};`),
        'for (let cycle = 0; cycle < cycles; cycle++) {',
        ...bodies[0]!,
        ...outputs,
        ...looks,
        `if (R) for (let k = 0; k < ${ports.outputWords}; k++) R[to++] = O[k];`,
        ...registers.map((k) => `const n${k} = ${nextText(k, 0)};`),
        ...memoryEdges(flat, {
          value: (value) => text(value, 0),
          now: (read) => `r${registers.length + read}`,
          next: (read, word) => `const n${registers.length + read} = ${word};`,
        }),
        ...all.map((k) => `r${k} = n${k};`),
        loopTail,
        '}',
        ...all.map((k) => `${slotOf(k)} = r${k};`),
        '}',
      ].join('\n'),
    }
  }

  const store = (k: number, at: number): string => `N.${slots[k]!.kind}[${slots[k]!.slot}] = ${nextText(k, at)};`
  for (const [value, registers] of stores) {
    const at = functionOf.get(value)!
    bodies[at]!.push(...registers.map((k) => store(k, at)))
  }
  for (let from = 0; from < moves.length; from += statementsPerFunction)
    bodies.push(moves.slice(from, from + statementsPerFunction).map((k) => store(k, last)))
  const slotOfRead = (array: 'S' | 'N', read: number): string => {
    const { kind, slot } = slots[flat.registers.length + read]!
    return `${array}.${kind}[${slot}]`
  }
  const edges = memoryEdges(flat, {
    value: (value) => text(value, last),
    now: (read) => slotOfRead('S', read),
    next: (read, word) => `${slotOfRead('N', read)} = ${word};`,
  })
  const edgeFunctions = inFunctions('edge', edges)
  const lookFunctions = inFunctions('look', looks)
  const commit = (['i32', 'f64'] as const)
    .filter((kind) => storage.registers[kind] > 0)
    .map((kind) => `S.${kind}.set(N.${kind});`)
  if (storage.registers.big > 0) commit.push(`for (let k = 0; k < ${storage.registers.big}; k++) S.big[k] = N.big[k];`)
  return {
    storage,
    slots,
    code: [
      "'use strict';",
      'let I, at = 0, cycle = 0;',
      ...hoist(bodies.map((body, k) => `function part${k}() {\n${body.join('\n')}\n}`)),
      ...hoist([`function drive() {\n${outputs.join('\n')}\n}`, ...lookFunctions, ...edgeFunctions]),
      'return function run(source, words, rows, cycles, R) {',
      'I = source; at = 0; let to = 0; const end = words * rows;',
      'for (cycle = 0; cycle < cycles; cycle++) {',
      ...bodies.map((_, k) => `part${k}();`),
      'drive();',
      ...lookFunctions.map((_, k) => `look${k}();`),
      `if (R) for (let k = 0; k < ${ports.outputWords}; k++) R[to++] = O[k];`,
      ...edgeFunctions.map((_, k) => `edge${k}();`),
      ...commit.map(unqualified),
      loopTail,
      '}',
      '}',
    ].join('\n'),
  }
}

/** Functions `name0`, `name1`, ... of a size V8 optimises. */
const inFunctions = (name: string, statements: readonly string[]): string[] => {
  const functions: string[] = []
  for (let from = 0; from < statements.length; from += statementsPerFunction) {
    const body = statements.slice(from, from + statementsPerFunction).join('\n')
    functions.push(`function ${name}${functions.length}() {\n${body}\n}`)
  }
  return functions
}

/** Arrays as constants of the program: `S.i32[3]` becomes `S_i32[3]`, one load less each. */
const hoist = (texts: readonly string[]): string[] => texts.map(unqualified)
const unqualified = (text: string): string => text.replace(/\b([SNT])\.(i32|f64|big)\b/g, '$1_$2')

/** Values that memories need at the clock edge. */
const memoryInputs = (flat: Flat): number[] =>
  flat.memories.flatMap(({ writes, reads }) => [
    ...writes.flatMap(({ address, value, enable }) => [address, value, enable]),
    ...reads.flatMap(({ address, enable }) => [address, enable]),
  ])

/** Operations that registers, outputs, memories, checks or watches need, in evaluation order. */
const liveOperations = (flat: Flat, checks: boolean): number[] => {
  const live = new Set<number>()
  const work = [...flat.registers.map((register) => register.next), ...flat.outputs.map((output) => output.value)]
  work.push(...flat.boxes.flatMap((box) => box.inputs))
  work.push(...memoryInputs(flat))
  work.push(...flat.watched.map(({ value }) => value))
  if (checks) work.push(...flat.checks.map((check) => check.holds))
  for (let value = work.pop(); value !== undefined; value = work.pop()) {
    if (live.has(value)) continue
    live.add(value)
    work.push(...flat.values[value]!.args)
  }
  return [...live]
    .filter((value) => !['const', 'in', 'reg', 'read'].includes(flat.values[value]!.op))
    .sort((a, b) => a - b)
}

const bigText = (value: FlatValue, text: string): string =>
  representationOf(value) === 'big' ? text : `BigInt(${text})`

/** A call of a black box's model. */
const boxOutput = (
  of: FlatValue,
  { index, port }: NonNullable<FlatValue['box']>,
  args: readonly FlatValue[],
  texts: readonly string[],
): string => {
  const inputs = texts.map((text, k) => bigText(args[k]!, text))
  const call = `boxes.output(${index}, '${port}', [${inputs.join(', ')}])`
  return representationOf(of) === 'big' ? call : `Number(${call})`
}

const readInput = (port: Port): string => {
  const word = (k: number): string => `I[at + ${port.offset + k}]`
  const kind = representationOf(port.range)
  if (kind === 'i32') return word(0)
  if (port.words === 1) return `(${word(0)} >>> 0)`
  if (kind === 'f64') return `(${word(1)} * 4294967296 + (${word(0)} >>> 0))`
  const words = Array.from({ length: port.words }, (_, k) =>
    k === port.words - 1 ? `(BigInt(${word(k)}) << ${32 * k}n)` : `(BigInt(${word(k)} >>> 0) << ${32 * k}n)`,
  )
  // The top word is sign-extended in the row; without a sign its bits are taken as they are.
  const joined = `(${words.join(' | ')})`
  return port.range.min < 0n ? joined : `BigInt.asUintN(${32 * port.words}, ${joined})`
}

const writePort = (row: string, port: Port, text: string, kind: Representation): string[] =>
  Array.from({ length: port.words }, (_, k) => {
    const to = `${row}[${port.offset + k}]`
    if (kind === 'big') return `${to} = Number(BigInt.asIntN(32, ${text} >> ${32 * k}n));`
    if (k === 0) return `${to} = ${text};`
    return k === 1 ? `${to} = Math.floor(${text} / 4294967296);` : `${to} = ${text} < 0 ? -1 : 0;`
  })
