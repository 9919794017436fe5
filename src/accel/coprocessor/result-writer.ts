import {
  type Bits,
  type Bool,
  bool,
  cat,
  component,
  type Int,
  mux,
  queue,
  range,
  record,
  select,
  stream,
  vec,
} from '../../dsl/index.ts'
import { bytesPerBeat, transferCommand, writeBeat } from '../transfers.ts'
import { type CoreDescription, upTo } from './description.ts'
import { ResultColumn, resultPlace } from './result-column.ts'
import { resultGroup } from './steps.ts'

/** A row of results on its way: its place in the columns, and what of it is written. */
const resultRow = (core: CoreDescription) => {
  const { outputs, part } = resultGroup(core).fields
  return record({ from: resultPlace(core), outputs, part, /** The last of its group. */ last: bool })
}

/**
 * Writes results, row after row of each group, a transfer a row, a beat a cycle. Rows are asked for up to two ahead of their beats. Rows
 * and columns that are not of the product are not written. After `discard` no more rows are asked for, and what is still owed goes
 * out without strobes.
 */
export const ResultWriter = component('result_writer', ({ core }: { core: CoreDescription }) => {
  const { array, transfers, beatAddress, resultBytes } = core
  const { rows, columns } = array.size
  const bytes = bytesPerBeat(transfers)
  const rowBeats = Math.max(1, (columns * resultBytes) / bytes)
  const parted = columns * resultBytes < bytes
  const place = resultPlace(core)
  return {
    name: `${core.name}_result_writer`,
    in: {
      result: vec(columns, array.result),
      result_valid: vec(columns, bool),
      group: stream(resultGroup(core)),
      result_row: beatAddress,
      discard: bool,
    },
    out: {
      write: transferCommand(transfers),
      beat: writeBeat(transfers),
      /** A transfer is promised; a group's place is free. */
      asked: bool,
      freed: bool,
    },
    accepted: parted ? {} : { 'W-UNUSED': { part: 'a tile is whole beats' } },
    logic(i, builder) {
      const { regs, when, use, checked } = builder
      const { group } = i
      const shape = resultGroup(core).fields
      const r = regs({
        /** Rows that all columns have and that are not asked for yet. */
        rows_here: upTo(Number(place.max) + 1),
        from: place,
        row: upTo(rows - 1),
        next_address: beatAddress,
        discards: bool,
        sends: bool,
        beat: upTo(rowBeats - 1),
        outputs: shape.outputs,
        part: shape.part,
        blank: bool,
      })

      // Asks for rows. The last one of a group gives its place free, once no other is to be read.
      const isHere = r.rows_here.ne(0).and(group.valid)
      const dead = r.discards.or(r.row.ge(group.data.tokens))
      const isLast = rows === 1 ? undefined : r.row.eq(rows - 1)
      const address = mux(r.row.eq(0), group.data.address, r.next_address)
      const asks = isHere.and(dead.not())
      const wires = builder.wires({ may_ask: bool })
      const command = builder.stream('command', transferCommand(transfers).of, {
        valid: asks.and(wires.may_ask),
        data: { address: address.shl(Math.log2(bytes)), beats: beatsOf(core, group.data.outputs) },
      })
      const write = queue(builder, 'commands', command, 2)
      const toSend = builder.stream('row_to_send', resultRow(core), {
        valid: asks.and(command.ready),
        data: { from: r.from, outputs: group.data.outputs, part: group.data.part, last: isLast ?? true },
      })
      const row = queue(builder, 'rows', toSend, 2)
      wires.may_ask.value = toSend.ready
      const asked = command.fires
      const skips = isHere.and(dead).and(isLast ? isLast.not().or(row.valid.not()) : row.valid.not())
      const takes = asked.or(skips)
      const groupEnds = isLast ? takes.and(isLast) : takes
      when(asks.not().or(asked), () => {
        r.discards.next = i.discard
      })
      when(takes, () => {
        r.from.next = r.from.add(1).wrap(place)
        r.next_address.next = address.add(i.result_row).wrap(beatAddress)
        if (isLast) r.row.next = mux(isLast, 0, r.row.add(1).wrap(r.row.shape))
      })
      group.ready.value = groupEnds
      r.rows_here.next = checked(
        r.rows_here.add(i.result_valid[columns - 1]!.int()).sub(takes.int()),
        range(0, place.max + 1n),
        'no more results come than there are places for',
      )

      // Sends their beats.
      const lastBeat = r.beat.add(1).eq(beatsOf(core, r.outputs))
      const beatFires = r.sends.and(i.beat.ready)
      row.ready.value = r.sends.not().or(beatFires.and(lastBeat))
      const words = i.result.map((result, c) =>
        use(`column_${c}`, ResultColumn({ core }), {
          valid: i.result_valid[c]!,
          result,
          read: row.fires,
          from: row.data.from,
        }).word.bits(8 * resultBytes),
      )
      when(beatFires, () => {
        r.beat.next = mux(lastBeat, 0, r.beat.add(1).wrap(r.beat.shape))
        r.sends.next = lastBeat.not()
      })
      when(row.fires, () => {
        r.sends.next = true
        r.outputs.next = row.data.outputs
        r.part.next = row.data.part
      })
      when(r.sends.not().or(beatFires), () => {
        r.blank.next = i.discard
      })
      const { data, strobe } = beatOf(core, joined(words), r.outputs, r.beat, parted ? r.part : undefined)
      return {
        write,
        beat: {
          valid: r.sends,
          data: { data: data.unsigned(), strobe: mux(r.blank, 0, strobe.unsigned()), last: lastBeat },
        },
        asked,
        freed: skips.and(isLast ?? true).or(row.fires.and(row.data.last)),
      }
    },
  }
})

