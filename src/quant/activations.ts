import { blockCodecOf, blockFormatOf, formatOf, isScalar, scalarFormatOf } from '../formats/index.ts'
import { checkMatrix, roundToNearest } from './fitted.ts'
import { roundToFloat16 } from './float16.ts'
import { quantiseTokens } from './token-integer.ts'
import { dequantiseTyped, fitTyped } from './typed-groups.ts'

/** What becomes of the inputs of a linear layer. */
export type Activations =
  | { readonly kind: 'float32' | 'float16' }
  /** One scale a token, symmetric. */
  | { readonly kind: 'integer'; readonly bits: number }
  /** A scalar format with one scale a token, or a block format along each token, with a second-level scale of its own; by its id. */
  | { readonly kind: 'format'; readonly format: string }

/** The activations of a text: `float`, `fp16`, `int2` to `int8`, or the id of a scalar or block format. */
export const activationsOf = (text: string): Activations => {
  if (text === 'float') return { kind: 'float32' }
  if (text === 'fp16') return { kind: 'float16' }
  const integer = /^int([2-8])$/.exec(text)
  return integer ? { kind: 'integer', bits: Number(integer[1]) } : { kind: 'format', format: formatOf(text).id }
}

/** The text that `activationsOf` reads. */
export const activationsText = (activations: Activations): string => {
  switch (activations.kind) {
    case 'float32':
      return 'float'
    case 'float16':
      return 'fp16'
    case 'integer':
      return `int${activations.bits}`
    case 'format':
      return activations.format
  }
}

/** One phrase that says what becomes of activations. */
export const describeActivations = (activations: Activations): string => {
  switch (activations.kind) {
    case 'float32':
      return 'float32'
    case 'float16':
      return 'rounded to FP16'
    case 'integer':
      return `int${activations.bits} per token, scale = largest magnitude / ${2 ** (activations.bits - 1) - 1}`
    case 'format':
      return isScalar(formatOf(activations.format))
        ? `${activations.format} with an FP16 scale a token`
        : `${activations.format} along each token`
  }
}

/** Tokens x K inputs as the codes of their format give them back. */
export const roundActivations = (
  input: Float32Array,
  tokens: number,
  inputs: number,
  activations: Activations,
): Float32Array => {
  switch (activations.kind) {
    case 'float32':
      return input
    case 'float16':
      return input.map(roundToFloat16)
    case 'integer': {
      const { codes, scales } = quantiseTokens(input, tokens, inputs, { bits: activations.bits })
      return Float32Array.from(codes, (code, at) => code * scales[Math.floor(at / inputs)]!)
    }
    case 'format': {
      const matrix = { data: input, outputs: tokens, inputs, name: 'the activations' }
      if (!isScalar(formatOf(activations.format))) {
        checkMatrix(matrix)
        // Token by token: a second-level scale over all of them would let one token change the codes of another.
        const codec = blockCodecOf(blockFormatOf(activations.format))
        const result = new Float32Array(tokens * inputs)
        for (let from = 0; from < input.length; from += inputs)
          result.set(codec.decode(codec.encode(input.subarray(from, from + inputs))), from)
        return result
      }
      const options = {
        formats: [scalarFormatOf(activations.format)],
        per: 'channel',
        group: inputs,
        clip: 'none',
      } as const
      return dequantiseTyped(roundToNearest(matrix, fitTyped(matrix, options)))
    }
  }
}
