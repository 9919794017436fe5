import { bool, component, type IntShape, u } from '../../dsl/index.ts'
import type { CoreInputs, CoreOutputs } from '../array-parts.ts'
import { modeShape, packings } from './modes.ts'
import { totalShape, type XrnpeParameters } from './parameters.ts'
import { accumulated } from './stages/accumulated.ts'
import { multiplied } from './stages/multiplied.ts'
import { placed } from './stages/placed.ts'
import { unpacked } from './stages/unpacked.ts'

/** Cycles from the operand registers to the quire. */
export const coreStages = 4

/**
 * The processing element without drain and read-out: operand registers | unpack | multiply and scale | place | add to the quire. The
 * sum leaves with the carries that wait in it, as `totalShape` says.
 */
export const XrnpeCore = component('xrnpe_core', (p: XrnpeParameters) => {
  const word = u(packings[p.packing].wordBits)
  const inputs: CoreInputs & { mode_in: IntShape } = {
    activation_in: word,
    weight_in: word,
    last_in: bool,
    mode_in: modeShape,
  }
  const passed = { activation_out: word, weight_out: word, last_out: bool, mode_out: modeShape }
  const outputs: CoreOutputs & { mode_out: IntShape } = { ...passed, total: totalShape(p), total_last: bool }
  return {
    name: `${p.name}_core`,
    in: inputs,
    out: outputs,
    logic(i, builder) {
      const r = builder.regs({ activation: word, weight: word, mode: modeShape, last: bool, open: bool })
      r.activation.next = i.activation_in
      r.weight.next = i.weight_in
      r.mode.next = i.mode_in
      r.last.next = i.last_in
      r.open.next = r.last.not().and(r.open.or(r.activation.ne(0)))
      const addend = placed(builder, p, multiplied(builder, p, unpacked(builder, p, r)))
      return {
        activation_out: r.activation,
        weight_out: r.weight,
        last_out: r.last,
        mode_out: r.mode,
        total: accumulated(builder, p, addend),
        total_last: addend.tags.last,
      }
    },
  }
})
