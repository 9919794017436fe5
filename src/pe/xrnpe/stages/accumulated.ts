import { type Builder, bool, cat, type Int, vec } from '../../../dsl/index.ts'
import { packSegments, type SegmentControl, segmentedAccumulator } from '../../arith/segmented-accumulator.ts'
import { worksIn } from '../blocks.ts'
import { modeFlags } from '../modes.ts'
import { sumCount, type XrnpeParameters } from '../parameters.ts'
import { narrowSegments, quireLayouts, sumsBegin } from '../quire.ts'
import type { Addend } from './placed.ts'

/** Fourth stage: added to the quire. What leaves is `totalShape`. */
export const accumulated = (builder: Builder, p: XrnpeParameters, { bits: addend, plus, tags }: Addend): Int => {
  const layout = quireLayouts[p.lanes]
  const flags = modeFlags(tags.mode)
  const begins = sumsBegin(p.lanes, flags)
  const controls = layout.segments.map((_, k): SegmentControl => {
    const start = begins[k]
    const stands = p.lanes === 'summed' && p.gating === 'on' && k >= narrowSegments
    return {
      ...(start ? { begins: { when: start, plus: plus[k / 2]! } } : {}),
      ...(stands ? { moves: worksIn('upper_quire', flags) } : {}),
    }
  })
  const { next } = segmentedAccumulator(builder, 'quire', {
    term: addend.signed(),
    plus: plus[0]!,
    clear: tags.last,
    widths: layout.segments,
    controls,
  })
  const sum = packSegments(next, layout.segments)

  const r = builder.regs({ nar: vec(sumCount(p), bool), changed: bool })
  const seen = tags.nar.map((one, k) => one.or(r.nar[k]!))
  const changed = tags.changed.or(r.changed)
  r.nar.next = seen.map((one) => one.and(tags.last.not()))
  r.changed.next = changed.and(tags.last.not())
  return cat(changed.bits(), ...seen.map((one) => one.bits()).reverse(), tags.mode.bits(2), sum).unsigned()
}
