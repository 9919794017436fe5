import { type FloatFormat, scalarFormatOf } from '../../../src/formats/index.ts'
import { dequantisationLatency } from '../../../src/pe/mixpe/dequantisation.ts'
import { dequantised } from '../../../src/pe/mixpe/dequantisation-golden.ts'
import { type Engine, portNamed, readPort } from '../../../src/sim/engine.ts'

/** A group as it comes down a column: its scale code, a sum a row, and when. */
export interface ColumnGroup {
  readonly scale: number
  /** One a row. */
  readonly sums: readonly number[]
  /** The group is its output's last one. */
  readonly lastGroup: boolean
  /** Cycle of the first row's sum. */
  readonly start: number
}

export interface ColumnTiming {
  readonly stages: number
  /** Cycles from the first row's sum to that of another row. */
  readonly rowDelay: (row: number) => number
  /** Cycles by which the scale comes before the first row's sum. */
  readonly ahead: number
}

export const floatNamed = (text: string): FloatFormat => scalarFormatOf(text) as FloatFormat

/** The inputs of a dequantisation unit, a row a cycle, and the results expected by cycle. */
export const columnStimulus = (
  { ports }: Engine,
  groups: readonly ColumnGroup[],
  { stages, rowDelay, ahead }: ColumnTiming,
  scale = 'fp16',
  accumulate = 'fp32',
) => {
  const offset = (name: string): number => portNamed(ports.inputs, name).offset
  const at = {
    sum: offset('sum'),
    valid: offset('sum_valid'),
    scale: offset('scale'),
    last: offset('last_group'),
    load: offset('scale_load'),
  }
  const rows = groups[0]!.sums.length
  const latency = dequantisationLatency(stages)
  const cycles = groups.at(-1)!.start + rowDelay(rows - 1) + latency + 2
  const stimulus = new Int32Array(cycles * ports.inputWords)
  const expected = new Map<number, bigint>()
  let output: ColumnGroup[] = []
  for (const group of groups) {
    output.push(group)
    const load = (group.start - ahead) * ports.inputWords
    stimulus[load + at.scale] = group.scale
    stimulus[load + at.last] = Number(group.lastGroup)
    stimulus[load + at.load] = 1
    group.sums.forEach((sum, row) => {
      const cycle = group.start + rowDelay(row)
      stimulus[cycle * ports.inputWords + at.sum] = sum
      stimulus[cycle * ports.inputWords + at.valid] = 1
      if (!group.lastGroup) return
      const sums = output.map((one) => BigInt(one.sums[row]!))
      const scales = output.map((one) => one.scale)
      expected.set(cycle + latency, dequantised(floatNamed(scale), floatNamed(accumulate), sums, scales))
    })
    if (group.lastGroup) output = []
  }
  return { stimulus, expected, cycles }
}

/** Runs it and gives a line for each result that is wrong, missing or too many; at most ten. */
export const columnDifferences = (
  engine: Engine,
  { stimulus, expected, cycles }: ReturnType<typeof columnStimulus>,
): string[] => {
  const response = new Int32Array(cycles * engine.ports.outputWords)
  engine.replay(stimulus, cycles, response)
  const result = portNamed(engine.ports.outputs, 'result')
  const valid = portNamed(engine.ports.outputs, 'result_valid').offset
  const lines: string[] = []
  for (let cycle = 0; cycle < cycles && lines.length < 10; cycle++) {
    const row = cycle * engine.ports.outputWords
    const found = response[row + valid] === 1 ? readPort(response, result, row) : undefined
    const want = expected.get(cycle)
    if (found !== want) lines.push(`cycle ${cycle}: ${found?.toString(16)}, not ${want?.toString(16)}`)
  }
  return lines
}
