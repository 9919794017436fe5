import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { cDriver } from '../../../src/accel/coprocessor/c-driver.ts'
import { computeArray } from '../../../src/accel/coprocessor/compute-array.ts'
import { coprocessor } from '../../../src/accel/coprocessor/coprocessor.ts'
import { coreDescription } from '../../../src/accel/coprocessor/description.ts'
import { unpackRow } from '../../../src/accel/coprocessor/packer.ts'
import { printVerilog } from '../../../src/dsl/index.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'
import { placedProduct } from './core-runs.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'bitloom-driver-'))
  folders.push(folder)
  return folder
}
const here = fileURLToPath(new URL('./c/', import.meta.url))
const strict = ['-std=c99', '-Wall', '-Wextra', '-Werror', '-pedantic', '-Wconversion', '-O1']

const run = (command: string, args: readonly string[], cwd: string): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (error) throw error
  expect(`${command} ${status}\n${stdout}${stderr}`).toMatch(new RegExp(`^${command.replaceAll(/\W/g, '.')} 0\n`))
  return stdout
}

const xrnpe = ['fp4', 'posit(4,1)', 'posit(8,0)', 'posit(16,1)'].map((mode) => `xrnpe(mode=${mode})`)
const described = (specs: readonly string[], busBits: number) => {
  const elements = specs.map(elementOf)
  const options = {
    array: computeArray(elements, { rows: 4, columns: 4 }),
    transfers: { busBits, addressBits: 40, mostBeats: 4095 },
  }
  return { elements, options, core: coreDescription(options) }
}

const writeDriver = (folder: string, core: ReturnType<typeof coreDescription>): void => {
  for (const { file, text } of cDriver(core)) writeFileSync(join(folder, file), text)
}

describe('the C driver', () => {
  it.each([
    { specs: ['mac'], busBits: 32 },
    { specs: ['mixpe'], busBits: 64 },
    { specs: ['bitmod(w=fp4)'], busBits: 128 },
    { specs: xrnpe, busBits: 64 },
  ])('of $specs is C99 and C++ without a warning, with real registers', ({ specs, busBits }) => {
    const folder = newFolder()
    writeDriver(folder, described(specs, busBits).core)
    run('gcc', [...strict, '-c', 'coprocessor.c'], folder)
    writeFileSync(join(folder, 'user.cpp'), '#include "coprocessor.h"\nint main() { return coprocessor_probe(0); }\n')
    run('g++', ['-Wall', '-Wextra', '-Werror', '-pedantic', '-c', 'user.cpp'], folder)
  })

  // Building the larger models takes minutes.
  const models = [
    { specs: ['mixpe(output=fp32)'], busBits: 64, mode: 0, shape: [9, 10, 41, 16] as const },
    { specs: ['bitmod(w=fp3)'], busBits: 128, mode: 0, shape: [5, 6, 40, 12] as const },
    { specs: xrnpe, busBits: 64, mode: 1, shape: [6, 7, 37, 20] as const },
  ]
  it.each(process.env.BITLOOM_FULL ? models : models.slice(0, 1))(
    "multiplies on Verilator's model of $specs",
    ({ specs, busBits, mode, shape }) => {
      const { elements, options, core } = described(specs, busBits)
      const { size, layout, at, memory } = placedProduct({ elements, core }, shape, 11, mode)
      const product = placedProduct({ elements, core }, shape, 11, mode)
      const folder = newFolder()
      writeDriver(folder, core)
      const { module } = coprocessor(options)
      writeFileSync(join(folder, `${module.name}.v`), printVerilog(module))
      for (const file of ['bus.h', 'bus.cpp', 'main.c']) copyFileSync(join(here, file), join(folder, file))

      const side = (name: 'activations' | 'weights') => {
        const of = name === 'weights' ? core.weight : core.activation
        const bits = name === 'weights' ? layout.mode.weightBits : layout.mode.activationBits
        const bytes = memory.subarray(at[name], at[name] + layout[name].bytes)
        return Array.from({ length: layout[name].rows }, (_, row) => {
          const { codes, fields } = unpackRow(of, bits, layout[name], size, layout, bytes, row)
          const words = Array.from({ length: layout.groups }, (_, group) => {
            let [word, low] = [0n, 0n]
            for (const { name: field, bits: width } of of.fields) {
              word |= BigInt(fields[field]![group]!) << low
              low += BigInt(width)
            }
            return word
          })
          return { codes, words }
        })
      }
      const list = (name: string, type: string, values: readonly (number | bigint)[]): string =>
        `static const ${type} ${name}[] = {${values.join(', ')}};`
      const [activations, weights] = [side('activations'), side('weights')]
      const results = new Uint8Array(layout.results.bytes)
      const written = new Uint8Array(layout.results.bytes)
      const { matrices, matrixBytes, rowBytes } = layout.results
      for (let matrix = 0; matrix < matrices; matrix++)
        for (let token = 0; token < size.tokens; token++)
          for (let output = 0; output < size.outputs; output++) {
            const value = product.wanted[(matrix * size.tokens + token) * size.outputs + output]!
            for (let byte = 0; byte < core.resultBytes; byte++) {
              const place = matrix * matrixBytes + token * rowBytes + output * core.resultBytes + byte
              results[place] = Number(BigInt.asUintN(8, value >> BigInt(8 * byte)))
              written[place] = 1
            }
          }
      const { tokens, outputs, inputs, group } = size
      writeFileSync(
        join(folder, 'product_data.h'),
        [
          '#include <stdint.h>',
          `#define PRODUCT {${tokens}u, ${outputs}u, ${inputs}u, ${group}u, ${size.mode}u, 0, 0, 0}`,
          `#define GROUPS ${layout.groups}u`,
          `#define ACTIVATION_ROW ${layout.activations.rowBytes}u`,
          `#define WEIGHT_ROW ${layout.weights.rowBytes}u`,
          list(
            'activations',
            'int32_t',
            activations.flatMap(({ codes }) => codes),
          ),
          list(
            'weights',
            'int32_t',
            weights.flatMap(({ codes }) => codes),
          ),
          list('fields', 'uint64_t', [...weights.flatMap(({ words }) => words.map((word) => `${word}u` as never)), 0]),
          list('results', 'uint8_t', [...results]),
          list('written', 'uint8_t', [...written]),
          '',
        ].join('\n'),
      )
      run('gcc', [...strict, '-include', 'bus.h', '-c', 'coprocessor.c', 'main.c'], folder)
      const model = ['--cc', '--exe', '--build', '--prefix', 'Vmodel', '--top-module', module.name, '-O3', '--noassert']
      run(
        'verilator',
        [
          ...model,
          '-Wno-fatal',
          '-CFLAGS',
          `-DBUS_BYTES=${busBits / 8} -I..`,
          '-o',
          'program',
          `${module.name}.v`,
          'bus.cpp',
          '../coprocessor.o',
          '../main.o',
        ],
        folder,
      )
      expect(run(join(folder, 'obj_dir', 'program'), [], folder)).toBe('all as it should be\n')
    },
    600_000,
  )
})
