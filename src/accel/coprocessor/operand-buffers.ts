import { bits, bool, component, delay, mux, record, vec } from '../../dsl/index.ts'
import { type CoreDescription, type Side, type SideDescription, upTo, type WordStore } from './description.ts'
import { beatShape, positionShape, WordMemory } from './words.ts'

/** Where in a side's memories the beat that came goes; of the lines one at the most. */
export const writingShape = ({ codes, lines }: SideDescription, { fieldBeats }: CoreDescription) =>
  record({
    address: beatShape(codes),
    field_address: upTo(fieldBeats - 1),
    codes: vec(lines, bool),
    fields: vec(lines, bool),
  })

/** Where all lines of a side read; nothing where it has no memories of that kind. */
const reading = (store: WordStore | undefined) =>
  record({ address: store ? beatShape(store) : upTo(0), position: store ? positionShape(store) : upTo(0), fresh: bool })
export const readingShape = ({ codes, groups }: SideDescription) =>
  record({ codes: reading(codes), groups: reading(groups) })

/**
 * The buffers of all rows or all columns. What a step reads is there two cycles later: a word for each line that is live, 0 for the
 * others, and the fields of the word's group. A beat is read once for all of its words, and not at all for lines that are not live.
 */
export const OperandBuffers = component('operand_buffers', ({ core, side }: { core: CoreDescription; side: Side }) => {
  const of = core[side]
  const unused = ['to_field_address', 'from_groups_address', 'from_groups_position', 'from_groups_fresh'].concat(
    Array.from({ length: of.lines }, (_, k) => `to_fields_${k}`),
  )
  return {
    name: `${core.name}_${side}_buffers`,
    in: {
      data: bits(core.transfers.busBits),
      to: writingShape(of, core),
      from: readingShape(of),
      /** A step's first cycle, and all of its cycles. */
      step: bool,
      works: bool,
      live: vec(of.lines, bool),
    },
    out: { words: vec(of.lines, bits(of.wordBits)), fields: vec(of.lines, bits(Math.max(1, of.fieldBits))) },
    accepted: of.groups
      ? {}
      : { 'W-UNUSED': Object.fromEntries(unused.map((name) => [name, 'groups have no fields'])) },
    logic({ data, to, from, step, works, live }, builder) {
      const counts = delay(builder, 'works', works, 2)
      const memories = (kind: 'codes' | 'groups', store: WordStore) => {
        const position = delay(builder, `${kind}_position`, from[kind].position, 1)
        return live.map(
          (isLive, k) =>
            builder.use(`${kind}_${k}`, WordMemory(store), {
              write: kind === 'codes' ? to.codes[k]! : to.fields[k]!,
              address: kind === 'codes' ? to.address : to.field_address,
              data,
              read: step.and(from[kind].fresh).and(isLive),
              read_address: from[kind].address,
              position,
            }).word,
        )
      }
      return {
        words: memories('codes', of.codes).map((word, k) =>
          mux(delay(builder, `live_${k}`, live[k]!, 2).and(counts), word, 0),
        ),
        fields: of.groups ? memories('groups', of.groups) : live.map(() => 0),
      }
    },
  }
})
