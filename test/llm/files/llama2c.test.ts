import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../../../src/base/user-error.ts'
import { bytesSource } from '../../../src/llm/files/byte-source.ts'
import { loadLlama2c, readLlama2c } from '../../../src/llm/files/llama2c.ts'
import { type Model, type ModelConfig, memoryOf, parameterCountOf } from '../../../src/llm/model.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { floatsOf } from '../../../src/llm/weights.ts'
import { temporaryFolder } from '../store/fake-registry.ts'
import { readDamaged } from './damage.ts'
import { floatParts, int8Groups, llama2cBytes } from './write-model.ts'

const grouped: ModelConfig = {
  dimension: 24,
  hidden: 20,
  layers: 3,
  heads: 6,
  keyValueHeads: 2,
  vocabulary: 30,
  sequence: 16,
  sharedClassifier: true,
}

const read = (bytes: Uint8Array): Promise<Model> => readLlama2c(bytesSource(bytes, 'm.bin'), 'm')

const codeOf = async (bytes: Uint8Array): Promise<string> => {
  try {
    await read(bytes)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    expect(error.message).toMatch(/^m\.bin .*; give a checkpoint of llama2\.c \(legacy, version 1 or 2\)/)
    return error.code
  }
}

test('a float checkpoint is read back as it was written, legacy or version 1, classifier shared or not', async () => {
  for (const version of [0, 1] as const)
    for (const sharedClassifier of [true, false]) {
      const model = randomModel({ ...grouped, sharedClassifier }, 5)
      const { name: _, ...expected } = model
      const { name, ...found } = await read(llama2cBytes(model, version))
      expect(name).toBe('m')
      expect(found).toEqual(expected)
      const rest = version === 0 ? 7 + 16 * 4 : 64
      expect(parameterCountOf(model)).toBe(llama2cBytes(model, version).length / 4 - rest)
    }
})

test('version 2 keeps int8 codes and scales, which stand for the weights to half a step', async () => {
  for (const sharedClassifier of [true, false]) {
    const model = randomModel({ ...grouped, sharedClassifier }, 5)
    const bytes = llama2cBytes(model, 2, 12)
    const found = await read(bytes)
    const [codes, scales] = int8Groups(floatsOf(model.layers[1]!.down.weights), 12)
    expect(found.layers[1]!.down.weights).toEqual({ kind: 'int8', codes, zero: 0, scales, group: 12 })
    const wanted = floatParts(model)
    for (const [name, values] of floatParts(found)) {
      const worst = Math.max(...values.map((value, k) => Math.abs(value - wanted.get(name)![k]!)))
      if (name.endsWith('Norm')) expect(worst).toBe(0)
      else expect(worst).toBeLessThan(0.02)
    }
    expect(memoryOf(found)).toBe(bytes.length - 256)
    expect(found.config.sharedClassifier).toBe(sharedClassifier)
  }
})

test('a group may go over the end of a row, as llama2.c counts weights of the whole matrix', async () => {
  const model = randomModel({ ...grouped, hidden: 22 }, 5)
  const { down } = (await read(llama2cBytes(model, 2, 12))).layers[0]!
  const values = floatsOf(down.weights)
  const wanted = floatsOf(model.layers[0]!.down.weights)
  values.forEach((value, k) => {
    expect(Math.abs(value - wanted[k]!)).toBeLessThan(0.02)
  })
})

test('the shared classifier is the embedding, and the rotary positions are those of llama2.c', async () => {
  const model = await read(llama2cBytes(randomModel(grouped, 1)))
  expect(model.classifier.weights).toBe(model.embedding.weights)
  expect(model.architecture.positions).toMatchObject({ kind: 'rotary', pairs: 'neighbours' })
})

test('every truncation and every surplus is refused as a wrong size', async () => {
  for (const version of [0, 1, 2] as const) {
    const bytes = llama2cBytes(randomModel(grouped, 1), version)
    for (const length of [0, 1, 27, 100, 255, 256, 300, bytes.length - 4, bytes.length - 1])
      expect(await codeOf(bytes.subarray(0, length))).toBe('E-MODEL-SIZE')
    expect(await codeOf(Uint8Array.from([...bytes, 0]))).toBe('E-MODEL-SIZE')
  }
})

