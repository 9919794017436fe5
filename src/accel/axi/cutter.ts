import { type Bool, type Builder, bool, type Int, mux, pipe, range, record, type Stream, u } from '../../dsl/index.ts'
import type { transferCommand } from '../transfers.ts'
import type { MasterParameters, MasterShape } from './master-shape.ts'

type Command = Stream<ReturnType<typeof transferCommand>['of']>

/** A burst for an address channel: its address, and its beats after the first, as AxLEN says them. */
const burstOf = ({ addressBits }: MasterParameters, { block }: MasterShape) =>
  record({ address: u(addressBits), more: range(0, block - 1) })

/** What goes on where a burst is cut from a transfer. */
export interface Cut {
  /** True in the cycle in which a burst is cut off. */
  readonly fires: Bool
  /** Its beats, from 1 to a block, and those after the first. */
  readonly beats: Int
  readonly more: Int
  /** True for the last burst of its transfer. */
  readonly last: Bool
  /** The bursts, from a register. */
  readonly bursts: Stream<ReturnType<typeof burstOf>>
}

/**
 * Cuts transfers into bursts that end where a block of the address space ends, so that none crosses 4096 bytes and all but the
 * first are aligned; ours. `may` says whether a burst of that many beats may go; once true it stays so until the burst has gone.
 */
export const cutter = (
  builder: Builder,
  p: MasterParameters,
  shape: MasterShape,
  command: Command,
  may: (beats: Int) => Bool,
): Cut => {
  const { regs, when, check } = builder
  const { size, block } = shape
  const place = u(p.addressBits - size)
  const left = u(Math.ceil(Math.log2(p.mostBeats + 1)))
  const r = regs({ busy: bool, place, left })

  const toEnd = r.place
    .wrap(u(Math.log2(block)))
    .neg()
    .add(block)
  const last = r.left.le(toEnd)
  const beats = mux(last, r.left, toEnd).sat(range(0, block)).named('burst_beats')
  const more = beats.sub(1).wrap(u(Math.log2(block)))
  const burst = builder.stream('burst', burstOf(p, shape), {
    valid: r.busy.and(may(beats)),
    data: { address: r.place.shl(size), more },
  })
  const { fires } = burst

  command.ready.value = r.busy.not().or(fires.and(last))
  when(fires, () => {
    r.place.next = r.place.add(beats).wrap(place)
    r.left.next = r.left.sub(beats).wrap(left)
    when(last, () => {
      r.busy.next = false
    })
  })
  when(command.fires, () => {
    r.busy.next = true
    r.place.next = command.data.address.shr(size)
    r.left.next = command.data.beats
    check(command.data.beats.gt(0), 'a transfer has at least one beat')
    check(command.data.address.bits(size).any().not(), 'a transfer starts at a whole beat')
  })
  return { fires, beats, more, last, bursts: pipe(builder, 'burst_slice', burst) }
}
