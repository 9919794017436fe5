import { bits, bool, cat, component, mux, queue, record, u } from '../../dsl/index.ts'
import { readBeat, type TransferShape, transferCommand, writeBeat, writeEnd } from '../transfers.ts'
import { axiStreamFromTransmitter, axiStreamToTransmitter } from './channels.ts'

/**
 * Read transfers out of an AXI4-Stream: each takes a packet of as many beats as were asked for, whatever its address. Where a packet
 * is too short, the beats that are missing are given as `failed`; where it is too long, the last beat is `failed` and the rest of
 * the packet is dropped; a beat with missing bytes that are not the last of the packet is `failed`. Missing bytes at the end
 * are 0. So nothing hangs, and the next transfer begins with the next packet.
 */
export const axiStreamReader = component('axi_stream_reader', (p: TransferShape) => {
  const lanes = p.busBits / 8
  const beatOf = record({ data: bits(p.busBits), keep: bits(lanes), last: bool })
  return {
    in: { command: transferCommand(p), s_axis: axiStreamFromTransmitter(p) },
    out: { beat: readBeat(p), s_axis: axiStreamToTransmitter },
    accepted: { 'W-UNUSED': { command_data_address: 'a stream has no addresses' } },
    logic({ command, s_axis, beat }, builder) {
      const { regs, when, check } = builder
      const left = u(Math.ceil(Math.log2(p.mostBeats + 1)))
      // `short`: the packet has ended before the transfer; `long`: the transfer before the packet.
      const r = regs({ left, short: bool, long: bool })
      const arriving = builder.stream('arriving', beatOf, {
        valid: s_axis.tvalid,
        data: { data: s_axis.tdata.bits(), keep: s_axis.tkeep.bits(), last: s_axis.tlast },
      })
      const tready = arriving.ready
      const came = queue(builder, 'arrived', arriving, 2)

      const busy = r.left.ne(0)
      const last = r.left.eq(1)
      const { keep } = came.data
      const whole = keep.all()
      // Ones from lane 0 on, and none above: adding 1 leaves none of them.
      const tail = keep.and(keep.unsigned().add(1).bits(lanes)).any().not()
      const fits = whole.or(came.data.last.and(tail))
      const mask = cat(...Array.from({ length: lanes }, (_, k) => repeated(keep.bit(lanes - 1 - k).bits())))
      const fires = beat.ready.and(busy).and(r.short.or(came.valid.and(r.long.not())))
      came.ready.value = r.long.or(busy.and(r.short.not()).and(beat.ready))
      when(fires, () => {
        r.left.next = r.left.sub(1).wrap(left)
        when(
          last,
          () => {
            r.short.next = false
            r.long.next = r.short.not().and(came.data.last.not())
          },
          () => {
            r.short.next = r.short.or(came.data.last)
          },
        )
      })
      when(r.long.and(came.valid).and(came.data.last), () => {
        r.long.next = false
      })
      command.ready.value = busy.not()
      when(command.fires, () => {
        r.left.next = command.data.beats
        check(command.data.beats.gt(0), 'a transfer has at least one beat')
      })
      return {
        beat: {
          valid: busy.and(r.short.or(came.valid.and(r.long.not()))),
          data: {
            data: mux(r.short, 0, came.data.data.and(mask).unsigned()),
            last,
            failed: r.short.or(fits.not()).or(last.and(came.data.last.not())),
          },
        },
        s_axis: { tready },
      }
    },
  }
})

const repeated = (bit: ReturnType<typeof cat>): ReturnType<typeof cat> => cat(...Array.from({ length: 8 }, () => bit))

/**
 * Write transfers as an AXI4-Stream: each is a packet, its strobes are TKEEP, whatever its address. Receivers may take bytes out
 * that are not kept, so that strobes mean something here only where they are ones from byte 0 on, in the last beat. A transfer
 * ends when its last beat is taken, and never fails.
 */
export const axiStreamWriter = component('axi_stream_writer', (p: TransferShape) => ({
  in: { command: transferCommand(p), beat: writeBeat(p), m_axis: axiStreamToTransmitter },
  out: { end: writeEnd, m_axis: axiStreamFromTransmitter(p) },
  accepted: { 'W-UNUSED': { command_data_address: 'a stream has no addresses' } },
  logic({ command, beat, m_axis, end }, builder) {
    const { regs, when, check } = builder
    const left = u(Math.ceil(Math.log2(p.mostBeats + 1)))
    const r = regs({ left, ended: bool })
    const store = queue(builder, 'store', beat, 2)
    const busy = r.left.ne(0)
    const last = r.left.eq(1)
    // A packet's last beat goes only when its end can be told.
    const may = busy.and(last.and(r.ended).not())
    const sends = store.valid.and(may).and(m_axis.tready)
    store.ready.value = may.and(m_axis.tready)
    when(r.ended.and(end.ready), () => {
      r.ended.next = false
    })
    when(sends, () => {
      r.left.next = r.left.sub(1).wrap(left)
      when(last, () => {
        r.ended.next = true
      })
      check(store.data.last.bits().eq(last.bits()), 'the last beat of a write transfer is marked, and no other')
    })
    command.ready.value = busy.not()
    when(command.fires, () => {
      r.left.next = command.data.beats
      check(command.data.beats.gt(0), 'a transfer has at least one beat')
    })
    return {
      end: { valid: r.ended, data: { failed: false } },
      m_axis: { tvalid: store.valid.and(may), tdata: store.data.data, tkeep: store.data.strobe, tlast: last },
    }
  },
}))
