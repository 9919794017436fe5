import { UserError } from '../base/user-error.ts'
import { type Calibration, calibrationWith } from '../llm/calibration.ts'
import { windowsOf } from '../llm/likelihood.ts'
import type { OpenedModel } from '../llm/open-model.ts'
import { readTexts } from '../llm/read-texts.ts'
import { bareTokens } from '../llm/tokenizer.ts'

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

/** Tokens that calibration takes of a text unless told otherwise. */
export const usualCalibrationTokens = 4096

/** What calibrates with a text, or nothing where none is given. */
export const calibrationOf = (
  opened: OpenedModel,
  file: string | undefined,
  tokens: number,
): Calibration | undefined =>
  file === undefined ? undefined : calibrationWith(windowsOfTexts(opened, readTexts(file), file, { tokens }).windows)
