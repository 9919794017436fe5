/** What goes in and out of a PE's cell, cycle by cycle, in a run that is compared with the golden model: for gate-level simulation. */
import type { Instance, Module } from '../dsl/ir.ts'
import { rowsPerDrain } from '../pe/arith/group-accumulator.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { Group } from '../pe/group.ts'
import type { TiledElement } from '../pe/tile.ts'
import { broughtOut } from '../sim/activity/brought-out.ts'
import { type PortLayout, portLayout, portNamed } from '../sim/engine.ts'
import { openOwnEngine } from '../sim/own-engines.ts'
import { randomGroups } from './groups.ts'
import { normalGroups, readsFloats } from './normal-groups.ts'
import { type StalledTileGroup, type Trial, tileTrial } from './tile-groups.ts'
import { compareResults, lonePe, stepsOf, trialOf } from './verify.ts'

/** A cell as an array has it, under one stimulus. */
export interface RecordedForm {
  readonly name: string
  /** How many of `rowsPerDrain` cells are of this form, as a share. */
  readonly share: number
  readonly module: Module
  readonly ports: PortLayout
  /** From reset on: rows of `ports.inputWords` and of `ports.outputWords`, one a cycle. */
  readonly stimulus: Int32Array
  readonly response: Int32Array
}

export interface Recorded {
  readonly forms: readonly RecordedForm[]
  readonly cycles: number
  readonly groups: number
  /** Multiply-accumulates of one cell. */
  readonly macs: number
}

/** The instance of a module in a design, with the path to it. */
const instanceOf = (
  top: Module,
  name: string,
  path = '',
): { readonly path: string; readonly instance: Instance } | undefined => {
  for (const instance of top.instances) {
    const here = path + instance.name
    const found = instance.of.name === name ? { path: here, instance } : instanceOf(instance.of, name, `${here}.`)
    if (found) return found
  }
  return undefined
}

/** Groups until they take so many cycles. */
const enough = <G>(
  groups: Iterable<G>,
  wanted: number,
  cyclesOf: (group: G) => number,
  goesOn: (group: G) => boolean,
): G[] => {
  const list: G[] = []
  let cycles = 0
  for (const group of groups) {
    list.push(group)
    cycles += cyclesOf(group)
    if (cycles >= wanted && !goesOn(group)) break
  }
  return list
}

interface Run {
  readonly trial: (ports: PortLayout) => Trial
  readonly groups: number
  readonly macs: number
}

const macsOf = (groups: readonly { readonly activations: readonly number[] }[]): number =>
  groups.reduce((sum, { activations }) => sum + activations.length, 0)

/** Groups back to back until they take so many cycles: of floats normally distributed, else those of the verification. */
const randomGroupsOf = (pe: ProcessingElement | TiledElement, wanted: number, seed: number): readonly Group[] => {
  const steps = (group: Group): number =>
    'tile' in pe ? Math.ceil(group.activations.length / pe.operands.lanes) : stepsOf(pe, group)
  const groups = 'tile' in pe || readsFloats(pe) ? normalGroups(pe, seed) : randomGroups(pe, wanted, seed)
  return enough(
    groups,
    wanted,
    (group) => steps(group) * pe.timing.cycles_per_step,
    ({ continues }) => continues === true,
  ).map((group) => ({ ...group, idle: 0 }))
}

/** Runs the lone PE on random groups, as `randomGroupsOf` has them, and records its cell; see `record`. */
export const recordRandom = (
  pe: ProcessingElement | TiledElement,
  { cycles, seed }: { readonly cycles: number; readonly seed: number },
): Recorded => recordGroups(pe, randomGroupsOf(pe, cycles, seed), `seed ${seed}`)

/** Runs the lone PE on groups, those of a tile's PE with a scale, and records its cell; see `record`. */
export const recordGroups = (
  pe: ProcessingElement | TiledElement,
  groups: readonly Group[],
  what = 'given groups',
): Recorded => {
  const trial = (ports: PortLayout): Trial =>
    'tile' in pe ? tileTrial(ports, pe, groups.map(onTile)) : trialOf(ports, pe, groups)
  return record(pe, { trial, groups: groups.length, macs: macsOf(groups) }, what)
}

const onTile = ({ activations, weights, selector = 0, scale }: Group): StalledTileGroup => {
  if (scale === undefined) throw new Error('a group of a tile has a scale')
  return { activations, weights, selector, scale, stalls: [] }
}

/**
 * Runs the lone PE and records its cell: the form with the drain register, and the one without, which gets the same operands and
 * no sums from below. Throws where a result is not that of the golden model.
 */
const record = (pe: ProcessingElement | TiledElement, run: Run, what: string): Recorded => {
  const lone = lonePe(pe)
  const cell = 'tile' in pe ? pe.blocks[0]!.component.module : pe.parts.cell.draining.module
  const found = instanceOf(lone, cell.name)
  if (!found) throw new Error(`${lone.name} has no instance of ${cell.name}`)
  const { module, outputs } = broughtOut(
    lone,
    found.instance.of.inputs.map(({ name }) => `${found.path}.${name}`),
  )
  const engine = openOwnEngine('js', module)
  engine.reset()
  const trial = run.trial(engine.ports)
  const rows = compareResults(engine, trial, (sentence) => {
    throw new Error(`${sentence} (${what})`)
  })
  const { ports: seen } = engine
  engine.close()
  const { cycles } = trial
  const form = (name: string, share: number, of: Module): RecordedForm => {
    const ports = portLayout(of)
    const stimulus = new Int32Array(cycles * ports.inputWords)
    for (const port of ports.inputs) {
      const source = outputs.get(`${found.path}.${port.name}`)
      if (source === undefined) continue
      const { offset, words } = portNamed(seen.outputs, source)
      if (words !== port.words) throw new Error(`${port.name} of ${of.name} has other words than that of ${cell.name}`)
      for (let cycle = 0; cycle < cycles; cycle++)
        for (let word = 0; word < words; word++)
          stimulus[cycle * ports.inputWords + port.offset + word] = rows[cycle * seen.outputWords + offset + word]!
    }
    const own = openOwnEngine('js', of)
    const response = new Int32Array(cycles * ports.outputWords)
    own.replay(stimulus, cycles, response)
    own.close()
    return { name, share, module: of, ports, stimulus, response }
  }
  const forms =
    'tile' in pe
      ? [form('PE', 1, cell)]
      : [form('cell', 1 / rowsPerDrain, cell), form('passing cell', 1 - 1 / rowsPerDrain, pe.parts.cell.passing.module)]
  return { forms, cycles, groups: run.groups, macs: run.macs }
}
