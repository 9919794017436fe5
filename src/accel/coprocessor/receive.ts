import { bits, bool, component, type Int, mux, record, stream } from '../../dsl/index.ts'
import { readBeat } from '../transfers.ts'
import { type CoreDescription, mostTiles, type Side, upTo } from './description.ts'
import { rowTag } from './fetch.ts'
import { writingShape } from './operand-buffers.ts'
import { sidePlan } from './run-command.ts'

/** Takes the beats that come, in the order of their rows' tags, and says where in which line's buffers each goes. */
export const Receive = component('receive', ({ core }: { core: CoreDescription }) => {
  const { bufferBeats, fieldBeats, transfers } = core
  const address = upTo(bufferBeats - 1)
  const fieldAddress = upTo(fieldBeats - 1)
  const { codes, fields, tiles: sideTiles } = sidePlan(core).fields
  const side = record({ codes, fields, tiles: sideTiles })
  return {
    name: `${core.name}_receive`,
    in: {
      start: bool,
      plan: record({ activation: side, weight: side }),
      tag: stream(rowTag(core)),
      beat: readBeat(transfers),
    },
    out: {
      data: bits(transfers.busBits),
      activation: writingShape(core.activation, core),
      weight: writingShape(core.weight, core),
      /** A whole tile is there at this edge. */
      activations_loaded: bool,
      weights_loaded: bool,
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
        const to = {
          address: at.codes.add(r.index).wrap(address),
          field_address: at.fields.add(r.index).sub(plan[side].codes).bits(fieldAddress.width).unsigned(),
          codes: each.map((line) => line.and(isCode)),
          fields: each.map((line) => line.and(isCode.not())),
        }
        return { to, loaded }
      }
      const [activation, weight] = [sideOf('activation'), sideOf('weight')]
      return {
        data: beat.data.data.bits(),
        activation: activation.to,
        weight: weight.to,
        activations_loaded: activation.loaded,
        weights_loaded: weight.loaded,
        taken,
        failed: taken.and(beat.data.failed),
      }
    },
  }
})
