import { bits, bool, component, type Int, mux, record, stream, vec } from '../../dsl/index.ts'
import { readBeat } from '../transfers.ts'
import { type CoreDescription, mostTiles, type Side, upTo } from './description.ts'
import { rowTag } from './fetch.ts'
import { runPlan } from './run-command.ts'

/** Takes the beats that come, in the order of their rows' tags, and says where in which line's buffers each goes. */
export const Receive = component('receive', ({ core }: { core: CoreDescription }) => {
  const { bufferBeats, fieldBeats, transfers } = core
  const address = upTo(bufferBeats - 1)
  const fieldAddress = upTo(fieldBeats - 1)
  const writing = ({ lines }: { readonly lines: number }) =>
    record({
      address,
      field_address: fieldAddress,
      /** Of the lines one at the most. */
      codes: vec(lines, bool),
      fields: vec(lines, bool),
      /** A whole tile is there at this edge. */
      loaded: bool,
    })
  return {
    name: `${core.name}_receive`,
    in: { start: bool, plan: runPlan(core), tag: stream(rowTag(core)), beat: readBeat(transfers) },
    out: {
      data: bits(transfers.busBits),
      activation: writing(core.activation),
      weight: writing(core.weight),
      taken: bool,
      failed: bool,
    },
    logic({ start, plan, tag, beat }, { regs, when }) {
      const tiles = upTo(mostTiles)
      const place = { slot: tiles, codes: address, fields: fieldAddress }
      const row = upTo(bufferBeats + fieldBeats)
      const r = regs({ index: row, activation: record(place), weight: record(place) })
      beat.ready.value = tag.valid
      const taken = beat.fires
      tag.ready.value = taken.and(beat.data.last)
      when(taken, () => {
        r.index.next = mux(beat.data.last, 0, r.index.add(1).wrap(row))
      })
      const sideOf = (side: Side) => {
        const isMine = side === 'weight' ? tag.data.weights : tag.data.weights.not()
        const { lines } = core[side]
        const at = r[side]
        const isCode = r.index.lt(plan[side].codes)
        const mine = taken.and(isMine)
        const loaded = mine.and(beat.data.last).and(tag.data.last)
        const wraps = at.slot.add(1).eq(plan[side].tiles)
        const next = (to: Int, length: Int, shape: typeof address): Int => mux(wraps, 0, to.add(length).wrap(shape))
        when(loaded, () => {
          at.slot.next = mux(wraps, 0, at.slot.add(1).wrap(tiles))
          at.codes.next = next(at.codes, plan[side].codes, address)
          at.fields.next = next(at.fields, plan[side].fields, fieldAddress)
        })
        when(start, () => {
          at.slot.next = 0
          at.codes.next = 0
          at.fields.next = 0
        })
        const each = Array.from({ length: lines }, (_, k) => mine.and(tag.data.line.eq(k)))
        return {
          address: at.codes.add(r.index).wrap(address),
          field_address: at.fields.add(r.index).sub(plan[side].codes).bits(fieldAddress.width).unsigned(),
          codes: each.map((line) => line.and(isCode)),
          fields: each.map((line) => line.and(isCode.not())),
          loaded,
        }
      }
      return {
        data: beat.data.data.bits(),
        activation: sideOf('activation'),
        weight: sideOf('weight'),
        taken,
        failed: taken.and(beat.data.failed),
      }
    },
  }
})
