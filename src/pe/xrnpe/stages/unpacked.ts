import { type Bits, type Bool, type Builder, bool, type Int, u, vec } from '../../../dsl/index.ts'
import { type Side, worksIn } from '../blocks.ts'
import { modeFlags, modeShape } from '../modes.ts'
import type { XrnpeParameters } from '../parameters.ts'
import { blockBits } from '../rmmec.ts'
import { type UnpackedWord, unpackWord } from '../unpack.ts'
import { held, isolation, type Tags, tagsLater } from './tags.ts'

/** Operands and their mode in the registers of a cell. */
export interface OperandRegisters {
  readonly activation: Int
  readonly weight: Int
  readonly mode: Int
  readonly last: Bool
  /** The group has begun: an activation other than 0 has come. */
  readonly open: Bool
}

/** What the blocks of the array take, in registers. */
export interface Multiplicands {
  readonly left: readonly Int[]
  readonly right: readonly Int[]
  readonly hidden: readonly Bool[]
  /** Powers of two of posit(16,1) operands. */
  readonly powers: readonly Bits[]
  readonly signs: readonly Bool[]
  readonly tags: Tags
}

/** First stage: both words are decoded. */
export const unpacked = (builder: Builder, p: XrnpeParameters, r: OperandRegisters): Multiplicands => {
  const flags = modeFlags(r.mode)
  const left = unpackWord(builder, 'left', r.activation.bits(), flags, isolation(p))
  const right = unpackWord(builder, 'right', r.weight.bits(), flags, isolation(p))

  const { mode_before } = builder.wires({ mode_before: modeShape })
  const changed = r.open.and(r.mode.ne(mode_before))
  builder.check(changed.not(), 'the mode stays the same until its group ends')
  const ofParts = left.nar.map((flag, k) => flag.or(right.nar[k]!))
  const nar = p.lanes === 'summed' ? [ofParts.reduce((any, flag) => any.or(flag))] : ofParts
  const tags = tagsLater(builder, 'unpacked', { mode: r.mode, last: r.last, changed, nar })
  mode_before.value = tags.mode

  const operand = vec(4, u(blockBits))
  const signs = vec(left.signs.length, bool)
  const next = builder.regs({ left: operand, right: operand, sign: signs, hidden: vec(2, bool) })
  next.left.next = left.operands.slice(0, 4)
  next.right.next = right.operands.slice(0, 4)
  /** The operands of blocks from 4 on, which not every mode has. */
  const others = (side: Side, { operands }: UnpackedWord): readonly Int[] =>
    operands.slice(4).map((operand, k) => {
      const active = worksIn(`block_${k + 4}`, flags)
      return held(builder, p, `${side}_${k + 4}`, operand.bits(blockBits), active).unsigned()
    })
  next.sign.next = left.signs.map((sign, k) => sign.xor(right.signs[k]!))
  next.hidden.next = [left.hidden, right.hidden]
  return {
    left: [...next.left, ...others('left', left)],
    right: [...next.right, ...others('right', right)],
    hidden: next.hidden,
    powers: [left, right].map(({ power }, k) => held(builder, p, `power_${k}`, power.bits(), flags.posit16)),
    signs: next.sign,
    tags,
  }
}
