import { type Bool, bool, component, type Int, mux, type SignalOf, u } from '../../dsl/index.ts'
import { bytesPerBeat } from '../transfers.ts'
import { type CoreDescription, dimensionBits, mostTiles, type SideDescription, upTo } from './description.ts'
import { modeShape, runCommand, runError, runPlan } from './run-command.ts'

/**
 * Looks at a command and works out what the run needs, or why there is none: steps, groups and beats, how many tiles fit, and that
 * no matrix passes the end of memory. It takes a cycle a group, one a tile that fits, and 12 more.
 */
export const Plan = component('plan', ({ core }: { core: CoreDescription }) => {
  const { array, dimension, transfers, beatAddress, resultBytes } = core
  const bytes = bytesPerBeat(transfers)
  /** Beats of a row, before it is known that they fit. */
  const anyBeats = dimension
  const resultRow = upTo(Math.ceil(((2 ** dimensionBits - 1) * resultBytes) / bytes))
  const matrix = u(dimensionBits + resultRow.width)
  const size = u(2 * dimensionBits + resultRow.width)
  return {
    name: `${core.name}_plan`,
    in: { start: bool, command: runCommand },
    out: { plan: runPlan(core), done: bool, error: runError },
    logic({ start, command: asked }, { regs, when, fsm, use, wires }) {
      const r = regs({
        steps: dimension,
        group_steps: dimension,
        groups: dimension,
        left: dimension,
        failed: runError,
        activation_codes: anyBeats,
        activation_fields: anyBeats,
        weight_codes: anyBeats,
        weight_fields: anyBeats,
        result_row: resultRow,
        matrix,
        phase: u(3),
        factor: dimension,
        times: matrix,
        size,
      })
      const w = wires({ clears: bool })
      const roomFor = (side: 'activation' | 'weight') =>
        use(`${side}_room`, TileRoom({ core }), {
          clear: w.clears,
          codes: r[`${side}_codes`],
          fields: r[`${side}_fields`],
        })
      const room = { activation: roomFor('activation'), weight: roomFor('weight') }

      const narrow = (value: Int): Int => value.bits(dimension.width).unsigned()
      const [tokens, outputs] = [narrow(asked.tokens), narrow(asked.outputs)]
      const [inputs, group] = [narrow(asked.inputs), narrow(asked.group)]
      const mode = asked.mode.bits(modeShape(core).width).unsigned()
      const stepsOf = (numbers: Int): Int =>
        byMode(core, mode, (perStep) => numbers.add(perStep - 1).shr(Math.log2(perStep))).sat(dimension)
      const oneGroup = group.ge(inputs)
      const most = BigInt(array.mostSteps ?? dimension.max)
      const tooLong = most < dimension.max ? r.group_steps.gt(most) : undefined
      const end = beatAddress.max + 1n
      const isBeyond = (address: Int): Bool => address.shr(Math.log2(bytes)).add(r.size).gt(end)

      r.size.next = r.factor.mul(r.times)
      const state = fsm('state', {
        idle({ goto }) {
          when(start, () => {
            r.failed.next = 'none'
            for (const { error, found } of faultsOf(core, asked))
              when(found, () => {
                r.failed.next = error
              })
            goto('steps')
          })
        },
        steps({ goto }) {
          const steps = stepsOf(inputs)
          r.steps.next = steps
          r.left.next = steps
          r.group_steps.next = mux(oneGroup, steps, stepsOf(group))
          r.groups.next = 1
          goto('groups')
          when(r.failed.ne('none'), () => goto('finished'))
        },
        groups({ goto }) {
          when(
            r.left.gt(r.group_steps),
            () => {
              r.left.next = r.left.sub(r.group_steps).sat(dimension)
              r.groups.next = r.groups.add(1).wrap(dimension)
            },
            () => goto('beats'),
          )
          if (tooLong)
            when(tooLong, () => {
              r.failed.next = 'group'
              goto('finished')
            })
        },
        beats({ goto }) {
          for (const side of ['activation', 'weight'] as const) {
            r[`${side}_codes`].next = codesOf(core[side], transfers.busBits, r.steps)
            r[`${side}_fields`].next = fieldsOf(core[side], transfers.busBits, r.groups)
          }
          r.result_row.next = outputs
            .mul(resultBytes)
            .add(bytes - 1)
            .shr(Math.log2(bytes))
            .sat(resultRow)
          goto('tiles')
        },
        tiles({ goto }) {
          r.phase.next = 0
          when(room.activation.more.or(room.weight.more).not(), () => {
            goto('regions')
            when(room.activation.tiles.eq(0).or(room.weight.tiles.eq(0)), () => {
              r.failed.next = 'buffers'
              goto('finished')
            })
          })
        },
        // The product of two factors is there two phases later.
        regions({ goto }) {
          const beyond = (address: Int) => () =>
            when(isBeyond(address), () => {
              r.failed.next = 'region'
            })
          const multiply = (factor: Int | number, times: Int) => () => {
            r.factor.next = factor
            r.times.next = times
          }
          const phases: readonly (readonly (() => void)[])[] = [
            [multiply(tokens, r.activation_codes.add(r.activation_fields))],
            [multiply(outputs, r.weight_codes.add(r.weight_fields))],
            [beyond(asked.activations), multiply(tokens, r.result_row)],
            [beyond(asked.weights)],
            [
              multiply(array.addsGroups ? 1 : r.groups, r.size.wrap(matrix)),
              () => {
                r.matrix.next = r.size.wrap(matrix)
              },
            ],
            [],
            [beyond(asked.results), () => goto('finished')],
          ]
          r.phase.next = r.phase.add(1).wrap(u(3))
          phases.forEach((actions, k) => {
            if (actions.length > 0)
              when(r.phase.eq(k), () => {
                for (const action of actions) action()
              })
          })
        },
        finished({ goto }) {
          goto('idle')
        },
      })
      w.clears.value = state.is('beats')
      const sideOf = (side: 'activation' | 'weight') => {
        const { codes, fields, row } = runPlan(core).fields[side].fields
        const [ofCodes, ofFields] = [r[`${side}_codes`], r[`${side}_fields`]]
        return {
          codes: ofCodes.sat(codes),
          fields: ofFields.sat(fields),
          row: ofCodes.add(ofFields).sat(row),
          tiles: room[side].tiles,
        }
      }
      return {
        plan: {
          mode,
          groups: r.groups,
          group_steps: r.group_steps,
          last_steps: r.left,
          activation: sideOf('activation'),
          weight: sideOf('weight'),
          strip: mux(room.activation.tiles.gt(1), room.activation.tiles.shr(1), 1),
          weights_stay: room.weight.tiles.mul(array.size.columns).ge(outputs),
          result_row: r.result_row.bits(beatAddress.width).unsigned(),
          matrix: r.matrix.bits(beatAddress.width).unsigned(),
        },
        done: state.is('finished'),
        error: r.failed,
      }
    },
  }
})

