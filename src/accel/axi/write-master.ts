import { bool, component, mux, queue, range, record } from '../../dsl/index.ts'
import { transferCommand, writeBeat, writeEnd } from '../transfers.ts'
import { burstCode, writeFromMaster, writeToMaster } from './channels.ts'
import { cutter } from './cutter.ts'
import { type MasterParameters, masterShape, normalMemory } from './master-shape.ts'

/**
 * Write transfers as AXI4 bursts: `command` and `beat` in, an `end` for each transfer out, and the write channels of `m_axi`. A
 * burst is announced only when all of its beats are here, so that no burst that has begun waits for whoever makes the beats.
 * A transfer has `failed` where the bus answered one of its bursts with SLVERR or DECERR; its other bursts are written.
 */
export const axiWriteMaster = component('axi_write_master', (p: MasterParameters) => {
  const shape = masterShape('axi_write_master', p)
  const { block } = shape
  // One block on its way out while the next one comes in.
  const depth = 2 * block
  const listed = Math.max(2, p.outstanding)
  return {
    in: { command: transferCommand(p), beat: writeBeat(p), m_axi: writeToMaster(shape.axi) },
    out: { end: writeEnd, m_axi: writeFromMaster(shape.axi) },
    accepted: { 'W-UNUSED': { m_axi_bid: 'all bursts have one ID, and are answered in their order' } },
    logic({ command, beat, m_axi }, builder) {
      const { regs, when, check, checked } = builder
      // Beats that are here and in no announced burst, bursts from when they are announced until their end is known.
      const r = regs({
        beats_free: range(0, depth),
        bursts_open: range(0, p.outstanding),
        sent: range(0, block - 1),
        failed: bool,
      })
      const cut = cutter(builder, p, shape, command, (beats) =>
        r.beats_free.ge(beats).and(r.bursts_open.lt(p.outstanding)),
      )
      const store = queue(builder, 'store', beat, depth)
      r.beats_free.next = checked(
        r.beats_free.add(beat.fires.int()).sub(mux(cut.fires, cut.beats, 0)),
        r.beats_free.shape,
        'a burst has the beats that are here',
      )

      const announced = builder.stream('announced', record({ more: range(0, block - 1), last: bool }), {
        valid: cut.fires,
        data: { more: cut.more, last: cut.last },
      })
      const ending = builder.stream('ending', bool, { valid: cut.fires, data: cut.last })
      check(cut.fires.not().or(announced.ready.and(ending.ready)), 'an open burst has a place in both lists')
      const sending = queue(builder, 'sending', announced, listed)
      const open = queue(builder, 'open', ending, listed)

      const wvalid = sending.valid.and(store.valid)
      const wlast = r.sent.eq(sending.data.more)
      const sends = wvalid.and(m_axi.wready)
      store.ready.value = sending.valid.and(m_axi.wready)
      sending.ready.value = sends.and(wlast)
      when(sends, () => {
        r.sent.next = mux(wlast, 0, r.sent.add(1).sat(r.sent.shape))
        check(
          store.data.last.bits().eq(wlast.and(sending.data.last).bits()),
          'the last beat of a write transfer is marked, and no other',
        )
      })

      const failed = r.failed.or(m_axi.bresp.bit(1))
      const answered = m_axi.bvalid.and(open.valid)
      const ended = builder.stream('ended', writeEnd.of, { valid: answered.and(open.data), data: { failed } })
      const bready = open.valid.and(ended.ready)
      open.ready.value = m_axi.bvalid.and(ended.ready)
      const answer = m_axi.bvalid.and(bready)
      when(answer, () => {
        r.failed.next = failed.and(open.data.not())
      })
      r.bursts_open.next = checked(
        r.bursts_open.add(cut.fires.int()).sub(answer.int()),
        r.bursts_open.shape,
        'no more bursts end than were announced',
      )

      cut.bursts.ready.value = m_axi.awready
      return {
        end: queue(builder, 'ends', ended, listed),
        m_axi: {
          awvalid: cut.bursts.valid,
          awid: p.id,
          awaddr: cut.bursts.data.address,
          awlen: cut.bursts.data.more,
          awsize: shape.size,
          awburst: burstCode.incr,
          awlock: false,
          awcache: normalMemory,
          awprot: 0,
          awqos: 0,
          wvalid,
          wdata: store.data.data,
          wstrb: store.data.strobe,
          wlast,
          bready,
        },
      }
    },
  }
})
