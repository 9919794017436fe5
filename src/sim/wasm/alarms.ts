import type { LaneType } from '../vector/lane-type.ts'
import type { Statement } from '../vector/program.ts'
import { opcodeOf, simd } from './simd-instructions.ts'
import { lessOf } from './simd-operations.ts'
import { type Converter, splat, type VectorValue } from './simd-values.ts'
import type { Local } from './writer.ts'

/** What the checks of a loop gather in vectors while it runs; looked at once, behind the loop. */
export interface Alarms {
  /** Instructions that take in one register each of the values that a check looks at. */
  taking(check: Statement, value: VectorValue): readonly (() => void)[]
  /** Puts whether any lane was out of its bounds on the stack. */
  pushRaised(): void
}

/** `variable` gives one that lasts for the whole loop, set before it. */
export const alarmsOf = (to: Converter, variable: (key: string, body: () => void) => Local): Alarms => {
  const { writer, chunk } = to
  const extremes = new Map<string, { readonly highest: Local; readonly lowest: Local } & Bounds>()
  const zeros = (): void => splat(writer, { bits: 8, kind: 'unsigned' }, 0n)
  const broken = variable('broken', zeros)
  /** All ones as long as every mask is. */
  let kept: Local | undefined
  const into = (local: Local, opcode: number, ...operands: readonly (() => void)[]): void => {
    writer.get(local)
    for (const operand of operands) operand()
    writer.simd(opcode)
    writer.set(local)
  }
  /** The bytes of a register that are lanes of the loop, where not all are. */
  const lanesOnly = ({ bits }: LaneType): Local | undefined => {
    const bytes = (chunk * bits) / 8
    if (bytes >= 16) return undefined
    return variable(`first ${bytes} bytes`, () =>
      writer.simd(simd.constant, ...Array.from({ length: 16 }, (_, k) => (k < bytes ? 255 : 0))),
    )
  }
  /** Takes in a mask of lanes out of bounds, which `push` puts on the stack. */
  const takeBroken = (type: LaneType, push: () => void): void =>
    into(broken, simd.or, () => {
      push()
      const lanes = lanesOnly(type)
      if (!lanes) return
      writer.get(lanes)
      writer.simd(simd.and)
    })

  const ofMask = ({ of, type, ranges }: Bounds, register: Local): void => {
    // Checks that contradict each other ask for both.
    if (ranges[0]!.max > of.max) takeBroken(type, () => writer.get(register))
    if (ranges[0]!.min >= of.min) return
    if (lanesOnly(type))
      takeBroken(type, () => {
        writer.get(register)
        writer.simd(simd.not)
      })
    else {
      kept ??= variable('kept', () => splat(writer, { bits: 8, kind: 'mask' }, 1n))
      into(kept, simd.and, () => writer.get(register))
    }
  }
  const ofInteger = ({ of, type, ranges }: Bounds, register: Local): void => {
    const { bits, kind } = type
    const [above, below] = [ranges[0]!.max > of.max, ranges[0]!.min < of.min]
    if (bits === 64) {
      if (above) takeBroken(type, () => lessOf(to, type, to.constant(type, of.max), register))
      if (below) takeBroken(type, () => lessOf(to, type, register, to.constant(type, of.min)))
      return
    }
    const key = `${kind} ${bits} ${of.min} ${of.max}`
    const known = extremes.get(key) ?? {
      highest: variable(`highest ${key}`, () => splat(writer, type, of.max)),
      lowest: variable(`lowest ${key}`, () => splat(writer, type, of.min)),
      of,
      type,
      ranges,
    }
    extremes.set(key, known)
    const sign = kind === 'signed' ? 's' : 'u'
    if (above) into(known.highest, opcodeOf(`max_${sign}`, bits), () => writer.get(register))
    if (below) into(known.lowest, opcodeOf(`min_${sign}`, bits), () => writer.get(register))
  }

  return {
    taking: (check, { type, registers }) =>
      registers.map((of) => () => (type.kind === 'mask' ? ofMask({ ...check, type }, of) : ofInteger(check, of))),
    pushRaised() {
      // It began at the bound, and stays there as long as that is kept.
      for (const { highest, lowest, of, type } of extremes.values())
        for (const [extreme, bound] of [
          [highest, of.max],
          [lowest, of.min],
        ] as const)
          takeBroken(type, () => {
            writer.get(extreme)
            splat(writer, type, bound)
            writer.simd(simd.xor)
          })
      if (kept)
        takeBroken({ bits: 64, kind: 'mask' }, () => {
          writer.get(kept!)
          writer.simd(simd.not)
        })
      writer.get(broken)
      writer.simd(simd.anyTrue)
    },
  }
}

type Bounds = Pick<Statement, 'of' | 'type' | 'ranges'>
