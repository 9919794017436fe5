import { type Bits, bits, component, type Module } from '../../../src/dsl/index.ts'
import type { Engine } from '../../../src/sim/engine.ts'
import { type EngineName, openEngine } from '../../../src/sim/engines.ts'

/** A component of nothing but one operation on codes; its inputs are `x_0` upwards. */
export const operation = (
  name: string,
  widths: readonly number[],
  resultWidth: number,
  logic: (...operands: Bits[]) => Bits,
): Module =>
  component(name, (_: object) => ({
    name,
    in: Object.fromEntries(widths.map((width, k) => [`x_${k}`, bits(width)])),
    out: { y: bits(resultWidth) },
    logic: (inputs) => ({ y: logic(...widths.map((_, k) => inputs[`x_${k}`]!)) }),
  }))({}).module

/** Results of an operation for rows of operands of at most 32 bits each, back to back. */
export const results = (module: Module, operands: Int32Array, engine: EngineName | Engine = 'js'): Uint32Array => {
  const open = typeof engine === 'string' ? openEngine(engine, module) : engine
  const rows = operands.length / open.ports.inputWords
  const response = new Int32Array(rows)
  open.replay(operands, rows, response)
  open.close()
  return new Uint32Array(response.buffer)
}

/** Every combination of codes of these widths, as rows. */
export const everyCombination = (widths: readonly number[]): Int32Array => {
  const total = 2 ** widths.reduce((sum, width) => sum + width, 0)
  const rows = new Int32Array(total * widths.length)
  for (let k = 0; k < total; k++) {
    let rest = k
    widths.forEach((width, column) => {
      rows[k * widths.length + column] = rest & (2 ** width - 1)
      rest >>>= width
    })
  }
  return rows
}

/** What differs from the golden model, as one line each; at most ten. */
export const differences = (
  operands: Int32Array,
  found: Uint32Array,
  golden: (...codes: bigint[]) => bigint | undefined,
): string[] => {
  const columns = operands.length / found.length
  const lines: string[] = []
  for (let k = 0; k < found.length && lines.length < 10; k++) {
    const codes = Array.from(operands.subarray(k * columns, (k + 1) * columns), (code) => BigInt(code >>> 0))
    const want = golden(...codes)
    if (want !== undefined && BigInt(found[k]!) !== want)
      lines.push(
        `${codes.map((code) => code.toString(16)).join(' ')} gave ${found[k]!.toString(16)}, not ${want.toString(16)}`,
      )
  }
  return lines
}
