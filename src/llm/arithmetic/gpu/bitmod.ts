import { fp32 } from '../../../pe/arith/float/usual.ts'
import { activationFields, isNoNumber, lowestBit } from '../../../pe/bitmod/golden.ts'
import { paperSpecialValues, specialValueCount, termsOf } from '../../../pe/bitmod/terms.ts'
import type { TiledElement } from '../../../pe/tile.ts'
import type { Gpu } from '../../gpu/device.ts'
import type { BitmodKernel } from '../bitmod-kernel.ts'
import { bitmodKernelOf } from '../bitmod-product.ts'
import { groupsOf, type HardwareArithmetic } from '../product.ts'
import { floatSum } from './float-sum.ts'
import { gpuRunner, kernelHead, threads } from './run.ts'

/** One thread an output and token, all its groups: shifts as the PE has them. */
const kernelOf = ({ arithmetic: p, type }: BitmodKernel): string => {
  const byTerms = p.alignment === 'terms'
  const codes = 2 ** type.bits
  return `
${kernelHead(
  ['inputs', 'outputs', 'group', 'groups'],
  [
    ['x', 'u32'],
    ['w', 'u32'],
    ['terms', 'u32'],
    ['scales', 'u32'],
  ],
  'u32',
)}
${floatSum(fp32)}
/** Floor. */
fn down(a: i32, places: i32) -> i32 { return a >> u32(min(places, 31i)); }
/** A number's significand with guard bits under a larger exponent, toward zero. */
fn under(code: u32, places: i32) -> i32 {
  return i32(((code & 2047u) << ${p.guard}u) >> u32(min(places, 31i)));
}
fn exponent(code: u32) -> i32 { return i32((code >> 11u) & 31u); }
@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= n.outputs) { return; }
  var total = 0u;
  for (var g = 0u; g < n.groups; g++) {
    let end = min((g + 1u) * n.group, n.inputs);
    let scale = scales[id.x * n.groups + g];
    let table = (scale >> 8u) * ${type.cycles * codes}u;
    var sum = 0i;
    var power = 0i;
    var number = true;
    for (var first = g * n.group; first < end; first += ${p.lanes}u) {
      let last = min(first + ${p.lanes}u, end);
      var step_largest = 0i;
      for (var k = first; k < last; k++) {
        let code = x[id.y * n.inputs + k];
        step_largest = max(step_largest, exponent(code));
        if ((code & 0x20000u) != 0u) { number = false; }
      }
      for (var cycle = 0u; cycle < ${type.cycles}u; cycle++) {
        var largest = 0i;
        for (var k = first; k < last; k++) {
          let t = terms[table + cycle * ${codes}u + w[id.x * n.inputs + k]];
          if ((t & 16u) != 0u) { largest = max(largest, ${byTerms ? 'exponent(x[id.y * n.inputs + k]) + i32(t & 15u)' : 'step_largest'}); }
        }
        var dot = 0i;
        for (var k = first; k < last; k++) {
          let t = terms[table + cycle * ${codes}u + w[id.x * n.inputs + k]];
          if ((t & 16u) == 0u) { continue; }
          let code = x[id.y * n.inputs + k];
          let magnitude = ${
            byTerms
              ? 'under(code, largest - exponent(code) - i32(t & 15u))'
              : 'under(code, step_largest - exponent(code)) << (t & 15u)'
          };
          dot += select(magnitude, -magnitude, ((code >> 16u) & 1u) != (t >> 5u));
        }
        if (largest > 0i) { ${p.significance === 'shift' ? 'dot <<=' : 'largest += i32('}cycle * ${type.significanceStep}u${p.significance === 'shift' ? '' : ')'}; }
        let larger = max(power, largest);
        var next = down(sum, larger - power) + down(dot, larger - largest);
        let size = select(next, -1i - next, next < 0i);
        let over = max(0i, ${32 - p.magnitude}i - i32(countLeadingZeros(u32(size))));
        sum = next >> u32(over);
        power = larger + over;
      }
    }
    let scaled = Real(sum < 0i, u32(abs(sum)) * (scale & 255u), power + ${lowestBit(p, type)}i, 0u);
    if (number) { total = add(scaled, decode(total)); } else { total = nan_code; }
  }
  y[id.y * n.outputs + id.x] = total;
}
`
}

/** BitMoD's arithmetic on a GPU. */
export const gpuBitmodProducts = (pe: TiledElement, gpu: Gpu): HardwareArithmetic => {
  const runner = gpuRunner(gpu)
  const kernel = bitmodKernelOf(pe)
  const text = kernelOf(kernel)
  const { type } = kernel
  const specials = paperSpecialValues(type)
  const table = Uint32Array.from(
    Array.from({ length: specialValueCount }, (_, selector) => {
      const all = Array.from({ length: 2 ** type.bits }, (_, code) => termsOf(type, code, specials[selector] ?? 0))
      return Array.from({ length: type.cycles }, (_, cycle) =>
        all.map((of) => {
          const { negative, exponent, present } = of[cycle]!
          return exponent + (present ? 16 : 0) + (negative ? 32 : 0)
        }),
      )
    }).flat(2),
  )
  const terms = runner.upload(table, 'the terms')
  return {
    words: 1,
    load: (weights) => {
      const { outputs, inputs, group, codes, selectors, scales } = weights
      const groups = groupsOf(weights)
      const w = runner.upload(Uint32Array.from(codes), 'the weights')
      const chosen = Uint32Array.from(
        { length: outputs * groups },
        (_, at) => scales![at]! + 256 * (selectors?.[at] ?? 0),
      )
      const scaleWords = runner.upload(chosen, 'the scales')
      return {
        groups,
        run: (activations, tokens) => {
          const fields = Uint32Array.from({ length: activations.length }, (_, k) => {
            const { negative, exponent, significand } = activationFields(activations[k]!)
            const none = isNoNumber(activations[k]!) ? 0x20000 : 0
            return significand + (exponent << 11) + (negative ? 0x10000 : 0) + none
          })
          return runner.run(
            {
              kernel: text,
              numbers: [inputs, outputs, group, groups],
              arrays: [runner.uploadForOne(fields), w, terms, scaleWords],
              workgroups: [Math.ceil(outputs / threads), tokens, 1],
            },
            tokens * outputs,
          )
        },
      }
    },
    close: runner.close,
  }
}
