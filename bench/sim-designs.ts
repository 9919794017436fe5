import { type ArraySize, outputStationaryArray } from '../src/accel/output-stationary.ts'
import { type TileStep, tileStimulus } from '../src/accel/tile-driver.ts'
import type { Module } from '../src/dsl/index.ts'
import { elementOf } from '../src/pe/catalogue.ts'
import type { ProcessingElement } from '../src/pe/family.ts'
import type { TiledElement } from '../src/pe/tile.ts'
import { type PortLayout, portLayout, portNamed } from '../src/sim/engine.ts'
import { randomStimulus, randomWords } from '../src/sim/stimulus.ts'
import { irregular, wavefront } from '../test/sim/grids.ts'

/** How many times as fast as Verilator an engine is to be, with checks off and on; undefined where nothing is asked. */
export interface Asked {
  readonly off: number | undefined
  readonly on: number | undefined
}

export interface Design {
  readonly name: string
  readonly module: Module
  /** Rows of inputs with which no check fails. */
  readonly stimulus: Int32Array
  readonly asked: Asked
}

/** A line each: PEs whose array is measured at every size. */
export const specs: readonly string[] = [
  'mixpe(w=int4, a=int8)',
  'mac(w=int8, a=int8)',
  'bitmod(w=fp4)',
  'xrnpe(mode=posit(8,0))',
]
/** PEs that are measured alone, under many stimuli at once. */
export const lonePeSpecs: readonly string[] = specs.slice(0, 2)

export const stimulusRows = 1024
/** Operand pairs of a group: `last` every so many rows, so that no hardware check fails. */
const group = 128
const seed = 1

export const nameOf = (spec: string, size: number): string => `${spec} ${size} x ${size}`

/** The array of a PE, `size` rows and columns, or its tile; registers stand between all its PEs. */
export const arrayDesign = (spec: string, size: number): Design => {
  const pe = elementOf(spec)
  const square = { rows: size, columns: size }
  const module = 'tile' in pe ? pe.tile(square) : outputStationaryArray(pe, square)
  const ports = portLayout(module)
  return {
    name: nameOf(spec, size),
    module,
    stimulus: 'tile' in pe ? tileOperands(ports, pe, square) : arrayOperands(ports, pe),
    asked: size < 8 ? { off: 4, on: undefined } : { off: 10, on: 8 },
  }
}

const arrayOperands = (ports: PortLayout, pe: ProcessingElement): Int32Array => {
  const stimulus = stimulusOf(ports, seed)
  const { mode } = pe.operands
  if (mode) put(ports, stimulus, 'mode', () => mode.value)
  return stimulus
}

/** Random operands in groups that fail no check. */
export const stimulusOf = (ports: PortLayout, seed: number): Int32Array => {
  const stimulus = randomStimulus(ports, stimulusRows, seed)
  put(ports, stimulus, 'last', (row) => (row % group === group - 1 ? 1 : 0))
  return stimulus
}

const put = (ports: PortLayout, stimulus: Int32Array, port: string, value: (row: number) => number): void => {
  const { offset } = portNamed(ports.inputs, port)
  for (let row = 0; row < stimulusRows; row++) stimulus[row * ports.inputWords + offset] = value(row)
}

const tileOperands = (ports: PortLayout, pe: TiledElement, size: ArraySize): Int32Array => {
  const { lanes, activation, weight, selector, scale } = pe.operands
  const steps = Math.ceil(group / lanes)
  const random = randomWords(seed)
  /** A code below infinities and NaNs, which a tile promises nothing about. */
  const below = (limit: bigint): number => random() % Number(limit)
  const finite = (activation.max + 1n) / 2n - 1024n
  const list = <Of>(count: number, of: () => Of): Of[] => Array.from({ length: count }, of)
  const groups = list(
    Math.ceil(stimulusRows / (steps * pe.timing.cycles_per_step)) + 1,
    (): TileStep => ({
      activations: list(size.rows, () => list(steps * lanes, () => below(finite) + (random() & 1) * 32768)),
      weights: list(size.columns, () => list(steps * lanes, () => below(weight.max + 1n))),
      selectors: list(size.columns, () => (selector ? below(selector.max + 1n) : 0)),
      scales: list(size.columns, () => below(scale.max + 1n)),
      continues: false,
      stalls: [],
    }),
  )
  return tileStimulus(ports, pe, size, groups).stimulus.subarray(0, stimulusRows * ports.inputWords)
}

const withRandomInputs = (name: string, module: Module, asked: Asked): Design => ({
  name,
  module,
  stimulus: randomStimulus(portLayout(module), stimulusRows, seed),
  asked,
})

/** What is no array of registered PEs. */
export const otherDesigns = (): readonly Design[] => [
  withRandomInputs('wavefront 16 x 16, combinational through PEs', wavefront(16), { off: 5, on: undefined }),
  withRandomInputs('irregular, 1500 operations', irregular(1, 120, 1500), { off: 2, on: undefined }),
]
