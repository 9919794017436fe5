import { UserError } from '../base/user-error.ts'
import { familyNamed, parseSpec } from '../spec/index.ts'
import { ant } from './baseline/ant/family.ts'
import { bitfusion } from './baseline/bitfusion/family.ts'
import { figna } from './baseline/figna/family.ts'
import { fmac } from './baseline/fmac/family.ts'
import { mac } from './baseline/mac/family.ts'
import { olive } from './baseline/olive/family.ts'
import { posit } from './baseline/posit/family.ts'
import { bitmod } from './bitmod/family.ts'
import type { PeFamily, ProcessingElement } from './family.ts'
import { mixpe } from './mixpe/family.ts'
import type { TiledElement, TiledFamily } from './tile.ts'
import { xrnpe } from './xrnpe/family.ts'

/** Every PE family there is; a new one is a folder and a line here. */
export const families: readonly (PeFamily | TiledFamily)[] = [
  mixpe,
  bitmod,
  xrnpe,
  mac,
  fmac,
  figna,
  bitfusion,
  ant,
  olive,
  posit,
]

/** The designs whose Verilog is kept in `generated/`. */
export const catalogue: readonly string[] = [
  'mixpe(w=int4, a=int8)',
  'mixpe(w=int4, a=int8, weights=symmetric)',
  'mixpe(w=int4, a=int8, output=fp32)',
  'mixpe(w=int4, a=fp16)',
  'mixpe(w=int4, a=fp16, acc=exact)',
  'mixpe(w=int4, a=int8, compute=serial)',
  'bitmod(w=fp4)',
  'bitmod(w=int6, significance=shift, inputs=local)',
  'xrnpe(mode=posit(8,0))',
  'xrnpe(mode=posit(16,1), lanes=separate, result=quire)',
  'mac(w=int8, a=int8)',
  'fmac(format=fp16, acc=fp32)',
  'fmac(format=fp16, acc=fp16, rounding=separate, subnormals=flushed, stages=3)',
  'figna(w=int4, a=fp16)',
  'bitfusion(w=int4, a=int4)',
  'ant(w=flint4, a=flint4)',
  'olive(w=olive(int4), a=olive(int4))',
  'posit(format=posit(8,0))',
  'posit(format=posit(16,1))',
]

/** The PE a spec text describes, whatever its array; anything wrong in it is a SpecError with a caret. */
export const elementOf = (text: string): ProcessingElement | TiledElement => {
  const spec = parseSpec(text)
  return familyNamed(spec, families).apply(spec)
}

/** A PE for the output-stationary array; one that has a tile of its own is a UserError. */
export const processingElement = (text: string): ProcessingElement => {
  const element = elementOf(text)
  if ('tile' in element) {
    const others = families.map(({ id }) => id).filter((id) => id !== element.family)
    throw new UserError(
      'E-ARRAY',
      `${element.family} has a tile of its own, and this needs a PE of the output-stationary array; give one of ${others.join(', ')}`,
    )
  }
  return element
}
