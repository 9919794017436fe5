import type { Gpu } from '../../gpu/device.ts'
import type { SumMachine } from '../exact-sums.ts'
import { perVector } from '../layout.ts'
import { gpuRunner, kernelHead, threads } from './run.ts'

/** 32-bit sums of products of 16-bit integers, two in a word: one thread a row, token and segment. */
const sumKernel = `
${kernelHead(
  ['width', 'rows', 'tokens', 'segments', 'plane', 'of_rows'],
  [
    ['x', 'u32'],
    ['w', 'u32'],
    ['places', 'vec2<u32>'],
  ],
  'i32',
)}
@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= n.rows) { return; }
  let place = places[id.z];
  let a = (n.plane * n.tokens + id.y) * n.width + place.x;
  let b = (n.of_rows * n.rows + id.x) * n.width + place.x;
  var sum = 0i;
  for (var k = 0u; k < place.y; k++) {
    let p = bitcast<i32>(x[a + k]);
    let q = bitcast<i32>(w[b + k]);
    sum += (p >> 16u) * (q >> 16u) + ((p << 16u) >> 16u) * ((q << 16u) >> 16u);
  }
  y[(id.y * n.segments + id.z) * n.rows + id.x] = sum;
}
`

const joined = (planes: readonly Int16Array[]): Int16Array => {
  const result = new Int16Array(planes.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const plane of planes) {
    result.set(plane, at)
    at += plane.length
  }
  return result
}

/** The sums of `cpuSums` on a GPU. */
export const gpuSums = (gpu: Gpu): SumMachine => {
  const runner = gpuRunner(gpu)
  return {
    load: ({ count, layout, planes }) => {
      const { segments, width } = layout
      const weights = runner.upload(joined(planes), 'the weights')
      let from = 0
      const places = Uint32Array.from(
        segments.flatMap(({ eights }) => {
          const pairs = (eights * perVector) / 2
          from += pairs
          return [from - pairs, pairs]
        }),
      )
      const segmentPlaces = runner.upload(places, 'the segments')
      return {
        padded: count,
        multiply: (vectors, tokens) => {
          const x = runner.uploadForOne(joined(vectors))
          return {
            sums: (plane, ofRows) =>
              runner.run(
                {
                  kernel: sumKernel,
                  numbers: [width / 2, count, tokens, segments.length, plane, ofRows],
                  arrays: [x, weights, segmentPlaces],
                  workgroups: [Math.ceil(count / threads), tokens, segments.length],
                },
                tokens * segments.length * count,
              ),
          }
        },
      }
    },
    close: runner.close,
  }
}
