import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ensureWritable, readLimited, writeWhole } from '../base/files.ts'
import { UserError } from '../base/user-error.ts'
import { parameterCountOf } from '../llm/model.ts'
import { openModel } from '../llm/open-model.ts'
import { manifestFile, weightsFile } from '../llm/quantised/manifest.ts'
import { writeQuantisedModel } from '../llm/quantised/quantised-model-files.ts'
import { tokenizerFiles } from '../llm/store/model-files.ts'
import { columns, type Output } from './context.ts'
import { ownQuantiser, quantiserFrom } from './quantiser-from.ts'
import { type CalibrationRequest, calibratorFor } from './windows.ts'

export interface QuantiseRequest extends CalibrationRequest {
  readonly model: string
  readonly tokenizer?: string
  readonly quant: string
  readonly out: string
}

/** `bitloom quantise`: codes and scales of a model in a folder, with a manifest. */
export const quantiseCommand = async (request: QuantiseRequest, output: Output): Promise<void> => {
  const quantiser = quantiserFrom(request.quant)
  const calibrationOf = calibratorFor([quantiser], request)
  if (existsSync(join(request.out, 'config.json')))
    throw new UserError(
      'E-OPTION',
      `${request.out} holds a config.json, so that it would be opened as a Hugging Face directory; choose another folder with --out`,
    )
  ensureWritable(request.out)
  const { progress } = output
  const opened = await openModel(request.model, {
    progress,
    ...(request.tokenizer === undefined ? {} : { tokenizer: request.tokenizer }),
  })
  ownQuantiser(opened, request.quant)
  const calibration = calibrationOf(opened)
  try {
    const started = performance.now()
    const run = await quantiser.prepare(opened.model, { ...(calibration ? { calibration } : {}), progress })
    const { tokenizer, ends, begin } = opened.text
    const copied = tokenizer === undefined ? [] : copyTokenizer(tokenizer, request.out)
    const manifest = writeQuantisedModel(request.out, run, {
      quantiser: quantiser.spec,
      text: {
        ...(copied[0] === undefined ? {} : { tokenizer: copied[0] }),
        ...(begin === undefined ? {} : { begin }),
        ends: [...ends],
      },
      provenance: {
        model: opened.source,
        model_sha256: opened.sha256,
        weights: quantiser.weights,
        activations: quantiser.activations,
        ...(calibration ? { calibration: `${calibration.tokens} tokens of ${request.calibrate}` } : {}),
      },
    })
    const seconds = (performance.now() - started) / 1000
    const { model, weights, bits_per_weight, layers, provenance } = manifest
    output.result({
      model,
      quantiser: manifest.quantiser,
      out: request.out,
      files: [...copied, weightsFile, manifestFile],
      bytes: weights.bytes,
      sha256: weights.sha256,
      bits_per_weight,
      layers: layers.length,
      parameters: parameterCountOf(opened.model),
      seconds,
      provenance,
    })
    output.print(
      columns([
        ['layers', 'bits/weight', 'bytes', 'seconds', 'model', 'quantiser'],
        [
          String(layers.length),
          bits_per_weight.toFixed(3),
          String(weights.bytes),
          seconds.toFixed(1),
          model,
          manifest.quantiser,
        ],
      ]),
    )
    output.print([...copied, weightsFile, manifestFile].map((file) => join(request.out, file)).join('\n'))
    if (copied.length === 0)
      progress.say('the tokenizer is in no file of its own, which could be copied; with this model give --tokenizer')
  } finally {
    progress.stop()
  }
}

const mostTokenizerBytes = 2 ** 28

/** A tokenizer beside the model, with what belongs to it; gives the names of the files. */
const copyTokenizer = (path: string, folder: string): readonly string[] =>
  tokenizerFiles(path).map(({ from, to }) => {
    writeWhole(join(folder, to), readLimited(from, 'the tokenizer', mostTokenizerBytes))
    return to
  })
