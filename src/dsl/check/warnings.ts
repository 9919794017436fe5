import { HdlError, type Origin } from '../error.ts'
import type { Module, Warning, WarningCode } from '../ir.ts'
import { modulesUnder } from '../verilog/print.ts'

/** Warnings a designer means, each with why: by code, then by the name of what it is about. */
export type Accepted = {
  readonly [Code in Exclude<WarningCode, 'W-ACCEPTED'>]?: { readonly [name: string]: string }
}

/** The module without the warnings that are accepted, and with one for each acceptance that nothing needs. */
export const withAccepted = (module: Module, accepted: Accepted, declared: Origin): Module => {
  const all = Object.entries(accepted).flatMap(([code, reasons]) =>
    Object.entries(reasons).map(([name, why]) => ({ code, name, why })),
  )
  const without = all.find(({ why }) => why.trim() === '')
  if (without)
    throw new HdlError(
      'E-PARAMETER',
      module.name,
      `'accepted' gives no reason for ${without.code} of '${without.name}'; write why it is meant`,
      declared,
    )
  const reasonOf = ({ code, about }: Warning): string | undefined =>
    all.find((one) => one.code === code && about.includes(one.name))?.why
  const idle = all
    .filter(({ code, name }) => !module.warnings.some((one) => one.code === code && one.about.includes(name)))
    .map(({ code, name }): Warning => {
      const there = module.warnings.filter((one) => one.code === code).flatMap(({ about }) => about)
      const cure = there.length > 0 ? `there is one of ${there.join(', ')}` : 'there is none'
      return {
        code: 'W-ACCEPTED',
        about: [name],
        message: `'accepted' lists ${code} of '${name}', and ${cure}; take it off the list or correct the name`,
        source: declared,
      }
    })
  return {
    ...module,
    warnings: [...module.warnings.filter((warning) => reasonOf(warning) === undefined), ...idle],
    accepted: module.warnings.flatMap((warning) => {
      const why = reasonOf(warning)
      return why === undefined ? [] : [{ ...warning, why }]
    }),
  }
}

/** A warning with the module it is in and its line of TypeScript, `src/pe/mac.ts:24`, as plain text. */
export interface FoundWarning {
  readonly module: string
  readonly code: WarningCode
  readonly message: string
  readonly source?: string
  /** Why it is meant, where the designer says so. */
  readonly accepted?: string
}

/** The warnings of a design and everything under it, children first; with `accepted` also those that are meant. */
export const warningsUnder = (top: Module, options: { readonly accepted?: boolean } = {}): readonly FoundWarning[] =>
  modulesUnder(top).flatMap(({ name, warnings, accepted }) => {
    const found = (warning: Warning, why?: string): FoundWarning => {
      const line = warning.source?.()
      return {
        module: name,
        code: warning.code,
        message: warning.message,
        ...(line === undefined ? {} : { source: line }),
        ...(why === undefined ? {} : { accepted: why }),
      }
    }
    const meant = options.accepted ? accepted.map(({ why, ...warning }) => found(warning, why)) : []
    return [...warnings.map((warning) => found(warning)), ...meant]
  })

/** `W-UNUSED in mac (src/mac.ts:24): input 'b' changes no output and no check; read it or leave it out`. */
export const describeWarning = ({ module, code, message, source }: FoundWarning): string =>
  `${code} in ${module}${source === undefined ? '' : ` (${source})`}: ${message}`
