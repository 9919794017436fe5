/** What a design can be synthesised for. */
import { unknownName } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import { type FpgaFamily, fpgaFamilies } from './fpga.ts'
import { generic7 } from './library/generic7.ts'
import { generic45 } from './library/generic45.ts'
import { generic130Ihp } from './library/generic130-ihp.ts'
import { generic130Sky } from './library/generic130-sky.ts'
import type { Library } from './library/library.ts'

interface TargetBase {
  readonly id: string
  readonly summary: string
  /** Where its figures or its mapper come from. */
  readonly source: string
}
export interface AsicTarget extends TargetBase {
  readonly kind: 'asic'
  readonly library: Library
}
export interface FpgaTarget extends TargetBase {
  readonly kind: 'fpga'
  readonly family: FpgaFamily
}
export type Target = AsicTarget | FpgaTarget

/** The built-in libraries, each a target of its name. */
export const libraries: readonly Library[] = [generic45, generic130Sky, generic130Ihp, generic7]

/** All targets that work, in the order in which `bitloom list targets` shows them. */
export const targets: readonly Target[] = [
  ...libraries.map(
    (library): AsicTarget => ({
      id: library.name,
      kind: 'asic',
      summary: library.summary,
      source: library.source,
      library,
    }),
  ),
  ...fpgaFamilies.map(
    (family): FpgaTarget => ({
      id: family.id,
      kind: 'fpga',
      summary: family.summary,
      source: `Yosys ${family.command.split(' ')[0]}`,
      family,
    }),
  ),
]

/** The target named `id`; an unknown one is a user error that lists what there is. */
export const findTarget = (id: string): Target => {
  const found = targets.find((target) => target.id === id)
  if (found) return found
  const ids = targets.map((target) => target.id)
  const allowed = `use one of ${ids.join(', ')}`
  if (/\.lib(\.gz)?$/.test(id) || id.includes('/'))
    throw new UserError(
      'E-TARGET-LIBERTY',
      `${id} cannot be a target; ${allowed}, or give Liberty files with --liberty`,
    )
  throw unknownName('E-TARGET', 'target', id, ids)
}
