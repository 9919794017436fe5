import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { OperandsOf, SignalsOf } from '../../src/dsl/component.ts'
import { type Builder, component, HdlError, type Module, type Ports } from '../../src/dsl/index.ts'
import type { ReadyOf } from '../../src/dsl/stream.ts'
import { portNamed, readPort, writePort } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'

// The same cases in every run; the full suite looks for new ones.
if (!process.env.BITLOOM_FULL) fc.configureGlobal({ seed: 1 })

/** A module called `maker` with these ports and this logic. */
export const maker = <In extends Ports, Out extends Ports>(
  inputs: In,
  outputs: Out,
  logic: (inputs: SignalsOf<In> & ReadyOf<Out>, builder: Builder) => OperandsOf<Out>,
): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module

/** No outputs, for logic that is run for the mistake in it. */
export const nothing = (_: unknown): Record<string, never> => ({})

type Row = Readonly<Record<string, bigint | number>>

/** Runs a module from reset with one row of inputs a cycle; its outputs, cycle by cycle. */
export const run = (module: Module, rows: readonly Row[]): Record<string, bigint>[] => {
  const engine = interpreter(module)
  return rows.map((row) => {
    for (const [name, value] of Object.entries(row))
      writePort(engine.inputs, portNamed(engine.ports.inputs, name), BigInt(value))
    engine.step()
    return Object.fromEntries(engine.ports.outputs.map((port) => [port.name, readPort(engine.outputs, port)]))
  })
}

/** What one output is, cycle by cycle. */
export const trace = (module: Module, output: string, rows: readonly Row[]): bigint[] =>
  run(module, rows).map((row) => row[output]!)

/**
 * The message of the mistake made, with the text of the user's line in place of its number, so that a snapshot shows that
 * the right line is named and does not change when the file does.
 */
export const mistake = (make: () => unknown): string => {
  let error: unknown
  try {
    make()
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(HdlError)
  const { message } = error as HdlError
  expect(message).not.toMatch(/\n/)
  return message.replace(/\(([^()\s]+\.ts):(\d+)\)/g, (_, file: string, line: string) => {
    const text = readFileSync(file, 'utf8').split('\n')[Number(line) - 1]!
    return `(${basename(file)}, line '${text.trim().replace(/^expect\(mistake\(|\)\)\.toMatchInlineSnapshot.*|,$/g, '')}')`
  })
}