/** Counts the tiles that a side's buffers hold, one a cycle, until there is no room for more. */
const TileRoom = component('tile_room', ({ core }: { core: CoreDescription }) => {
  const { bufferBeats, fieldBeats, dimension } = core
  const tiles = upTo(mostTiles)
  return {
    name: `${core.name}_tile_room`,
    in: { clear: bool, codes: dimension, fields: dimension },
    out: { tiles, more: bool },
    logic({ clear, codes, fields }, { regs, when }) {
      const r = regs({ tiles, filled: upTo(bufferBeats), filled_fields: upTo(fieldBeats) })
      const [filled, filledFields] = [r.filled.add(codes), r.filled_fields.add(fields)]
      const more = r.tiles.lt(mostTiles).and(filled.le(bufferBeats)).and(filledFields.le(fieldBeats))
      when(more, () => {
        r.tiles.next = r.tiles.add(1).wrap(tiles)
        r.filled.next = filled.wrap(upTo(bufferBeats))
        r.filled_fields.next = filledFields.wrap(upTo(fieldBeats))
      })
      when(clear, () => {
        r.tiles.next = 0
        r.filled.next = 0
        r.filled_fields.next = 0
      })
      return { tiles: r.tiles, more }
    },
  }
})

/** What may be wrong with a command by itself; of several things the last one is told. */
const faultsOf = (
  { array, transfers, dimension }: CoreDescription,
  command: SignalOf<typeof runCommand>,
): readonly { readonly error: 'alignment' | 'group' | 'mode' | 'dimensions'; readonly found: Bool }[] => {
  const { tokens, outputs, inputs, group, mode, activations, weights, results } = command
  const dimensions = [tokens, outputs, inputs, group]
  const places = Math.log2(bytesPerBeat(transfers))
  const misaligned = [activations, weights, results].map((address) =>
    address
      .bits()
      .slice(places - 1, 0)
      .any(),
  )
  const parts = array.modes.flatMap(({ code, perStep }) =>
    perStep === 1
      ? []
      : [
          mode.eq(code).and(
            group
              .bits()
              .slice(Math.log2(perStep) - 1, 0)
              .any(),
          ),
        ],
  )
  return [
    { error: 'alignment', found: anyOf(misaligned) },
    ...(parts.length > 0 ? [{ error: 'group', found: anyOf(parts).and(group.lt(inputs)) } as const] : []),
    { error: 'mode', found: anyOf(array.modes.map(({ code }) => mode.eq(code))).not() },
    { error: 'dimensions', found: anyOf(dimensions.map((value) => value.eq(0).or(value.gt(dimension.max)))) },
  ]
}

/** One value of those for the modes' numbers a step. */
const byMode = ({ array }: CoreDescription, mode: Int, of: (perStep: number) => Int): Int => {
  const [first, ...others] = array.modes
  return others.reduce((rest, { code, perStep }) => mux(mode.eq(code), of(perStep), rest), of(first!.perStep))
}

const codesOf = ({ wordBits }: SideDescription, busBits: number, steps: Int): Int =>
  steps
    .mul(wordBits)
    .add(busBits - 1)
    .shr(Math.log2(busBits))
    .sat(u(dimensionBits))

const fieldsOf = ({ fieldBits }: SideDescription, busBits: number, groups: Int): Int | number => {
  if (fieldBits === 0) return 0
  const perBeat = busBits / fieldBits
  return groups
    .add(perBeat - 1)
    .shr(Math.log2(perBeat))
    .sat(u(dimensionBits))
}

const anyOf = (conditions: readonly Bool[]): Bool => conditions.reduce((one, other) => one.or(other))
