import { mainDomain } from '../../src/dsl/domains.ts'
import { Graph } from '../../src/dsl/graph.ts'
import {
  type Encoding,
  type Input,
  type Instance,
  type Memory,
  type Module,
  type Node,
  type Operation,
  type Range,
  type Register,
  widthOf,
} from '../../src/dsl/ir.ts'
import { writeNeeds } from '../../src/dsl/roots.ts'
import { bits } from '../../src/dsl/shape.ts'
import { modulesUnder } from '../../src/dsl/verilog/print.ts'
import { same } from './settle.ts'
import {
  asBits,
  asBool,
  type Expression,
  type Kind,
  literal,
  number,
  operand,
  operationText,
  type Surroundings,
  shapeText,
} from './typescript-expression.ts'

/** Lines inlined into the expression that reads them are at most that long; ours. */
const longest = 48

/** A module as components in TypeScript. */
export interface Components {
  /** Names that the text takes from the language. */
  readonly imports: readonly string[]
  readonly text: string
  /** The expression that is the component. */
  readonly top: string
}

/**
 * Components that do what the module and those under it do, through the public interface only. Throws a RangeError for
 * black boxes, which hold functions.
 */
export const componentsOf = (module: Module): Components => {
  const box = boxUnder(module)
  if (box) throw new RangeError(`black box ${box.name} holds functions, which have no text`)
  const file = new File()
  const components = modulesUnder(module, { gates: false }).map((one) => componentText(one, file))
  const text = [
    ...file.helpers.map((name) => helperTexts[name]),
    ...file.clocks.map((name) => `const ${clockVariable(name)} = clock('${name}')`),
    ...file.enumerations.map(({ variable, encoding: { name, values } }) => {
      const list = values.map((value) => `'${value}'`).join(', ')
      return `const ${variable} = enumeration('${name}', [${list}])`
    }),
    ...components,
  ].join('\n\n')
  const imports = [...file.imports].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
  return { imports, text, top: `${file.variableOf(module)}({})` }
}

const boxUnder = (module: Module): Module | undefined =>
  module.blackBox ? module : module.instances.map(({ of }) => boxUnder(of)).find((found) => found)

/** The text of a TypeScript module whose default export is the component; `from` is where the language is. */
export const typescriptOf = (module: Module, from = 'bitloom'): string => {
  const { imports, text, top } = componentsOf(module)
  return `import { ${imports.join(', ')} } from '${from}'\n\n${text}\n\nexport default ${top}\n`
}

/** Constants where a signal is wanted, made with a signal of the component. */
const helperTexts = {
  literal: 'const literal = (near: Int, value: bigint | number): Int => near.mul(0).add(value)',
  named: `const named = <Name extends string>({ graph }: Int, names: EnumShape<Name>, name: Name) =>
  names.view(graph, names.nodeFor(graph, name))`,
} as const
type Helper = keyof typeof helperTexts

const clockVariable = (name: string): string => (name === mainDomain ? 'mainClock' : `${name}_clock`)

/** What the components of one file share. */
class File {
  readonly imports = new Set<string>(['component'])
  readonly clocks: string[] = []
  readonly enumerations: { readonly variable: string; readonly encoding: Encoding }[] = []
  readonly helpers: Helper[] = []
  readonly #variables = new Map<Module, string>()
  readonly #taken = new Set<string>()

  use(name: string): string {
    if (name === 'literal' || name === 'named') {
      if (!this.helpers.includes(name)) this.helpers.push(name)
      this.imports.add('type Int')
      if (name === 'named') this.imports.add('type EnumShape')
    } else this.imports.add(name)
    return name
  }
  clock(name: string): string {
    if (name === mainDomain) this.use('mainClock')
    else {
      this.use('clock')
      if (!this.clocks.includes(name)) this.clocks.push(name)
    }
    return clockVariable(name)
  }
  enumeration(encoding: Encoding): string {
    const key = JSON.stringify(encoding)
    const known = this.enumerations.find((one) => JSON.stringify(one.encoding) === key)
    if (known) return known.variable
    this.use('enumeration')
    const variable = this.#free(`${encoding.name}_names`)
    this.enumerations.push({ variable, encoding })
    return variable
  }
  variableOf(module: Module): string {
    const known = this.#variables.get(module)
    if (known) return known
    const words = module.name.split('_').filter((word) => word !== '')
    const variable = this.#free(`The${words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')}`)
    this.#variables.set(module, variable)
    return variable
  }
  #free(base: string): string {
    let name = base
    for (let k = 2; this.#taken.has(name); k++) name = `${base}_${k}`
    this.#taken.add(name)
    return name
  }
}

