import { type GroupedProduct, groupsOf } from '../../src/accel/gemm.ts'
import type { ProcessingElement } from '../../src/pe/family.ts'
import { randomWords } from '../../src/sim/stimulus.ts'

/** A product with random codes of the PE's operands, extremes included. */
export const randomProduct = (
  pe: ProcessingElement,
  [tokens, outputs, inputs, group]: readonly [number, number, number, number],
  seed: number,
): GroupedProduct => {
  const random = randomWords(seed)
  const within = ({ min, max }: { min: bigint; max: bigint }): number => {
    const edge = random() % 8
    if (edge < 2) return Number(edge ? min : max)
    return Number(min) + (random() % Number(max - min + 1n))
  }
  const { zero, scale } = pe.operands
  const { activation, weight } = pe.operands.lanes ?? pe.operands
  const groups = groupsOf({ inputs, group })
  return {
    tokens,
    outputs,
    inputs,
    group,
    activations: arrayFor(activation).from(Array.from({ length: tokens * inputs }, () => within(activation))),
    weights: arrayFor(weight).from(Array.from({ length: outputs * inputs }, () => within(weight))),
    zeros: zero && Uint8Array.from({ length: outputs * groups }, () => within(zero)),
    ...(scale ? { scales: Uint16Array.from({ length: outputs * groups }, () => random() % 0x7c00) } : {}),
  }
}

/** The product from the PE's golden model, element by element. */
export const goldenSums = (pe: ProcessingElement, p: GroupedProduct): Int32Array => {
  const groups = groupsOf(p)
  const sums: bigint[] = []
  for (let m = 0; m < p.tokens; m++)
    for (let n = 0; n < p.outputs; n++) {
      const ofGroups: bigint[] = []
      for (let g = 0; g < groups; g++) {
        const [from, to] = [g * p.group, Math.min(p.inputs, (g + 1) * p.group)]
        const activations = p.activations.subarray(m * p.inputs + from, m * p.inputs + to)
        const weights = p.weights.subarray(n * p.inputs + from, n * p.inputs + to)
        ofGroups.push(pe.golden([...activations], [...weights], p.zeros?.[n * groups + g] ?? 0))
      }
      const scales = p.scales?.subarray(n * groups, (n + 1) * groups)
      if (pe.goldenOutput) sums.push(pe.goldenOutput(ofGroups, [...scales!]))
      else sums.push(...ofGroups)
    }
  return Int32Array.from(sums, (sum) => Number(BigInt.asIntN(32, sum)))
}

const arrayFor = ({ min, max }: { min: bigint; max: bigint }) =>
  min < 0n ? Int8Array : max < 256n ? Uint8Array : Uint16Array
