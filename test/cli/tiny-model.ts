import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelConfig } from '../../src/llm/model.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { llama2cBytes } from '../llm/files/write-model.ts'

/** 256 byte tokens after the three control tokens, and nothing else: every text can be written. */
const vocabulary = 259

const config: ModelConfig = {
  dimension: 32,
  hidden: 44,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  vocabulary,
  sequence: 32,
  sharedClassifier: true,
}

/** Writes a seeded random checkpoint (grouped-query attention, ragged groups) its byte tokenizer and a text into a folder. */
export const writeTinyModel = (
  folder: string,
  seed: number,
): { readonly model: string; readonly tokenizer: string; readonly text: string } => {
  const model = join(folder, 'tiny.bin')
  writeFileSync(model, llama2cBytes(randomModel(config, seed)))

  const texts = [
    '<unk>',
    '\n<s>\n',
    '\n</s>\n',
    ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  ]
  const entries = texts.map((text) => {
    const head = Buffer.alloc(8)
    head.writeInt32LE(Buffer.byteLength(text), 4)
    return Buffer.concat([head, Buffer.from(text)])
  })
  const longest = Buffer.alloc(4)
  longest.writeInt32LE(7)
  const tokenizer = join(folder, 'tokenizer.bin')
  writeFileSync(tokenizer, Buffer.concat([longest, ...entries]))
  const text = join(folder, 'text.txt')
  writeFileSync(text, 'Once upon a time.')
  return { model, tokenizer, text }
}
