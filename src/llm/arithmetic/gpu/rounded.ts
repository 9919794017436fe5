import type { ScalarFormat } from '../../../formats/index.ts'
import type { Gpu } from '../../gpu/device.ts'
import { groupsOf, type HardwareArithmetic } from '../product.ts'
import type { RoundedArithmetic } from '../rounded-product.ts'
import { floatSum } from './float-sum.ts'
import { gpuRunner, kernelHead, threads } from './run.ts'

/** One thread an output, token and group: products of magnitudes, added in the order of the operands. */
const kernelOf = ({ kernel: { sum, roundsProducts } }: RoundedArithmetic): string => `
${kernelHead(
  ['inputs', 'outputs', 'group', 'groups'],
  [
    ['x', 'vec2<u32>'],
    ['w', 'vec2<u32>'],
  ],
  'u32',
)}
${floatSum(sum)}
fn real(a: vec2<u32>) -> Real {
  return Real((a.y & ${signFlag}u) != 0u, a.x, i32(a.y & ${kindFlag - 1}u & ~${signFlag}u) - ${exponentBias}i, a.y / ${kindFlag}u);
}
fn product(a: Real, b: Real) -> Real {
  let negative = a.negative != b.negative;
  if (a.kind == 2u || b.kind == 2u) { return not_a_number; }
  if (a.kind == 1u || b.kind == 1u) {
    // Infinity times zero is no number.
    if ((a.kind == 0u && a.magnitude == 0u) || (b.kind == 0u && b.magnitude == 0u)) { return not_a_number; }
    return Real(negative, 0u, 0i, 1u);
  }
  return Real(negative, a.magnitude * b.magnitude, a.exponent + b.exponent, 0u);
}
@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= n.outputs) { return; }
  let first = id.z * n.group;
  let end = min(first + n.group, n.inputs);
  var total = 0u;
  for (var k = first; k < end; k++) {
    let exact = product(real(x[id.y * n.inputs + k]), real(w[id.x * n.inputs + k]));
    total = add(${roundsProducts ? 'decode(rounded(exact))' : 'exact'}, decode(total));
  }
  y[(id.y * n.outputs + id.x) * n.groups + id.z] = total;
}
`

const signFlag = 2 ** 16
const kindFlag = 2 ** 17
const exponentBias = 1024

/** The numbers of codes as the kernel reads them: a magnitude; its exponent, sign and kind. */
const written = (format: ScalarFormat | undefined): ((code: number) => readonly [number, number]) => {
  if (!format) return (integer) => [Math.abs(integer), exponentBias + (integer < 0 ? signFlag : 0)]
  const table = Array.from({ length: 2 ** format.bits }, (_, code): readonly [number, number] => {
    const value = format.decode(BigInt(code))
    if (value.kind === 'infinite') return [0, exponentBias + (value.negative ? signFlag : 0) + kindFlag]
    if (value.kind !== 'finite') return [0, exponentBias + 2 * kindFlag]
    const magnitude = Number(value.significand < 0n ? -value.significand : value.significand)
    return [magnitude, exponentBias + (magnitude === 0 ? 0 : value.exponent) + (value.negative ? signFlag : 0)]
  })
  return (code) => table[code]!
}

const writtenAll = (codes: ArrayLike<number>, write: ReturnType<typeof written>): Uint32Array => {
  const result = new Uint32Array(2 * codes.length)
  for (let k = 0; k < codes.length; k++) result.set(write(codes[k]!), 2 * k)
  return result
}

/** Sums that are rounded in every step, on a GPU. */
export const gpuRoundedProducts = (arithmetic: RoundedArithmetic, gpu: Gpu): HardwareArithmetic => {
  const runner = gpuRunner(gpu)
  const kernel = kernelOf(arithmetic)
  const [activationOf, weightOf] = [written(arithmetic.activation), written(arithmetic.weight)]
  return {
    words: 1,
    load: (weights) => {
      const { outputs, inputs, group, codes } = weights
      const groups = groupsOf(weights)
      const w = runner.upload(writtenAll(codes, weightOf), 'the weights')
      return {
        groups,
        run: (activations, tokens) =>
          runner.run(
            {
              kernel,
              numbers: [inputs, outputs, group, groups],
              arrays: [runner.uploadForOne(writtenAll(activations, activationOf)), w],
              workgroups: [Math.ceil(outputs / threads), tokens, groups],
            },
            tokens * outputs * groups,
          ),
      }
    },
    close: runner.close,
  }
}
