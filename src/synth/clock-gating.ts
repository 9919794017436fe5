/**
 * Registers that load under an enable, put behind clock gates. In Yosys: enables that few bits share become multiplexers
 * again; of the rest a synchronous reset moves before the data input and into the enable (`reset | enable`, because reset
 * has to load too), and flip-flops with one enable then share one gate. Afterwards a gate that would drive more than it may
 * is put there several times.
 */
import { connect } from './connectivity.ts'
import { cellsByName, type Library } from './library/library.ts'
import { type Bit, highestNet, type Instance, type Netlist, pinBit } from './netlist.ts'

/**
 * Fewest flip-flops behind a gate, `ours`, measured on generic45 with registers of 1 to 8 bits, with and without reset and an
 * adder, mapped both ways: 4 bits change the area by -4.5 to +0.3 um2 (3 bits by -2.9 to +1.3), and their clock draws 14 %
 * less where the gate is open half of the time (3 bits 2 %, 2 bits more than without).
 */
export const fewestGated = 4

const resetsFile = 'resets.v'
const enabledFile = 'enabled.txt'

/** Rising-edge flip-flops with an enable; those with an asynchronous reset are clocked through a gate as they are. */
const enabled = 't:$_DFFE_P?_ t:$_SDFFE_P* t:$_SDFFCE_P*'
const enabledWithClear = 't:$_DFFE_P???_'

/** Yosys' command that writes down the rising-edge flip-flops with an enable. */
export const countEnabled = `select -write ${enabledFile} ${enabled} ${enabledWithClear}`

/** Whether a run with `countEnabled` found enough flip-flops with an enable for one gate. */
export const mayBeGated = (files: ReadonlyMap<string, string>): boolean =>
  (files.get(enabledFile) ?? '').split('\n').filter(Boolean).length >= fewestGated

/** Yosys' commands, after the design is gates and before flip-flops are mapped; they read `clockGateFiles`. */
export const toClockGates = (libertyFile: string): string[] => [
  `dfflegalize -mince ${fewestGated} -cell $_DFF_P_ 01 -cell $_DFFE_P?_ 01 -cell $_SDFF_P??_ 01 ` +
    `-cell $_SDFFE_P???_ 01 -cell $_SDFFCE_P???_ 01 ${enabled}`,
  `techmap -map ${resetsFile}`,
  'simplemap',
  'opt_merge',
  // clockgate compares wires by name, not by what drives them.
  'opt_clean',
  `clockgate -liberty ${libertyFile} -min_net_size ${fewestGated}`,
]

/** A flip-flop with enable and synchronous reset, as Yosys names it, made of one with an enable alone. */
const withoutReset = (resetWins: boolean, reset: 'P' | 'N', value: '0' | '1', enable: 'P' | 'N'): string => {
  const name = `\\$_${resetWins ? 'SDFFE' : 'SDFFCE'}_P${reset}${value}${enable}_`
  const on = (pin: string, level: 'P' | 'N'): string => (level === 'P' ? pin : `!${pin}`)
  const load = resetWins ? `${on('E', enable)} | ${on('R', reset)}` : on('E', enable)
  return `module ${name} (input D, input C, input R, input E, output Q);
  \\$_DFFE_PP_ _TECHMAP_REPLACE_ (.D(${on('R', reset)} ? 1'b${value} : D), .C(C), .E(${load}), .Q(Q));
endmodule
`
}

const levels = ['P', 'N'] as const

/** The files that `toClockGates` reads. */
export const clockGateFiles: Readonly<Record<string, string>> = {
  [resetsFile]: [true, false]
    .flatMap((wins) =>
      levels.flatMap((reset) =>
        (['0', '1'] as const).flatMap((value) => levels.map((enable) => withoutReset(wins, reset, value, enable))),
      ),
    )
    .join(''),
}

/** A gate in the clock and the flip-flops behind it. */
interface Gated {
  readonly gate: Instance
  readonly output: string
  readonly maxLoad_fF: number
  readonly sinks: readonly { readonly instance: Instance; readonly pin: string; readonly load_fF: number }[]
}

const gatedClocks = (netlist: Netlist, library: Library): Gated[] => {
  const { placed, sinks } = connect(netlist, cellsByName(library))
  return placed.flatMap(({ instance, cell }) => {
    if (!cell.clockGate) return []
    const net = pinBit(instance, cell.outputs[0]!.name)
    const fed = typeof net === 'number' ? (sinks.get(net) ?? []) : []
    const list = fed.map((sink) => ({
      instance: sink.placed.instance,
      pin: sink.pin.name,
      load_fF: sink.pin.capacitance_fF,
    }))
    return [{ gate: instance, output: cell.outputs[0]!.name, maxLoad_fF: cell.clockGate.maxLoad_fF, sinks: list }]
  })
}

/** Puts a gate that would drive more than it may there as often as its load needs, flip-flops shared out in order. */
export const splitClockGates = (netlist: Netlist, library: Library): Netlist => {
  const added: Instance[] = []
  const moved = new Map<Instance, Record<string, readonly Bit[]>>()
  let next = highestNet(netlist) + 1
  for (const { gate, output, maxLoad_fF, sinks } of gatedClocks(netlist, library)) {
    const groups: Gated['sinks'][number][][] = [[]]
    let load = 0
    for (const sink of sinks) {
      load += sink.load_fF
      if (load > maxLoad_fF) {
        groups.push([])
        load = sink.load_fF
      }
      groups.at(-1)!.push(sink)
    }
    groups.slice(1).forEach((group, index) => {
      const net = next++
      added.push({
        ...gate,
        name: `${gate.name}_${index + 2}`,
        connections: { ...gate.connections, [output]: [net] },
      })
      for (const { instance, pin } of group) moved.set(instance, { ...instance.connections, [pin]: [net] })
    })
  }
  if (added.length === 0) return netlist
  const instances = netlist.instances.map((instance) => {
    const connections = moved.get(instance)
    return connections ? { ...instance, connections } : instance
  })
  return { ...netlist, instances: [...instances, ...added] }
}

/** How much of a netlist is behind clock gates. */
export interface ClockGating {
  readonly gates: number
  readonly gated_flip_flops: number
  readonly flip_flops: number
}

/** Counts the clock gates of a netlist and the flip-flops behind them. */
export const clockGatingOf = (netlist: Netlist, library: Library): ClockGating => {
  const cells = cellsByName(library)
  const gated = gatedClocks(netlist, library)
  return {
    gates: gated.length,
    gated_flip_flops: gated.reduce((total, { sinks }) => total + sinks.length, 0),
    flip_flops: netlist.instances.filter(({ cell }) => cells.get(cell)?.flipFlop).length,
  }
}
