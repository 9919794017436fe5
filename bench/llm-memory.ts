import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Progress } from '../src/base/progress.ts'
import type { Model, ModelConfig } from '../src/llm/model.ts'
import { randomModel } from '../src/llm/random-model.ts'
import { ggufBytes, ggufMetadata, ggufTensors } from '../test/llm/files/write-gguf.ts'
import { llama2cBytes } from '../test/llm/files/write-model.ts'
import { onnxBytes } from '../test/llm/files/write-onnx.ts'
import { huggingFaceConfig, huggingFaceTensors, writeHuggingFace } from '../test/llm/files/write-safetensors.ts'

/** By how much a process grows at most while it loads a model, over the bytes of its weights. */
export interface MemoryRow {
  readonly name: string
  readonly weights_mb: number
  readonly growth_mb: number
  readonly ratio: number
}

/** 30 M parameters: enough that the loader's own memory does not show. */
const config: ModelConfig = {
  dimension: 1024,
  hidden: 2816,
  layers: 2,
  heads: 16,
  keyValueHeads: 16,
  vocabulary: 4096,
  sequence: 64,
  sharedClassifier: true,
}

/** Writes a model in one format and gives the path that is opened. */
const formats: readonly { readonly name: string; readonly write: (model: Model, folder: string) => string }[] = [
  {
    name: 'llama2.c, float32',
    write: (model, folder) => written(join(folder, 'model.bin'), llama2cBytes(model)),
  },
  {
    name: 'llama2.c, int8 in groups',
    write: (model, folder) => written(join(folder, 'model.bin'), llama2cBytes(model, 2, 64)),
  },
  {
    name: 'safetensors in two shards, FP16',
    write: (model, folder) => {
      writeHuggingFace(folder, huggingFaceConfig(model, 'llama'), huggingFaceTensors(model, 'llama', 'F16'), 2)
      return folder
    },
  },
  {
    name: 'GGUF, Q8_0',
    write: (model, folder) =>
      written(join(folder, 'model.gguf'), ggufBytes(ggufMetadata(model, 'llama'), ggufTensors(model, 'Q8_0'))),
  },
  {
    name: 'ONNX, int8',
    write: (model, folder) => {
      writeFileSync(join(folder, 'config.json'), JSON.stringify(huggingFaceConfig(model, 'llama')))
      return written(join(folder, 'model.onnx'), onnxBytes(model))
    },
  },
]

const written = (path: string, bytes: Uint8Array): string => {
  writeFileSync(path, bytes)
  return path
}

/** Loads the model in a process of its own; Linux alone tells a process its own peak. */
const measured = (path: string): { readonly weights: number; readonly growth: number } => {
  const at = (file: string): string => JSON.stringify(new URL(`../src/llm/${file}`, import.meta.url).href)
  const program = `
    import { openPath } from ${at('open-model.js')}
    import { memoryOf } from ${at('model.js')}
    import { readFileSync } from 'node:fs'
    const most = () => 1024 * Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
    const before = most()
    const { model } = await openPath(process.argv[1])
    const growth = most() - before
    console.log(JSON.stringify({ weights: memoryOf(model), growth }))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program, path], { encoding: 'utf8' }))
}

/** A row for each format; none where the system does not tell. */
export const memoryRows = (progress: Progress): readonly MemoryRow[] => {
  if (process.platform !== 'linux') return []
  const folder = mkdtempSync(join(tmpdir(), 'bitloom-bench-'))
  try {
    const model = randomModel(config, 1)
    progress.start('memory of loaders', formats.length, 'formats')
    return formats.map(({ name, write }, at) => {
      const own = join(folder, String(at))
      mkdirSync(own)
      const { weights, growth } = measured(write(model, own))
      rmSync(own, { recursive: true })
      progress.update(at + 1)
      const megabytes = (bytes: number): number => Number((bytes / 1e6).toPrecision(3))
      return {
        name,
        weights_mb: megabytes(weights),
        growth_mb: megabytes(growth),
        ratio: Number((growth / weights).toPrecision(3)),
      }
    })
  } finally {
    progress.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