test('absurd header numbers are refused before anything is allocated', async () => {
  for (const version of [0, 1, 2] as const) {
    const bytes = llama2cBytes(randomModel(grouped, 1), version)
    const first = version === 0 ? 0 : 2
    const withWord = (index: number, value: number): Uint8Array => {
      const copy = bytes.slice()
      new DataView(copy.buffer).setInt32(4 * (index + first), value, true)
      return copy
    }
    for (let index = 0; index < 7; index++)
      for (const value of [0, -(2 ** 31), 2 ** 31 - 1, ...(index === 5 && version === 0 ? [] : [-5])])
        expect(await codeOf(withWord(index, value)), `word ${index} = ${value}`).toBe('E-MODEL-HEADER')
    expect(await codeOf(withWord(3, 5))).toBe('E-MODEL-HEADER')
    expect(await codeOf(withWord(3, 24))).toBe('E-MODEL-HEADER')
    expect(await codeOf(withWord(4, 4))).toBe('E-MODEL-HEADER')
    if (version === 0) expect(await codeOf(withWord(6, 17))).toBe('E-MODEL-SIZE')
    expect(await codeOf(withWord(5, version === 0 ? -30 : 31))).toBe('E-MODEL-SIZE')
  }
  expect(await codeOf(Buffer.from('GGUF'.padEnd(100, 'x')))).toBe('E-MODEL-HEADER')
})

test('an unknown version, a flag that is none and groups that do not divide the rows are refused', async () => {
  const bytes = llama2cBytes(randomModel(grouped, 1), 2, 12)
  const withByte = (at: number, value: number): Uint8Array => {
    const copy = bytes.slice()
    copy[at] = value
    return copy
  }
  await expect(read(withByte(4, 3))).rejects.toThrow(/version 3, known are 1 and 2/)
  await expect(read(withByte(36, 2))).rejects.toThrow(/says 2 where 0 or 1 tells/)
  for (const group of [0, 5, 25, 255])
    await expect(read(withByte(37, group))).rejects.toThrow(new RegExp(`groups of ${group} weights, .* dimension 24`))
  expect(await codeOf(withByte(40, 0x80))).toBe('E-MODEL-HEADER')
})

test('an infinite or undefined weight or scale is refused by the name of its matrix', async () => {
  const model = randomModel(grouped, 1)
  floatsOf(model.layers[1]!.up.weights)[7] = Number.NaN
  await expect(read(llama2cBytes(model))).rejects.toThrow(/undefined weight in layers\.1\.up; give the file/)
  const bytes = llama2cBytes(randomModel(grouped, 1), 2)
  new DataView(bytes.buffer).setFloat32(bytes.length - 4, Number.POSITIVE_INFINITY, true)
  await expect(read(bytes)).rejects.toThrow(/infinite or undefined weight in layers\.2\.up/)
})

test('a file is named after its file name, and a missing one is one sentence', async () => {
  const path = join(temporaryFolder(), 'tiny.bin')
  writeFileSync(path, llama2cBytes(randomModel(grouped, 1)))
  const found = await loadLlama2c(path)
  expect(found.name).toBe('tiny')
  expect({ ...found, name: 'm' }).toEqual(await read(llama2cBytes(randomModel(grouped, 1))))
  await expect(loadLlama2c(`${path}x`)).rejects.toThrow(/cannot read the model .*: no such file or folder/)
})

test.each([0, 1, 2] as const)('200 damaged files of version %i are read or refused', async (version) => {
  const bytes = llama2cBytes(randomModel({ ...grouped, layers: 1 }, 1), version)
  const refused = await readDamaged(bytes, (source) => readLlama2c(source, 'm'), { seed: 7 + version, front: 64 })
  expect(refused).toBeGreaterThan(100)
})
