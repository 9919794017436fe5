import { parseSpec, unknownFamily } from '../spec/index.ts'
import { ant } from './baseline/ant/family.ts'
import { bitfusion } from './baseline/bitfusion/family.ts'
import { figna } from './baseline/figna/family.ts'
import { fmac } from './baseline/fmac/family.ts'
import { mac } from './baseline/mac/family.ts'
import { olive } from './baseline/olive/family.ts'
import { posit } from './baseline/posit/family.ts'
import type { PeFamily, ProcessingElement } from './family.ts'
import { mixpe } from './mixpe/family.ts'

/** Every PE family there is; a new one is a folder and a line here. */
export const families: readonly PeFamily[] = [mixpe, mac, fmac, figna, bitfusion, ant, olive, posit]

/** The designs whose Verilog is kept in `generated/`. */
export const catalogue: readonly string[] = [
  'mixpe(w=int4, a=int8)',
  'mixpe(w=int4, a=int8, weights=symmetric)',
  'mixpe(w=int4, a=fp16)',
  'mixpe(w=int4, a=fp16, acc=exact)',
  'mixpe(w=int4, a=int8, compute=serial)',
  'mac(w=int8, a=int8)',
  'figna(w=int4, a=fp16)',
  'posit(format=posit(8,0))',
  'posit(format=posit(16,1))',
]

/** The PE a spec text describes; anything wrong in it is a SpecError with a caret. */
export const processingElement = (text: string): ProcessingElement => {
  const spec = parseSpec(text)
  const family = families.find(({ id }) => id === spec.family.text)
  if (!family)
    throw unknownFamily(
      spec,
      families.map(({ id }) => id),
    )
  return family.apply(spec)
}
