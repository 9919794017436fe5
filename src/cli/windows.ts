import { UserError } from '../base/user-error.ts'
import { windowsOf } from '../llm/likelihood.ts'
import type { OpenedModel } from '../llm/open-model.ts'
import { type Calibration, calibrationWith } from '../llm/quantised/calibration.ts'
import { type Quantiser, withoutText } from '../llm/quantised/quantisers.ts'
import { readTexts } from '../llm/read-texts.ts'
import { bareTokens } from '../llm/tokenizer/tokenizer.ts'

export interface Windows {
  readonly windows: readonly (readonly number[])[]
  /** Longest window, in tokens. */
  readonly context: number
}

/** Texts as windows of tokens; `file` is where they come from, for messages. */
export const windowsOfTexts = (
  { model, tokenizer, prefix }: OpenedModel,
  texts: readonly string[],
  file: string,
  request: { readonly context?: number; readonly tokens?: number },
): Windows => {
  const { sequence } = model.config
  const context = request.context ?? sequence
  const least = prefix.length + 2
  if (context > sequence || context < least)
    throw new UserError(
      'E-OPTION',
      `--context ${context} does not fit model ${model.name}; give ${least} to ${sequence} tokens`,
    )
  let left = request.tokens ?? Number.POSITIVE_INFINITY
  const windows = texts.flatMap((text) => {
    const tokens = bareTokens(tokenizer, text).slice(0, left)
    left -= tokens.length
    return windowsOf(tokens, prefix, context)
  })
  if (!windows.some(({ length }) => length > 1))
    throw new UserError(
      'E-TEXT',
      `${file} holds no token that model ${model.name} could predict; give a longer text or more --tokens`,
    )
  return { windows, context }
}

export interface CalibrationRequest {
  /** Text for quantisers that are calibrated. */
  readonly calibrate?: string
  /** Most tokens of it. */
  readonly calibrateTokens: number
}

/** Tokens that calibration takes of a text unless told otherwise. */
export const usualCalibrationTokens = 4096

/**
 * What calibrates quantisers once the model is open: nothing where none of them is calibrated. A text that is not given, or cannot be
 * read, is refused at once: opening a model takes long.
 */
export const calibratorFor = (
  quantisers: readonly Quantiser[],
  { calibrate, calibrateTokens }: CalibrationRequest,
): ((opened: OpenedModel) => Calibration | undefined) => {
  const calibrated = quantisers.find((quantiser) => quantiser.calibrated)
  if (!calibrated) return () => undefined
  if (calibrate === undefined) throw withoutText(calibrated)
  const texts = readTexts(calibrate)
  return (opened) => calibrationWith(windowsOfTexts(opened, texts, calibrate, { tokens: calibrateTokens }).windows)
}
