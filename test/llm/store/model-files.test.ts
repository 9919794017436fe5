import { expect, test } from 'vitest'
import { filesOf, modelsAmong } from '../../../src/llm/store/model-files.ts'

const main = (names: readonly string[]): readonly string[] => modelsAmong(names).map((model) => model.main)

test('a Hugging Face directory is one model, however many files its weights are in', () => {
  const names = [
    'README.md',
    'config.json',
    'a.safetensors',
    'b.safetensors',
    'model.safetensors.index.json',
    'tokenizer.json',
  ]
  expect(modelsAmong(names)).toEqual([
    {
      main: '.',
      files: ['a.safetensors', 'b.safetensors', 'model.safetensors.index.json', 'config.json', 'tokenizer.json'],
    },
  ])
  expect(main(['a.safetensors'])).toEqual([])
  expect(modelsAmong(names.map((name) => `deep/${name}`))).toMatchObject([{ main: 'deep', files: { length: 5 } }])
})

test('each GGUF file is a model, with the tokenizer beside it', () => {
  const names = ['a.gguf', 'b.gguf', 'tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja', 'x.txt']
  expect(main(names)).toEqual(['a.gguf', 'b.gguf'])
  expect(filesOf('b.gguf', names)).toEqual(['b.gguf', 'tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja'])
})

test('only of ONNX files it may lie above', () => {
  expect(filesOf('a/b.gguf', ['a/b.gguf', 'tokenizer.json', 'config.json'])).toEqual(['a/b.gguf'])
})

test('what belongs to an ONNX file lies beside it or above its folder, not one of the two files here and one there', () => {
  const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/a.onnx', 'onnx/b.onnx', 'other/c.onnx']
  expect(main(names)).toEqual(['onnx/a.onnx', 'onnx/b.onnx', 'other/c.onnx'])
  expect(filesOf('onnx/a.onnx', names)).toEqual([
    'onnx/a.onnx',
    'config.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ])
  expect(filesOf('onnx/a.onnx', [...names, 'onnx/tokenizer.json', 'onnx/config.json'])).toEqual([
    'onnx/a.onnx',
    'onnx/config.json',
    'onnx/tokenizer.json',
  ])
  const apart = ['config.json', 'tokenizer.json', 'onnx/a.onnx', 'onnx/tokenizer_config.json']
  expect(filesOf('onnx/a.onnx', apart)).toEqual(['onnx/a.onnx', 'config.json', 'tokenizer.json'])
  expect(main(['onnx/a.onnx'])).toEqual([])
})

test('a checkpoint of llama2.c is a .bin file beside a tokenizer, which is none itself', () => {
  const names = ['src/stories.bin', 'src/tok512.bin', 'src/tokenizer.bin', 'data.bin']
  expect(modelsAmong(names)).toEqual([
    { main: 'src/stories.bin', files: ['src/stories.bin', 'src/tok512.bin', 'src/tokenizer.bin'] },
  ])
})
