import { u } from '../../../dsl/index.ts'

/** How the bricks of a unit are fused: widths of the operands in bits, and whether they are signed. */
export interface Fusion {
  readonly activationBits: number
  readonly weightBits: number
  readonly activationSigned: boolean
  readonly weightSigned: boolean
}

/** Bits of the input `mode`, lowest first; a width of 8 sets both bits of its operand. */
export const modeBits = {
  activation4: 0,
  activation8: 1,
  weight4: 2,
  weight8: 3,
  activationSigned: 4,
  weightSigned: 5,
} as const

export const modeShape = u(6)

/** The value of `mode` for a fusion. */
export const modeOf = (f: Fusion): number => {
  const flags = {
    activation4: f.activationBits >= 4,
    activation8: f.activationBits === 8,
    weight4: f.weightBits >= 4,
    weight8: f.weightBits === 8,
    activationSigned: f.activationSigned,
    weightSigned: f.weightSigned,
  }
  return Object.entries(modeBits).reduce(
    (mode, [flag, bit]) => mode + (flags[flag as keyof typeof flags] ? 2 ** bit : 0),
    0,
  )
}

/** Products a cycle: 16 bricks, of which one product takes one for each pair of digits. */
export const lanesOf = ({ activationBits, weightBits }: Fusion): number => 64 / (activationBits * weightBits)

/** What one brick does in one mode: which digit of each operand word it takes, and whether that is a number's highest. */
export interface BrickDigits {
  readonly activation: number
  readonly weight: number
  readonly activationTop: boolean
  readonly weightTop: boolean
}

/**
 * The digits of brick 0 to 15. A brick's number is four bits, two for its quad and two for its place in it. A level whose
 * digits both operands have fused takes its upper bit for the activation's digit and its lower for the weight's; where one
 * operand is fused there, its digit is the lower bit and the upper one tells lanes apart, and else both do.
 */
export const brickDigits = (
  brick: number,
  { activationBits, weightBits }: Omit<Fusion, 'activationSigned' | 'weightSigned'>,
): BrickDigits => {
  let [lane, activation, weight] = [0, 0, 0]
  let [activationTop, weightTop] = [true, true]
  for (const [shift, bits] of [
    [2, 8],
    [0, 4],
  ] as const) {
    const [high, low] = [(brick >> (shift + 1)) & 1, (brick >> shift) & 1]
    const fused = { activation: activationBits >= bits, weight: weightBits >= bits }
    if (fused.activation) {
      const at = fused.weight ? high : low
      activation = 2 * activation + at
      activationTop &&= at === 1
    }
    if (fused.weight) {
      weight = 2 * weight + low
      weightTop &&= low === 1
    }
    if (!(fused.activation && fused.weight)) lane = 2 * lane + high
    if (!(fused.activation || fused.weight)) lane = 2 * lane + low
  }
  return {
    activation: (lane * activationBits) / 2 + activation,
    weight: (lane * weightBits) / 2 + weight,
    activationTop,
    weightTop,
  }
}
