import * as z from 'zod'
import { readLimited } from '../../base/files.ts'
import { parsedJson } from '../../base/plain-data.ts'
import { UserError } from '../../base/user-error.ts'
import { parseSpec, SpecError } from '../../spec/index.ts'
import { type LayerQuantiser, layerQuantiserOf } from './layer-quantisers.ts'

/** Quantisers for the layers of a model, by the names of their matrices. */
export interface Mixture {
  /** Where it comes from. */
  readonly file: string
  /** In the order of the file; `*` in a pattern stands for any characters, and the first pattern that matches counts. */
  readonly rules: readonly { readonly pattern: string; readonly quantiser: LayerQuantiser }[]
  /** For layers that no pattern matches. */
  readonly rest: LayerQuantiser
}

const schema = z.strictObject({
  /** Spec of the quantiser for all other layers. */
  default: z.string(),
  /** Pattern of names to spec. */
  layers: z.record(z.string().min(1).max(200), z.string()).default({}),
})

const mostBytes = 2 ** 20

/** Reads a mixture from a JSON file, `{ "default": "group-integer(w=int4)", "layers": { "*.down": "group-integer(w=int8)" } }`. */
export const readMixture = (file: string): Mixture => {
  const text = readLimited(file, 'the mixture of quantisers', mostBytes).toString()
  const refuse = (what: string): never => {
    throw new UserError(
      'E-QUANT-MIXTURE',
      `${file} is no mixture of quantisers: ${what}; write such as {"default": "group-integer(w=int4)", "layers": {"*.down": "group-integer(w=int8)"}}`,
    )
  }
  const json = parsedJson(text)
  if (json === undefined) return refuse('it is no JSON')
  const parsed = schema.safeParse(json)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    return refuse(`${path.length > 0 ? `${path.join('.').slice(0, 100)}: ` : ''}${message}`)
  }
  const quantiserAt = (place: string, spec: string): LayerQuantiser => {
    try {
      return layerQuantiserOf(parseSpec(spec))
    } catch (error) {
      if (!(error instanceof SpecError)) throw error
      throw new UserError('E-QUANT-MIXTURE', `${file}, ${place}: ${error.message}`)
    }
  }
  return {
    file,
    rules: Object.entries(parsed.data.layers).map(([pattern, spec]) => ({
      pattern,
      quantiser: quantiserAt(pattern.slice(0, 100), spec),
    })),
    rest: quantiserAt('default', parsed.data.default),
  }
}

/** Whether a name is one of a pattern's, `*` standing for any characters. */
export const matchesPattern = (pattern: string, name: string): boolean => {
  const [first = '', ...others] = pattern.split('*')
  if (others.length === 0) return pattern === name
  const last = others.pop()!
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const part of others) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}

/** The quantiser of each of the names; a pattern that matches none of them is a UserError. */
export const mixtureFor = (
  { file, rules, rest }: Mixture,
  names: readonly string[],
): ReadonlyMap<string, LayerQuantiser> => {
  const idle = rules.find(({ pattern }) => !names.some((name) => matchesPattern(pattern, name)))
  if (idle)
    throw new UserError(
      'E-QUANT-MIXTURE',
      `${file}: the pattern ${idle.pattern.slice(0, 100)} matches no linear layer of the model; they are named ${names[0]} to ${names.at(-1)}`,
    )
  return new Map(
    names.map((name) => [name, rules.find(({ pattern }) => matchesPattern(pattern, name))?.quantiser ?? rest]),
  )
}