/** Beats of a row of so many results; a row that is less than a beat is one. */
const beatsOf = ({ transfers, resultBytes }: CoreDescription, outputs: Int): Int => {
  const bytes = bytesPerBeat(transfers)
  if (resultBytes >= bytes) return outputs.mul(resultBytes / bytes)
  const perBeat = bytes / resultBytes
  return outputs.add(perBeat - 1).shr(Math.log2(perBeat))
}

/** A beat of a row and which of its bytes are results of the product. */
const beatOf = (
  { array, transfers, resultBytes }: CoreDescription,
  row: Bits,
  outputs: Int,
  beat: Int,
  part: Int | undefined,
): { readonly data: Bits; readonly strobe: Bits } => {
  const bytes = bytesPerBeat(transfers)
  const rowBytes = array.size.columns * resultBytes
  /** Whether byte k of a row is of a result that counts. */
  const isLive = (k: number): Bool => outputs.gt(Math.floor(k / resultBytes))
  const strobeOf = (count: number, live: (k: number) => Bool): Bits =>
    joined(Array.from({ length: count }, (_, k) => live(k).bits()))
  if (part) {
    const parts = bytes / rowBytes
    return {
      data: joined(Array.from({ length: parts }, () => row)),
      strobe: strobeOf(bytes, (k) => isLive(k % rowBytes).and(part.eq(Math.floor(k / rowBytes)))),
    }
  }
  const beats = rowBytes / bytes
  if (beats === 1) return { data: row, strobe: strobeOf(bytes, isLive) }
  const index = beat.sat(range(0, beats - 1))
  const each = Array.from({ length: beats }, (_, beat) => beat)
  return {
    data: select(
      each.map((beat) => row.slice((beat + 1) * 8 * bytes - 1, beat * 8 * bytes)),
      index,
    ),
    strobe: select(
      each.map((beat) => strobeOf(bytes, (k) => isLive(beat * bytes + k))),
      index,
    ),
  }
}

/** Side by side, the first lowest. */
const joined = (fields: readonly Bits[]): Bits => cat(...fields.toReversed())