// ── kinds ────────────────────────────────────────────────────────────────────────────────────────────────────────

const onFields: ReadonlySet<string> = new Set(['and', 'or', 'xor', 'not', 'cat', 'slice'])

/** How each node of a module is read. */
const readersIn = (
  module: Module,
): { readonly uses: ReadonlyMap<Node, number>; readonly fields: ReadonlySet<Node> } => {
  const uses = new Map<Node, number>()
  const [asField, asOther] = [new Set<Node>(), new Set<Node>()]
  const read = (node: Node, how: Set<Node>): void => {
    uses.set(node, (uses.get(node) ?? 0) + 1)
    how.add(node)
    if ((uses.get(node) ?? 0) > 1 || !('args' in node)) return
    for (const arg of node.args) read(arg, onFields.has(node.op) ? asField : asOther)
  }
  for (const node of rootsOf(module)) read(node, asOther)
  return { uses, fields: new Set([...asField].filter((node) => !asOther.has(node))) }
}

const rootsOf = (module: Module): Node[] => [
  ...module.outputs.map(({ node }) => node),
  ...module.checks.map(({ holds }) => holds),
  ...module.registers.filter(({ node, next }) => node !== next).map(({ next }) => next),
  ...module.wires.map(({ driver }) => driver),
  ...module.instances.flatMap(({ inputs }) => [...inputs.values()]),
  ...module.memories.flatMap(({ reads, writes, lookups }) => [
    ...writes.flatMap(writeNeeds),
    ...reads.flatMap(({ address, enable }) => [address, enable]),
    ...lookups.map(({ args }) => args[0]),
  ]),
]

/** Kind of the shape of something declared. */
const kindOf = (range: Range, encoding: Encoding | undefined, isField: boolean): Kind => {
  if (encoding && range.min === 0n && range.max === BigInt(encoding.values.length - 1)) return 'enum'
  if (same(range, bits(1))) return 'bool'
  return isField && same(range, bits(widthOf(range))) ? 'bits' : 'int'
}

const inputKinds = new WeakMap<Module, ReadonlyMap<string, Kind>>()
const inputKind = (module: Module, { name }: Input): Kind => {
  let known = inputKinds.get(module)
  if (!known) {
    const { fields } = readersIn(module)
    known = new Map(module.inputs.map((input) => [input.name, kindOf(input, input.encoding, fields.has(input))]))
    inputKinds.set(module, known)
  }
  return known.get(name)!
}

