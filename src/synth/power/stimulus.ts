/** A netlist under the stimulus of the description it was made of, its outputs compared with the description's in every cycle. */
import type { PortLayout } from '../../sim/engine.ts'
import { type PlacedPort, placePorts } from '../activity.ts'
import type { Level } from './activity-counter.ts'
import type { PowerDesign } from './design.ts'
import type { Delays } from './gates.ts'
import { comparison, type Measured, type Simulated, simulated } from './measure.ts'

/** From reset on, as `Engine.replay` takes and answers it. */
export interface PowerStimulus {
  readonly ports: PortLayout
  /** Rows of `ports.inputWords` and of `ports.outputWords`, one a cycle; at least two. */
  readonly stimulus: Int32Array
  readonly response: Int32Array
  readonly period_ps: number
}

/** Each bit of a port with its place in a row. */
const bitsOf = ({ port, bits }: PlacedPort): { readonly net: number; readonly word: number; readonly bit: number }[] =>
  bits.flatMap((net, k) => (typeof net === 'number' ? [{ net, word: port.offset + (k >> 5), bit: k & 31 }] : []))

/**
 * Runs the stimulus with each kind of delay. Inputs move with the rising edge, as those of a register before would; outputs are
 * compared before the next. All cycles but the first, into which reset leads, count.
 */
export const measureStimulus = (
  design: PowerDesign,
  { ports, stimulus, response, period_ps }: PowerStimulus,
  kinds: readonly Delays[],
): Measured & { readonly counted: Measured['counted'] & { readonly unit?: Measured['counted']['cell'] } } => {
  const { netlist } = design
  const cycles = response.length / ports.outputWords
  if (!(Number.isInteger(cycles) && cycles >= 2) || stimulus.length !== cycles * ports.inputWords)
    throw new RangeError(
      `a stimulus has two or more whole rows of ${ports.inputWords} and of ${ports.outputWords} words, ` +
        `got ${stimulus.length} and ${response.length} words`,
    )
  const inputs = placePorts(netlist, ports.inputs, 'input').flatMap(bitsOf)
  const outputs = placePorts(netlist, ports.outputs, 'output').flatMap(bitsOf)
  const single = (name: string): number[] => {
    const bit = netlist.ports.find((port) => port.name === name && port.direction === 'input')?.bits[0]
    return typeof bit === 'number' ? [bit] : []
  }
  const { clk = 'clk', rst = 'rst' } = ports.clocks?.[0] ?? {}
  const [clock, reset] = [single(clk), single(rst)]
  const runs: Simulated[] = kinds.map((delays) => simulated(design, delays))
  const comparing = comparison(netlist)
  const level = (words: Int32Array, row: number, { word, bit }: { word: number; bit: number }): 0 | 1 =>
    ((words[row + word]! >>> bit) & 1) as 0 | 1
  const move = (now: number, nets: readonly number[], levels: readonly (0 | 1)[]): void => {
    for (const { simulation } of runs) simulation.move(now, nets, levels)
  }
  const driven = (cycle: number): (0 | 1)[] => inputs.map((at) => level(stimulus, cycle * ports.inputWords, at))
  const inputNets = inputs.map(({ net }) => net)
  const outputNets = [...new Set(outputs.map(({ net }) => net))]
  const compare = (cycle: number, now: number): void => {
    for (const { simulation } of runs) simulation.run(now)
    const wanted = new Map(outputs.map((at) => [at.net, level(response, cycle * ports.outputWords, at)]))
    comparing.compare(outputNets, (net): Level => wanted.get(net)!, runs, now)
  }
  const ones = (nets: readonly number[], to: 0 | 1): (0 | 1)[] => nets.map(() => to)

  move(0, [...inputNets, ...reset, ...clock], [...driven(0), ...ones(reset, 1), ...ones(clock, 0)])
  move(period_ps, [...clock, ...reset], [...ones(clock, 1), ...ones(reset, 0)])
  for (let cycle = 0; cycle < cycles; cycle++) {
    const start = (cycle + 1) * period_ps
    if (cycle > 0) move(start, [...clock, ...inputNets], [...ones(clock, 1), ...driven(cycle)])
    move(start + period_ps / 2, clock, ones(clock, 0))
    compare(cycle, start + period_ps)
    if (cycle === 0) for (const { counter } of runs) counter.begin(start + period_ps)
  }
  const end = (cycles + 1) * period_ps
  const counted = Object.fromEntries(runs.map(({ delays, counter }) => [delays, counter.end(end)]))
  return { counted, compared: comparing.result(), cycles: cycles - 1, duration_ps: (cycles - 1) * period_ps }
}
