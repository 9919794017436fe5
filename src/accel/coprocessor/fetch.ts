import { type Bool, bool, component, type Int, mux, record, stream, u } from '../../dsl/index.ts'
import { bytesPerBeat, transferCommand } from '../transfers.ts'
import { type CoreDescription, mostTiles, upTo } from './description.ts'
import { runPlan, sidePlan } from './run-command.ts'

/** What a read transfer brings: a row of codes with its fields, for one line of the array. */
export const rowTag = ({ activation, weight }: CoreDescription) =>
  record({
    weights: bool,
    line: upTo(Math.max(activation.lines, weight.lines) - 1),
    /** The last one of its tile. */
    last: bool,
  })

/**
 * Asks for the rows of all tiles, a transfer each, in the order in which the array needs them: for each strip of activations its
 * first tile, the first tile of weights, the strip's other tiles, all other weights. Waits where a side's buffers are full.
 *
 * With each command goes a tag into `tag`; the readiness of both streams, once there, stays until they are used. `stop`: it asks
 * for no more, but for what it has offered.
 */
export const Fetch = component('fetch', ({ core }: { core: CoreDescription }) => {
  const { dimension, beatAddress, array, transfers } = core
  const bytes = bytesPerBeat(transfers)
  const address = u(transfers.addressBits)
  const plan = runPlan(core).fields
  const { row, tiles } = sidePlan(core).fields
  const side = record({ row, tiles })
  return {
    name: `${core.name}_fetch`,
    in: {
      start: bool,
      stop: bool,
      command: record({
        tokens: dimension,
        outputs: dimension,
        activations: address,
        weights: address,
      }),
      plan: record({ activation: side, weight: side, strip: plan.strip, weights_stay: bool }),
      /** Tiles of activations that are used up at this edge, and whether one of weights is. */
      activations_freed: upTo(mostTiles),
      weights_freed: bool,
    },
    out: { read: transferCommand(transfers), tag: stream(rowTag(core)), busy: bool },
    logic(i, { regs, when, fsm, wires }) {
      const { start, stop, read, tag } = i
      const lineShape = rowTag(core).fields.line
      const stripShape = plan.strip
      const r = regs({
        activation_address: beatAddress,
        weight_address: beatAddress,
        tokens_left: dimension,
        outputs_left: dimension,
        line: lineShape,
        strip_tile: stripShape,
        /** Of this strip there are activations to come, and some of its weights are on their way. */
        strip_open: bool,
        weights_begun: bool,
        first_strip: bool,
        activation_tiles: tiles,
        weight_tiles: tiles,
      })
      const w = wires({ asks_activations: bool, asks_weights: bool })
      const isLast = (left: Int, lines: number): Bool | true => lines === 1 || left.eq(1).or(r.line.eq(lines - 1))
      const offered = w.asks_activations.or(w.asks_weights)
      const fires = offered.and(read.ready).and(tag.ready)
      const lastLine = mux(
        w.asks_weights,
        isLast(r.outputs_left, array.size.columns),
        isLast(r.tokens_left, array.size.rows),
      )
      const done = fires.and(lastLine)
      const stripEnds = r.tokens_left.eq(1).or(r.strip_tile.add(1).eq(i.plan.strip))
      const needsWeights = r.first_strip.or(i.plan.weights_stay.not())
      const stopped = stop.and(offered.not().or(fires))
      const base = i.command.weights.shr(Math.log2(bytes))

      when(fires, () => {
        r.line.next = mux(lastLine, 0, r.line.add(1).wrap(lineShape))
      })
      const nextStrip = (): void => {
        r.strip_tile.next = 0
        r.weights_begun.next = false
        r.first_strip.next = false
        r.outputs_left.next = i.command.outputs
        r.weight_address.next = base
      }
      const state = fsm('state', {
        idle({ goto }) {
          when(start, () => {
            r.activation_address.next = i.command.activations.shr(Math.log2(bytes))
            r.weight_address.next = base
            r.tokens_left.next = i.command.tokens
            r.outputs_left.next = i.command.outputs
            r.line.next = 0
            r.strip_tile.next = 0
            r.weights_begun.next = false
            r.first_strip.next = true
            goto('activations')
          })
        },
        activations({ goto }) {
          when(fires, () => {
            r.activation_address.next = r.activation_address.add(i.plan.activation.row).wrap(beatAddress)
            r.tokens_left.next = r.tokens_left.sub(1).wrap(dimension)
          })
          when(done, () => {
            r.strip_open.next = stripEnds.not()
            r.strip_tile.next = r.strip_tile.add(1).wrap(stripShape)
            when(
              needsWeights.and(r.weights_begun.not().or(stripEnds.and(r.outputs_left.ne(0)))),
              () => goto('weights'),
              () =>
                when(stripEnds, () => {
                  nextStrip()
                  when(r.tokens_left.eq(1), () => goto('idle'))
                }),
            )
          })
          when(stopped, () => goto('idle'))
        },
        weights({ goto }) {
          when(fires, () => {
            r.weight_address.next = r.weight_address.add(i.plan.weight.row).wrap(beatAddress)
            r.outputs_left.next = r.outputs_left.sub(1).wrap(dimension)
          })
          when(done, () => {
            r.weights_begun.next = true
            when(
              r.strip_open,
              () => goto('activations'),
              () =>
                when(r.outputs_left.eq(1), () => {
                  nextStrip()
                  goto('activations')
                  when(r.tokens_left.eq(0), () => goto('idle'))
                }),
            )
          })
          when(stopped, () => goto('idle'))
        },
      })
      // A tile that is begun has its place.
      const asks = (side: 'activation' | 'weight'): Bool => r.line.ne(0).or(r[`${side}_tiles`].lt(i.plan[side].tiles))
      w.asks_activations.value = state.is('activations').and(asks('activation'))
      w.asks_weights.value = state.is('weights').and(asks('weight'))
      const held = (side: 'activation' | 'weight', taken: Bool, freed: Int): void => {
        const next = r[`${side}_tiles`].add(taken.int()).sub(freed)
        r[`${side}_tiles`].next = mux(start, 0, next.sat(tiles))
      }
      held('activation', done.and(state.is('activations')), i.activations_freed)
      held('weight', done.and(state.is('weights')), i.weights_freed.int())
      return {
        read: {
          valid: offered.and(tag.ready),
          data: {
            address: mux(w.asks_weights, r.weight_address, r.activation_address).shl(Math.log2(bytes)),
            beats: mux(w.asks_weights, i.plan.weight.row, i.plan.activation.row),
          },
        },
        tag: {
          valid: offered.and(read.ready),
          data: { weights: w.asks_weights, line: r.line, last: lastLine },
        },
        busy: state.is('activations', 'weights'),
      }
    },
  }
})