/** Words of JavaScript, and names that the text has for the language itself. */
const notVariables: ReadonlySet<string> = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false
finally for function if implements import in instanceof interface let new null package private protected public return
static super switch this throw true try typeof var void while with yield component literal named bits bool range mux on clock
mainClock enumeration reset s u regs wires memory rom use check i r w`.split(/\s+/),
)

// ── one component ────────────────────────────────────────────────────────────────────────────────────────────────

const componentText = (module: Module, file: File): string => {
  const { uses, fields } = readersIn(module)
  const known = new Map<Node, Expression>()
  const around: Surroundings = {
    of: (node) => expressionOf(node),
    use: (name) => file.use(name),
    enumeration: (encoding) => file.enumeration(encoding),
    isField: (node) => fields.has(node),
  }
  const used = new Set<string>()
  /** A name of the builder. */
  const builder = (name: string): string => {
    used.add(name)
    return name
  }
  const shape = (range: Range, kind: Kind, encoding?: Encoding, clock?: string): string => {
    const text = shapeText(around, kind, range, encoding)
    return clock === undefined ? text : `${file.use('on')}(${file.clock(clock)}, ${text})`
  }
  const locals = new Set<string>()
  const local = (base: string): string => {
    let name = base
    for (let k = 2; locals.has(name) || notVariables.has(name); k++) name = `${base}_${k}`
    locals.add(name)
    return name
  }
  const body: string[] = []
  const wireShapes: string[] = module.wires.map(
    ({ name, node }) => `${name}: ${shape(node, kindOf(node, node.encoding, fields.has(node)), node.encoding)}`,
  )
  const lateDrivers: string[] = []
  const memoryVariables = new Map(module.memories.map((memory) => [memory.name, local(memory.name)]))
  const memoryNamed = new Map(module.memories.map((memory) => [memory.name, memory]))
  const instanceVariables = new Map(module.instances.map((instance) => [instance.name, local(instance.name)]))

  /** What is being printed and has no variable yet; who reads it all the same does so through a wire. */
  const open = new Set<object>()
  const through = (name: string, range: Range, encoding: Encoding | undefined, drive: () => string): Expression => {
    const wire = local(`late_${name}`)
    const kind = kindOf(range, encoding, false)
    wireShapes.push(`${wire}: ${shape(range, kind, encoding)}`)
    lateDrivers.push(`w.${wire}.value = ${drive()}`)
    return { kind, text: `w.${wire}`, range, encoding }
  }

  const declared = (
    text: string,
    node: Node & { readonly encoding?: Encoding },
    kind = kindOf(node, node.encoding, fields.has(node)),
  ): Expression => ({
    kind,
    text,
    range: { min: node.min, max: node.max },
    encoding: kind === 'enum' ? node.encoding : undefined,
  })

  let count = 0
  const expressionOf = (node: Node): Expression => {
    const before = known.get(node)
    if (before) return before
    const made = printed(node)
    known.set(node, made)
    return made
  }
  const printed = (node: Node): Expression => {
    switch (node.op) {
      case 'const':
        return literal(node.value, node, node.encoding)
      case 'in':
        return declared(`i.${node.name}`, node, inputKind(module, node))
      case 'reg':
        return declared(`r.${node.name}`, node)
      case 'wire':
        return declared(`w.${node.name}`, node)
      case 'out': {
        const instance = module.instances.find(({ name }) => name === node.instance)!
        const { encoding, range } = instance.of.outputs.find(({ name }) => name === node.port)!
        const text = `${instanceVariables.get(instance.name)}.${node.port}`
        if (open.has(instance)) return through(`${node.instance}_${node.port}`, range, encoding, () => text)
        if (!printedInstances.has(instance)) print(instance)
        return declared(text, { ...node, ...range, ...(encoding && { encoding }) }, kindOf(range, encoding, false))
      }
      case 'read': {
        const memory = memoryNamed.get(node.memory)!
        const read = memory.reads.find((one) => one.node === node)!
        if (open.has(read)) return through(node.name, node, undefined, () => known.get(node)!.text)
        open.add(read)
        const port = portText(read.enable, node.clock)
        const text = seen(
          memory,
          `${memoryVariables.get(memory.name)}.read(${addressText(memory, read.address)}${port})`,
        )
        open.delete(read)
        const variable = local(node.name)
        body.push(`const ${variable} = ${text}`)
        return declared(variable, node, wordKind(memory))
      }
      case 'lookup': {
        const memory = memoryNamed.get(node.memory)!
        const options = node.crossing === undefined ? '' : `, { crossing: ${quoted(node.crossing)} }`
        const address = addressText(memory, node.args[0])
        const text = seen(memory, `${memoryVariables.get(memory.name)}.lookup(${address}${options})`)
        const variable = local(node.name)
        body.push(`const ${variable} = ${text}`)
        return declared(variable, node, wordKind(memory))
      }
      case 'box':
        throw new RangeError('the inside of a black box has no text')
      default:
        return operation(node)
    }
  }
  const portText = (enable: Node, clock: string | undefined, lanes: readonly Node[] = []): string => {
    const condition = (node: Node): string => operand(around, around.of(node), 'bool', bits(1))
    const always = around.of(enable).literal === 1n
    const options = [
      ...(always ? [] : [`enable: ${condition(enable)}`]),
      ...(clock === undefined ? [] : [`clock: ${file.clock(clock)}`]),
      ...(lanes.length === 0 ? [] : [`lanes: [${lanes.map(condition).join(', ')}]`]),
    ]
    return options.length === 0 ? '' : `, { ${options.join(', ')} }`
  }
  const wordKind = (memory: Memory): Kind => (lanesOf(memory) > 0 ? 'int' : kindOf(memory.word, undefined, false))
  /** Words that are written in part are vectors; what is read of them is packed into a field. */
  const lanesOf = ({ writes }: Memory): number => writes.find(({ lanes }) => lanes)?.lanes?.length ?? 0
  const vectorText = (memory: Memory): string =>
    `${file.use('vec')}(${lanesOf(memory)}, ${file.use('bits')}(${widthOf(memory.word) / lanesOf(memory)}))`
  const seen = (memory: Memory, text: string): string =>
    lanesOf(memory) === 0 ? text : `${file.use('pack')}(${vectorText(memory)}, ${text}).unsigned()`
  const addressText = ({ depth }: Memory, address: Node): string =>
    operand(around, around.of(address), 'int', { min: 0n, max: BigInt(depth - 1) })
  const operation = (node: Operation): Expression => {
    const e = operationText(around, node)
    if (e.literal !== undefined) return e
    const isName = /^\w+(?:\.\w+)?$/.test(e.text)
    if (isName || (uses.get(node) === 1 && node.name === undefined && e.text.length <= longest)) return e
    const variable = local(`v${++count}`)
    body.push(`const ${variable} = ${e.text}${node.name === undefined ? '' : `.named('${node.name}')`}`)
    return { ...e, text: variable }
  }
  const print = (instance: Instance): void => {
    open.add(instance)
    const drivers = instance.of.inputs.map((input) => {
      const e = around.of(instance.inputs.get(input.name)!)
      return `${input.name}: ${operand(around, e, inputKind(instance.of, input), input, input.encoding)}`
    })
    open.delete(instance)
    const clocks = [...(instance.clocks ?? [])].map(([inner, outer]) => `[${file.clock(inner)}, ${file.clock(outer)}]`)
    const options = clocks.length > 0 ? `, { clocks: [${clocks.join(', ')}] }` : ''
    const text = `${builder('use')}('${instance.name}', ${file.variableOf(instance.of)}({}), ${record(drivers)}${options})`
    const variable = instance.of.outputs.length > 0 ? `const ${instanceVariables.get(instance.name)} = ` : ''
    body.push(`${variable}${text}`)
    printedInstances.add(instance)
  }
  const printedInstances = new Set<Instance>()

  // In the order in which they were made, so that what is printed from them keeps its order too.
  const inOrder = [
    ...module.operations.filter((node) => uses.has(node)),
    ...module.memories.flatMap(({ reads, lookups }) => [...reads.map(({ node }) => node), ...lookups]),
    ...module.instances,
  ].sort((a, b) => ageOf(a) - ageOf(b))
  for (const one of inOrder) {
    if ('op' in one) {
      if (!('args' in one) || one.op === 'lookup' || isPrintedAlone(one)) expressionOf(one)
    } else if (!printedInstances.has(one)) print(one)
  }
  function isPrintedAlone(node: Operation): boolean {
    return (uses.get(node) ?? 0) > 1 || node.name !== undefined
  }

  /** A field, also of a constant. */
  const fieldText = (e: Expression, range: Range): string => asBits(around, e, widthOf(range), someSignal())
  const someSignal = (): Expression | undefined => {
    const leaf = [...module.inputs, ...module.registers.map(({ node }) => node)][0]
    return leaf && around.of(leaf)
  }
  const constantTruth = (e: Expression): string => {
    return asBool(around, e, someSignal())
  }
  const promises = module.memories.flatMap(promisesOf)
  // A promise of two ports of which a pass made one is told twice, and the language tells it once.
  const isPromised = (holds: Node): boolean => {
    const k = promises.findIndex((promise) => alike(promise, holds))
    return k >= 0 && promises.splice(k, 1).length > 0
  }
  const assignments = [
    ...module.registers
      .filter(({ node, next }) => node !== next)
      .map(({ name, node, next }) => {
        const kind = kindOf(node, node.encoding, fields.has(node))
        return (): string => `r.${name}.next = ${operand(around, around.of(next), kind, node, node.encoding)}`
      }),
    ...module.wires.map(({ name, node, driver }) => {
      const kind = kindOf(node, node.encoding, fields.has(node))
      return (): string => `w.${name}.value = ${operand(around, around.of(driver), kind, node, node.encoding)}`
    }),
    ...module.memories.flatMap((memory) =>
      memory.writes.map(({ address, value, enable, clock, lanes }) => (): string => {
        const e = around.of(value)
        const word =
          lanesOf(memory) === 0
            ? operand(around, e, wordKind(memory), memory.word)
            : `${file.use('unpack')}(${vectorText(memory)}, ${fieldText(e, memory.word)})`
        const port = portText(enable, clock, lanes)
        return `${memoryVariables.get(memory.name)}.write(${addressText(memory, address)}, ${word}${port})`
      }),
    ),
    ...module.checks
      // A promise between two clocks is a memory's, and cannot be told otherwise.
      .filter(({ holds, meets }) => meets === undefined && !isPromised(holds))
      .map(({ holds, message }) => (): string => {
        const e = around.of(holds)
        const truth = e.literal === undefined ? operand(around, e, 'bool', bits(1)) : constantTruth(e)
        return `${builder('check')}(${truth}, ${quoted(message)})`
      }),
  ]
  for (const assignment of assignments) {
    const text = assignment()
    body.push(text)
  }
  const outputs = module.outputs.map(({ name, node, range, encoding }) => {
    const e = around.of(node)
    return `${name}: ${operand(around, e, kindOf(range, encoding, false), range, encoding)}`
  })
  body.push(...lateDrivers)

  const registerText = ({ node, reset }: Register): string => {
    const kind = kindOf(node, node.encoding, fields.has(node))
    const text = shape(node, kind, node.encoding)
    const usual = node.min > 0n ? node.min : node.max < 0n ? node.max : 0n
    if (reset === usual) return `${node.name}: ${text}`
    const value = kind === 'bool' ? String(reset === 1n) : operand(around, literal(reset), kind, node, node.encoding)
    return `${node.name}: ${file.use('reset')}(${text}, ${value})`
  }
  const groups = registerGroups(module.registers).map((group) => {
    const { node, crossing, synchroniser } = group[0]!
    const options = [
      ...(node.clock === undefined ? [] : [`clock: ${file.clock(node.clock)}`]),
      ...(crossing === undefined ? [] : [`crossing: ${quoted(crossing)}`]),
      ...(synchroniser ? ['synchroniser: true'] : []),
    ]
    const rest = options.length > 0 ? `, { ${options.join(', ')} }` : ''
    return `${builder('regs')}(${record(group.map(registerText))}${rest})`
  })
  const declarations = [
    ...(groups.length === 1 ? [`const r = ${groups[0]}`] : []),
    ...(groups.length > 1 ? [`const r = { ...${groups.join(', ...')} }`] : []),
    ...(wireShapes.length > 0 ? [`const w = ${builder('wires')}(${record(wireShapes)})`] : []),
    ...module.memories.map((memory) => {
      const kind = wordKind(memory)
      const lanes = lanesOf(memory)
      const partsOf = (word: bigint): string => {
        const width = widthOf(memory.word) / lanes
        const part = (k: number): bigint => BigInt.asUintN(width, word >> BigInt(k * width))
        return `[${Array.from({ length: lanes }, (_, k) => number(part(k))).join(', ')}]`
      }
      const words = memory.initial?.map((word) => {
        if (lanes > 0) return partsOf(word)
        return kind === 'bool' ? String(word === 1n) : number(word)
      })
      const of = `depth: ${memory.depth}, of: ${lanes > 0 ? vectorText(memory) : shape(memory.word, kind)}`
      const initial = words && `initial: [${words.join(', ')}]`
      const text =
        memory.writes.length === 0
          ? `${builder('rom')}('${memory.name}', { ${of}, ${initial ?? 'initial: []'} })`
          : `${builder('memory')}('${memory.name}', { ${[of, `collide: '${memory.collide}'`, ...(initial ? [initial] : [])].join(', ')} })`
      return `const ${memoryVariables.get(memory.name)} = ${text}`
    }),
  ]
  const ports = (list: readonly string[]): string => record(list, '  ')
  const inputs = module.inputs.map(
    (input) => `${input.name}: ${shape(input, inputKind(module, input), input.encoding, input.clock)}`,
  )
  const outs = module.outputs.map(
    ({ name, range, encoding, clock }) => `${name}: ${shape(range, kindOf(range, encoding, false), encoding, clock)}`,
  )
  const wanted = ['regs', 'wires', 'memory', 'rom', 'use', 'check'].filter((name) => used.has(name))
  const parameters = wanted.length > 0 ? `i, { ${wanted.join(', ')} }` : module.inputs.length > 0 ? 'i' : ''
  const logic = [...declarations, ...body, `return ${record(outputs)}`].map((line) => `    ${line}`).join('\n')
  const label = /^\w{1,60}$/.test(module.name) ? '' : `  name: ${quoted(module.name)},\n`
  return `const ${file.variableOf(module)} = component(${quoted(module.name)}, (_: object) => ({
${label}  in: ${ports(inputs)},
  out: ${ports(outs)},
  logic(${parameters}) {
${logic}
  },
}))`
}

/** On one line where it is short. */
const record = (entries: readonly string[], margin = '    '): string => {
  if (entries.length === 0) return '{}'
  const line = `{ ${entries.join(', ')} }`
  if (line.length <= 80) return line
  return `{\n${entries.map((entry) => `${margin}  ${entry},\n`).join('')}${margin}}`
}
const quoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`

