import { type Bool, bool, component, type Int, mux, range, record, u, vec } from '../../dsl/index.ts'
import { bytesPerBeat } from '../transfers.ts'
import { type CoreDescription, mostTiles, type Side, upTo } from './description.ts'
import { readingShape } from './operand-buffers.ts'
import { runPlan, sidePlan } from './run-command.ts'
import { resultGroup } from './steps.ts'
import { WordCursor } from './words.ts'

/** A tile in its side's buffers: which of those there is room for, and where its beats begin. */
interface Place {
  readonly slot: Int
  readonly codes: Int
  readonly fields: Int
}

/**
 * The loop nest: strips of tiles of activations, in them all tiles of weights, for each of these all tiles of the strip. Knows which
 * tiles are here, and where the one at work lies in the buffers and its results in memory.
 */
export const Tiles = component('tiles', ({ core }: { core: CoreDescription }) => {
  const { array, dimension, beatAddress, bufferBeats, fieldBeats, resultBytes, transfers } = core
  const { rows, columns } = array.size
  const bytes = bytesPerBeat(transfers)
  const tileBytes = columns * resultBytes
  const address = u(transfers.addressBits)
  const plan = runPlan(core).fields
  const { codes, fields, tiles: sideTiles } = sidePlan(core).fields
  const sideShape = record({ codes, fields, tiles: sideTiles })
  const { activation, weight } = core
  const unused = [
    ...(activation.groups ? [] : ['plan_activation_fields', 'activation_fields', 'strip_fields']),
    ...(weight.groups ? [] : ['plan_weight_fields', 'weight_fields']),
    ...(activation.groups || weight.groups ? [] : ['group_ends']),
  ]
  return {
    name: `${core.name}_tiles`,
    in: {
      start: bool,
      /** Nothing more will come of the run. */
      stopped: bool,
      command: record({ tokens: dimension, outputs: dimension, results: address }),
      plan: record({
        activation: sideShape,
        weight: sideShape,
        strip: plan.strip,
        weights_stay: bool,
        result_row: beatAddress,
      }),
      activations_loaded: bool,
      weights_loaded: bool,
      step_ends: bool,
      group_ends: bool,
      tile_ends: bool,
      /** Operands count. */
      live: bool,
    },
    out: {
      busy: bool,
      activations_here: bool,
      weights_here: bool,
      activations_freed: upTo(mostTiles),
      weights_freed: bool,
      activation: readingShape(core.activation),
      weight: readingShape(core.weight),
      /** Rows and columns that have operands, and how many PEs. */
      live_rows: vec(rows, bool),
      live_columns: vec(columns, bool),
      live_cells: upTo(rows * columns),
      results: resultGroup(core),
    },
    accepted:
      unused.length > 0
        ? { 'W-UNUSED': Object.fromEntries(unused.map((name) => [name, 'groups have no fields'])) }
        : {},
    logic(i, builder) {
      const { regs, when, fsm, use, checked } = builder
      const { start, tile_ends } = i
      const tiles = upTo(mostTiles)
      const place = { slot: tiles, codes: upTo(bufferBeats - 1), fields: upTo(fieldBeats - 1) }
      const r = regs({
        activation: record(place),
        weight: record(place),
        /** The strip's first tile. */
        strip: record(place),
        activation_tiles: tiles,
        weight_tiles: tiles,
        /** Of the tiles that are here, the number of the one at work. */
        strip_tile: tiles,
        weight_tile: tiles,
        tokens_left: dimension,
        strip_tokens: dimension,
        outputs_left: dimension,
        /** Beats of results: of the tile's first row, of the strip's, and from there to the tile's column. */
        row_address: beatAddress,
        strip_address: beatAddress,
        column_offset: beatAddress,
      })
      const lastOfStrip = r.tokens_left.le(rows).or(r.strip_tile.add(1).eq(i.plan.strip))
      const lastColumns = r.outputs_left.le(columns)
      const columnsEnd = tile_ends.and(lastOfStrip)
      const stripEnds = columnsEnd.and(lastColumns)
      const returns = lastOfStrip.and(lastColumns.not())

      const after = (at: Place, side: Side): Place => {
        const wraps = at.slot.add(1).eq(i.plan[side].tiles)
        return {
          slot: mux(wraps, 0, at.slot.add(1).wrap(tiles)),
          codes: mux(wraps, 0, at.codes.add(i.plan[side].codes).wrap(place.codes)),
          fields: mux(wraps, 0, at.fields.add(i.plan[side].fields).wrap(place.fields)),
        }
      }
      const chosen = (condition: Bool, then: Place | 0, otherwise: Place): Place => ({
        slot: mux(condition, then === 0 ? 0 : then.slot, otherwise.slot),
        codes: mux(condition, then === 0 ? 0 : then.codes, otherwise.codes),
        fields: mux(condition, then === 0 ? 0 : then.fields, otherwise.fields),
      })
      const next = {
        activation: chosen(returns, r.strip, after(r.activation, 'activation')),
        weight: chosen(
          lastOfStrip.and(lastColumns).and(i.plan.weights_stay),
          0,
          chosen(lastOfStrip, after(r.weight, 'weight'), r.weight),
        ),
      }
      const less = (left: Int, count: number): Int => left.sub(count).sat(dimension)
      const rowsBelow = r.row_address.add(i.plan.result_row.mul(rows)).wrap(beatAddress)
      when(tile_ends, () => {
        r.activation.next = next.activation
        r.weight.next = next.weight
        r.strip_tile.next = mux(lastOfStrip, 0, r.strip_tile.add(1).wrap(tiles))
        r.tokens_left.next = mux(returns, r.strip_tokens, less(r.tokens_left, rows))
        r.row_address.next = mux(returns, r.strip_address, rowsBelow)
      })
      when(columnsEnd, () => {
        r.outputs_left.next = mux(lastColumns, i.command.outputs, less(r.outputs_left, columns))
        r.weight_tile.next = mux(lastColumns.or(i.plan.weights_stay.not()), 0, r.weight_tile.add(1).wrap(tiles))
      })
      when(stripEnds, () => {
        r.strip.next = next.activation
        r.strip_tokens.next = less(r.tokens_left, rows)
        r.strip_address.next = rowsBelow
      })

      // A tile of results is some beats, or a part of one.
      const resultPart = resultGroup(core).fields.part
      const shared = tileBytes < bytes ? regs({ part: resultPart }) : undefined
      const beats = shared ? shared.part.eq(bytes / tileBytes - 1).int() : tileBytes / bytes
      when(columnsEnd, () => {
        r.column_offset.next = mux(lastColumns, 0, r.column_offset.add(beats).wrap(beatAddress))
        if (shared) shared.part.next = mux(lastColumns, 0, shared.part.add(1).wrap(resultPart))
      })

      const freed = {
        activations: mux(stripEnds, r.strip_tile.add(1), 0).wrap(tiles),
        weights: columnsEnd.and(i.plan.weights_stay.not()),
      }
      const here = (tilesHere: Int, loaded: Bool, gone: Int): Int =>
        checked(tilesHere.add(loaded.int()).sub(gone), range(0, mostTiles), 'no more tiles are freed than came')
      r.activation_tiles.next = here(r.activation_tiles, i.activations_loaded, freed.activations)
      r.weight_tiles.next = here(r.weight_tiles, i.weights_loaded, freed.weights.int())

      const state = fsm('state', {
        idle({ goto }) {
          when(start, () => {
            const address = i.command.results.shr(Math.log2(bytes))
            for (const at of [r.activation, r.weight, r.strip])
              for (const part of [at.slot, at.codes, at.fields]) part.next = 0
            for (const count of [r.activation_tiles, r.weight_tiles, r.strip_tile, r.weight_tile]) count.next = 0
            r.tokens_left.next = i.command.tokens
            r.strip_tokens.next = i.command.tokens
            r.outputs_left.next = i.command.outputs
            r.row_address.next = address
            r.strip_address.next = address
            r.column_offset.next = 0
            if (shared) shared.part.next = 0
            goto('run')
          })
        },
        run({ goto }) {
          when(stripEnds.and(r.tokens_left.le(rows)).or(i.stopped), () => goto('idle'))
        },
      })

      const load = start.or(tile_ends)
      const reads = (side: Side) => {
        const of = core[side]
        const at = { codes: mux(start, 0, next[side].codes), fields: mux(start, 0, next[side].fields) }
        return {
          codes: use(`${side}_codes_cursor`, WordCursor(of.codes), { load, from: at.codes, advance: i.step_ends }),
          groups: of.groups
            ? use(`${side}_groups_cursor`, WordCursor(of.groups), { load, from: at.fields, advance: i.group_ends })
            : { address: 0, position: 0, fresh: false },
        }
      }
      const tokens = r.tokens_left.sat(range(1, rows))
      const outputs = r.outputs_left.sat(range(1, columns))
      return {
        busy: state.is('run'),
        activations_here: r.activation_tiles.gt(r.strip_tile),
        weights_here: r.weight_tiles.gt(r.weight_tile),
        activations_freed: freed.activations,
        weights_freed: freed.weights,
        activation: reads('activation'),
        weight: reads('weight'),
        live_rows: Array.from({ length: rows }, (_, k) => r.tokens_left.gt(k).and(i.live)),
        live_columns: Array.from({ length: columns }, (_, k) => r.outputs_left.gt(k).and(i.live)),
        live_cells: mux(i.live, tokens.mul(outputs), 0),
        results: {
          address: r.row_address.add(r.column_offset).wrap(beatAddress),
          part: shared ? shared.part : 0,
          tokens,
          outputs,
        },
      }
    },
  }
})
