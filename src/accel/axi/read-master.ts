import { bool, component, mux, queue, range } from '../../dsl/index.ts'
import { readBeat, transferCommand } from '../transfers.ts'
import { burstCode, readFromMaster, readToMaster } from './channels.ts'
import { cutter } from './cutter.ts'
import { type MasterParameters, masterShape, normalMemory } from './master-shape.ts'

/**
 * Read transfers as AXI4 bursts: `command` in, `beat` out in the order of the commands, and the read channels of `m_axi`. A
 * burst is asked for only when there is room for all of its beats, so that RREADY is always 1: this master never holds up the
 * bus, whoever waits for its beats. Beats that the bus answers with SLVERR or DECERR are `failed`.
 */
export const axiReadMaster = component('axi_read_master', (p: MasterParameters) => {
  const shape = masterShape('axi_read_master', p)
  const depth = Math.max(2, p.outstanding * shape.block)
  return {
    in: { command: transferCommand(p), m_axi: readToMaster(shape.axi) },
    out: { beat: readBeat(p), m_axi: readFromMaster(shape.axi) },
    accepted: { 'W-UNUSED': { m_axi_rid: 'all bursts have one ID, and come back in their order' } },
    logic({ command, m_axi, beat }, builder) {
      const { regs, check, checked } = builder
      // Beats from when they are asked for until they are given away, bursts from when they are asked for until their last beat.
      const r = regs({ beats_held: range(0, depth), bursts_open: range(0, p.outstanding) })
      const cut = cutter(builder, p, shape, command, (beats) =>
        r.beats_held.add(beats).le(depth).and(r.bursts_open.lt(p.outstanding)),
      )
      const ending = builder.stream('ending', bool, { valid: cut.fires, data: cut.last })
      check(cut.fires.not().or(ending.ready), 'an open burst has a place in the list')
      const open = queue(builder, 'open', ending, Math.max(2, p.outstanding))

      const finished = m_axi.rvalid.and(m_axi.rlast)
      open.ready.value = finished
      const answer = builder.stream('answer', readBeat(p).of, {
        valid: m_axi.rvalid,
        data: { data: m_axi.rdata, last: m_axi.rlast.and(open.data), failed: m_axi.rresp.bit(1) },
      })
      check(m_axi.rvalid.not().or(answer.ready.and(open.valid)), 'read data comes only where it was asked for')
      const store = queue(builder, 'store', answer, depth)

      r.bursts_open.next = checked(
        r.bursts_open.add(cut.fires.int()).sub(finished.int()),
        r.bursts_open.shape,
        'no more bursts end than were asked for',
      )
      r.beats_held.next = checked(
        r.beats_held.add(mux(cut.fires, cut.beats, 0)).sub(store.valid.and(beat.ready).int()),
        r.beats_held.shape,
        'beats that were asked for have room',
      )
      cut.bursts.ready.value = m_axi.arready
      return {
        beat: store,
        m_axi: {
          arvalid: cut.bursts.valid,
          arid: p.id,
          araddr: cut.bursts.data.address,
          arlen: cut.bursts.data.more,
          arsize: shape.size,
          arburst: burstCode.incr,
          arlock: false,
          arcache: normalMemory,
          arprot: 0,
          arqos: 0,
          rready: true,
        },
      }
    },
  }
})
