import { join } from 'node:path'
import { ensureWritable } from '../base/files.ts'
import { parameterCountOf } from '../llm/model.ts'
import { openModel } from '../llm/open-model.ts'
import { manifestFile, weightsFile, writeQuantisedModel } from '../llm/quantised/quantised-model-files.ts'
import { columns, type Output } from './context.ts'
import { quantiserFrom } from './quantiser-from.ts'
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
  ensureWritable(request.out)
  const { progress } = output
  const opened = await openModel(request.model, {
    progress,
    ...(request.tokenizer === undefined ? {} : { tokenizer: request.tokenizer }),
  })
  const calibration = calibrationOf(opened)
  try {
    const started = performance.now()
    const run = await quantiser.prepare(opened.model, { ...(calibration ? { calibration } : {}), progress })
    const manifest = writeQuantisedModel(request.out, run, {
      quantiser: quantiser.spec,
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
      files: [weightsFile, manifestFile],
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
    output.print(`${join(request.out, weightsFile)}\n${join(request.out, manifestFile)}`)
  } finally {
    progress.stop()
  }
}
