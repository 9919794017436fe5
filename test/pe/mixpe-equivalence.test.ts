import { describe, expect, it } from 'vitest'
import { type GroupedProduct, groupsOf, runProduct } from '../../src/accel/gemm.ts'
import { drainCycles, outputStationaryArray } from '../../src/accel/output-stationary.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import type { ProcessingElement } from '../../src/pe/family.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomWords } from '../../src/sim/stimulus.ts'

const size = { rows: 3, columns: 2 }

/** Sums as the simulated array gives them, and the cycles it took. */
const onArray = (pe: ProcessingElement, product: GroupedProduct) => {
  const engine = javascriptEngine(outputStationaryArray(pe, size))
  const done = runProduct(engine, pe, size, product)
  expect(engine.failures).toEqual([])
  return done
}

/** Every activation as a token times every code as an output, a group of one. */
const everyProduct = (bits: number, codes: 'signed' | 'unsigned', zero: number): GroupedProduct => {
  const count = 2 ** bits
  const weights = Array.from({ length: count }, (_, k) => k - (codes === 'signed' ? count / 2 : 0))
  return {
    tokens: 256,
    outputs: count,
    inputs: 1,
    group: 1,
    activations: Int8Array.from({ length: 256 }, (_, k) => k - 128),
    weights: codes === 'signed' ? Int8Array.from(weights) : Uint8Array.from(weights),
    zeros: codes === 'signed' ? undefined : new Uint8Array(count).fill(zero),
  }
}

/** Random operands with extremes; `signed` are the codes of `unsigned` less half of their count. */
const randomCodes = (bits: number, { inputs, group }: { inputs: number; group: number }, seed: number) => {
  const random = randomWords(seed)
  const [tokens, outputs, half] = [5, 5, 2 ** (bits - 1)]
  const among = (count: number): number => (random() % 8 === 0 ? (random() % 2) * (count - 1) : random() % count)
  const activations = Int8Array.from({ length: tokens * inputs }, () => among(256) - 128)
  const unsigned = Uint8Array.from({ length: outputs * inputs }, () => among(2 * half))
  const shape = { tokens, outputs, inputs, group, activations }
  const zeros = (zero: number): Uint8Array => new Uint8Array(outputs * groupsOf(shape)).fill(zero)
  return {
    signed: { ...shape, weights: Int8Array.from(unsigned, (code) => code - half), zeros: undefined },
    unsigned: (zero: number): GroupedProduct => ({ ...shape, weights: unsigned, zeros: zeros(zero) }),
  }
}

/** The asymmetric PE without its edges: what the cells' sums are when nothing is taken off. */
const withoutZeroPoints = (pe: ProcessingElement): ProcessingElement => {
  const { rowEdge, columnEdge, ...parts } = pe.parts
  const latency_cycles = pe.timing.latency_cycles - 2
  return {
    ...pe,
    spec: `${pe.spec}, zero points off`,
    parts,
    operands: { ...pe.operands, zero: undefined, result: parts.cell.draining.in.sum_in },
    timing: { ...pe.timing, latency_cycles },
  }
}

const variants = ['parallel', 'serial'].flatMap((compute) =>
  [2, 3, 4, 8].map((bits) => ({ compute, bits, spec: `mixpe(w=int${bits}, compute=${compute}` })),
)

describe.each(variants)('on the array, $compute with $bits bits,', ({ bits, spec }) => {
  const middle = 2 ** (bits - 1)
  const [asymmetric, symmetric] = [processingElement(`${spec})`), processingElement(`${spec}, weights=symmetric)`)]
  const ragged = [
    { inputs: 2 * 32 + 5, group: 32 },
    { inputs: 64 + 63, group: 64 },
    { inputs: 128 + 1, group: 128 },
  ]

  it('unsigned codes with a zero point in the middle are signed codes, for every product', () => {
    const signed = onArray(symmetric, everyProduct(bits, 'signed', 0)).sums
    expect(onArray(asymmetric, everyProduct(bits, 'unsigned', middle)).sums).toEqual(signed)
    expect(signed[0]).toBe(-128 * -middle)
  })

  it.each(ragged)('and for groups of $group, the last one ragged ($inputs inputs)', (shape) => {
    const { signed, unsigned } = randomCodes(bits, shape, 7)
    const sums = onArray(symmetric, signed).sums
    expect(onArray(asymmetric, unsigned(middle)).sums).toEqual(sums)
    expect(new Set(sums).size).toBeGreaterThan(20)
  })

  it('a zero point of 0 is no zero point, for every product', () => {
    const off = onArray(withoutZeroPoints(asymmetric), { ...everyProduct(bits, 'unsigned', 0), zeros: undefined })
    const on = onArray(asymmetric, everyProduct(bits, 'unsigned', 0))
    expect(on.sums).toEqual(off.sums)
    expect(on.cycles).toBe(off.cycles + 2)
  })

  it.each(ragged)('and for groups of $group, the last one ragged ($inputs inputs): no zero point', (shape) => {
    const product = randomCodes(bits, shape, 8).unsigned(0)
    const off = onArray(withoutZeroPoints(asymmetric), { ...product, zeros: undefined })
    expect(onArray(asymmetric, product).sums).toEqual(off.sums)
  })
})

describe('groups of 32, 64 and 128', () => {
  it.each(
    ['parallel', 'serial'].flatMap((compute) =>
      ['asymmetric', 'symmetric'].flatMap((weights) =>
        [32, 64, 128].map((group) => ({
          group,
          spec: `mixpe(group=${group}, weights=${weights}, compute=${compute})`,
        })),
      ),
    ),
  )('$spec: ragged last groups of 1 and one less than all, every sum from the definition', ({ spec, group }) => {
    const pe = processingElement(spec)
    for (const inputs of [group + 1, 2 * group - 1, 2 * group]) {
      const { signed, unsigned } = randomCodes(4, { inputs, group }, inputs)
      const product = pe.operands.zero ? unsigned(11) : signed
      const { sums, cycles } = onArray(pe, product)
      const zero = pe.operands.zero ? 11 : 0
      const wanted = new Int32Array(5 * 5 * 2)
      for (let m = 0; m < 5; m++)
        for (let n = 0; n < 5; n++)
          for (let k = 0; k < inputs; k++)
            wanted[(m * 5 + n) * 2 + Math.floor(k / group)]! +=
              product.activations[m * inputs + k]! * (product.weights[n * inputs + k]! - zero)
      expect(sums).toEqual(wanted)
      // 2 x 3 tiles; a group of one pair is padded to the array's shortest, then the last result leaves.
      const { cycles_per_step, shortestGroup } = pe.timing
      const lengths = [group, inputs - group].map((pairs) => Math.max(shortestGroup(3), pairs * cycles_per_step))
      expect(cycles).toBe(6 * (lengths[0]! + lengths[1]!) + drainCycles(pe, size))
    }
  })
})
