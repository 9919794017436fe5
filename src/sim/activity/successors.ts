import { fold, type Module, type Node, type Register } from '../../dsl/ir.ts'

/** Values that may be; undefined where any may. */
type Possible = ReadonlySet<bigint> | undefined

/** Sets beyond this size count as any value: a state machine's choice has fewer. */
const most = 256

/**
 * The values a register may have after a clock edge at which it holds `code`, or undefined where its logic does not tell, as where
 * it is loaded from an input. An input may be anything here, so that some of these steps may never be taken.
 */
export const successorsOf = (module: Module, { node: register, next }: Register, code: bigint): Possible => {
  const drivers = new Map<Node, Node>(module.wires.map(({ node, driver }) => [node, driver]))
  const known = new Map<Node, Possible>()
  const of = (node: Node): Possible => {
    if (node.op === 'const') return new Set([node.value])
    if (node === register) return new Set([code])
    // What drives a wire may be younger than its readers, which then know nothing of it.
    const driver = drivers.get(node)
    return known.get(driver ?? node)
  }
  // Arguments are older than what reads them.
  for (const operation of module.operations) known.set(operation, result(operation, operation.args.map(of)))
  return of(next)
}

const result = (operation: Module['operations'][number], args: readonly Possible[]): Possible => {
  if (operation.op === 'mux') {
    const [test, yes, no] = args
    const only = test?.size === 1 ? [...test][0] : undefined
    if (only !== undefined) return only === 1n ? yes : no
    return yes && no ? limited(new Set([...yes, ...no])) : undefined
  }
  // One argument may decide alone.
  const decides = operation.op === 'and' ? 0n : operation.op === 'or' && operation.max === 1n ? 1n : undefined
  if (decides !== undefined && args.some((arg) => arg?.size === 1 && arg.has(decides))) return new Set([decides])
  if (args.some((arg) => arg === undefined)) return undefined
  const combinations = args.reduce<bigint[][]>(
    (rows, values) => (rows.length > most ? rows : rows.flatMap((row) => [...values!].map((value) => [...row, value]))),
    [[]],
  )
  if (combinations.length > most) return undefined
  return limited(new Set(combinations.map((values) => fold(operation, values))))
}

const limited = (values: ReadonlySet<bigint>): Possible => (values.size > most ? undefined : values)