/** When a node or an instance was made; an instance just before its outputs. */
const ageOf = (one: Node | Instance): number =>
  'op' in one ? one.id : Math.min(...[...one.outputs.values()].map(({ id }) => id - 0.5), Number.MAX_SAFE_INTEGER)

/** Registers that are declared in one call. */
const registerGroups = (registers: readonly Register[]): readonly (readonly Register[])[] => {
  const key = ({ node, crossing, synchroniser }: Register): string =>
    JSON.stringify([node.clock ?? '', crossing ?? '', synchroniser ?? false])
  const groups: Register[][] = []
  for (const register of registers) {
    const last = groups.at(-1)
    if (last && key(last[0]!) === key(register)) last.push(register)
    else groups.push([register])
  }
  return groups
}

/** Promises that the language makes of a memory's ports by itself. */
const promisesOf = ({ collide, reads, writes }: Memory): readonly Node[] => {
  const graph = new Graph('promises')
  // A graph tells nodes by their number, and the ports' nodes have theirs.
  const nodes = [...reads, ...writes].flatMap(({ address, enable }) => [address, enable])
  while (nodes.some(({ id }) => id >= graph.nodeCount)) graph.takeId()
  const both = (a: Node, b: Node): Node => graph.operation('and', bits(1), [a, b])
  const never = (a: Port, b: Port): Node => {
    const meet = both(both(a.enable, b.enable), graph.operation('eq', bits(1), [a.address, b.address]))
    return graph.operation('not', bits(1), [meet])
  }
  return [
    ...(collide === 'never' ? reads.flatMap((read) => writes.map((write) => never(read, write))) : []),
    ...(writes.length === 2 ? [never(writes[0]!, writes[1]!)] : []),
  ]
}
type Port = Pick<Memory['reads'][number], 'address' | 'enable'>

/** The same operations on the same nodes, whatever the order of arguments. */
const alike = (a: Node, b: Node): boolean => {
  if (a === b) return true
  if (a.op === 'const' && b.op === 'const') return a.value === b.value
  if (a.op !== b.op || !('args' in a) || !('args' in b) || a.op === 'lookup') return false
  const [x, y] = [a.args, b.args]
  const inOrder = x.every((arg, k) => alike(arg, y[k]!))
  return inOrder || (x.length === 2 && alike(x[0]!, y[1]!) && alike(x[1]!, y[0]!))
}
