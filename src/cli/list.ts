import { unknownName } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import { formats } from '../formats/index.ts'
import { randomListing } from '../llm/open-random.ts'
import { cacheFamilies } from '../llm/quantised/quantised-cache.ts'
import { quantiserFamilies } from '../llm/quantised/quantisers.ts'
import { addedModels } from '../llm/store/added-models.ts'
import { builtInModels } from '../llm/store/models.ts'
import { families } from '../pe/catalogue.ts'
import { engineNames, engineSummaries } from '../sim/engines.ts'
import type { ParameterRule, ParameterSchema } from '../spec/index.ts'
import { dramPresets } from '../synth/memory/dram.ts'
import { sramFigures, sramTechnologies } from '../synth/memory/sram.ts'
import { targets } from '../synth/targets.ts'
import { columns, type Output } from './context.ts'

interface Item {
  readonly id: string
  readonly summary: string
  readonly source: string
}

/** What can be listed; quantisers are those that `--quant` takes, caches what `--kv` does. */
const lists: Readonly<Record<string, () => readonly Item[]>> = {
  pes: () =>
    families.map(({ id, summary, source, parameters }) => ({
      id,
      summary,
      source,
      parameters: parametersText(parameters),
    })),
  formats: () => formats,
  models: () => [
    ...builtInModels.map(({ id, summary, source, licence }) => ({ id, summary, source, licence })),
    ...addedModels().map((model) =>
      model instanceof UserError
        ? { id: 'damaged', summary: model.message, source: 'the cache', licence: 'not said' }
        : { id: model.name, summary: model.summary, source: model.source, licence: model.licence },
    ),
    randomListing,
  ],
  targets: () => targets.map(({ id, summary, source, kind }) => ({ id, summary, source, kind })),
  memories: () => [
    ...sramTechnologies.map(({ id, summary, source }) => ({
      id,
      summary: `on chip, ${summary}; ${readText(id)}`,
      source,
    })),
    ...dramPresets,
  ],
  quantisers: () =>
    quantiserFamilies.map(({ id, summary, source, parameters }) => ({
      id,
      summary,
      source,
      parameters: parametersText(parameters),
    })),
  caches: () =>
    cacheFamilies.map(({ id, summary, source, parameters }) => ({
      id,
      summary,
      source,
      parameters: parametersText(parameters),
    })),
  engines: () =>
    engineNames.map((id) => ({ id, summary: engineSummaries[id], source: id === 'verilator' ? 'Verilator' : 'ours' })),
}

/** Sizes whose reads are shown, in KB, where they were measured. */
const shownSizes = [8, 64, 512]

const readText = (technology: string): string => {
  const found = shownSizes.map((kilobytes) => ({ kilobytes, ...sramFigures({ technology, kilobytes }) }))
  const reads = found.filter(({ extrapolated }) => !extrapolated)
  return reads.map(({ kilobytes, read_pj }) => `64 bits from ${kilobytes} KB ${read_pj.toPrecision(3)} pJ`).join(', ')
}

export const listed = Object.keys(lists)

/** `bitloom list`: everything of one kind, or the kinds. */
export const listCommand = (what: string | undefined, output: Output): void => {
  if (what === undefined) {
    const items = listed.map((id) => ({ id, summary: `${lists[id]!().length} entries`, source: `bitloom list ${id}` }))
    output.result({ items })
    output.print(columns(items.map(({ id, summary, source }) => [id, summary, source])))
    return
  }
  const list = lists[what]
  if (!list || !Object.hasOwn(lists, what)) throw unknownName('E-LIST', 'list', what, listed)
  const items = list()
  output.result({ items })
  output.print(columns(items.map(({ id, summary, source }) => [id, summary, source])))
}

const parametersText = (parameters: ParameterSchema): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(parameters).map(([key, rule]) => [key, ruleText(rule)]))

const ruleText = (rule: ParameterRule): string => {
  if (rule.kind === 'integer') return `${rule.summary}: ${rule.min} to ${rule.max}, default ${rule.default}`
  const allowed = rule.kind === 'spec' ? '' : `: ${rule.allowed.join(' | ')}`
  return `${rule.summary}${allowed}, default ${rule.default}`
}
