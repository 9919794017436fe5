import type { Architecture } from '../architecture.ts'

/**
 * WGSL of a model's forward pass. All tensors are float32 but weights, which are read in fours, rows padded to fours (`upload.ts`).
 * Kernels have binding 0 for their numbers, all uint32, and one binding for each array behind it.
 */

/** How weights lie in their buffer. */
export type GpuKind = 'float32' | 'float16' | 'bfloat16' | 'q8' | 'q4' | 'int8' | 'uint8'

/** Threads of a workgroup where one reduces a row. */
const threads = 64
/** Threads of a workgroup where each has an element of its own. */
export const elementThreads = 256
/** Rows of a matrix that a workgroup multiplies with one token. */
export const vectorRows = 4
/** Rows and tokens that a workgroup of the tiled product makes. */
export const tileSize = 32
/** Most workgroups along x; those beyond go along z. */
export const mostAlongX = 32_768

const numbers = (...names: readonly string[]): string => `
struct Numbers { ${names.map((name) => `${name}: u32`).join(', ')} }
@group(0) @binding(0) var<uniform> n: Numbers;
`

/** Arrays at bindings 1, 2, ...: name, element type, and whether they are written. */
const arrays = (...entries: readonly (readonly [name: string, type: string, written?: 'written'])[]): string =>
  entries
    .map(
      ([name, type, written], at) =>
        `@group(0) @binding(${at + 1}) var<storage, ${written ? 'read_write' : 'read'}> ${name}: array<${type}>;`,
    )
    .join('\n')

const elementType: Readonly<Record<GpuKind, string>> = {
  float32: 'vec4<f32>',
  float16: 'vec2<u32>',
  bfloat16: 'vec2<u32>',
  q8: 'u32',
  q4: 'u32',
  int8: 'u32',
  uint8: 'u32',
}

const signedBytes =
  'vec4<f32>(vec4<i32>(i32(v << 24u) >> 24u, i32(v << 16u) >> 24u, i32(v << 8u) >> 24u, i32(v) >> 24u))'
const bytes = 'vec4<f32>(vec4<u32>(v & 255u, (v >> 8u) & 255u, (v >> 16u) & 255u, v >> 24u))'

/** Four weights, the `at`-th four of the padded matrix. */
const readFour: Readonly<Record<GpuKind, string>> = {
  float32: 'return w[at];',
  float16: 'let v = w[at]; return vec4<f32>(unpack2x16float(v.x), unpack2x16float(v.y));',
  bfloat16:
    'let v = w[at]; return bitcast<vec4<f32>>(vec4<u32>(v.x << 16u, v.x & 0xffff0000u, v.y << 16u, v.y & 0xffff0000u));',
  q8: `let v = w[at]; return scales[at / 8u] * ${signedBytes};`,
  q4: `let v = w[at / 2u] >> (16u * (at & 1u));
    return scales[at / 8u] * (vec4<f32>(vec4<u32>(v & 15u, (v >> 4u) & 15u, (v >> 8u) & 15u, (v >> 12u) & 15u)) - 8.0);`,
  int8: `let v = w[at]; return scales[at / n.group4] * (${signedBytes} - f32(bitcast<i32>(n.zero)));`,
  uint8: `let v = w[at]; return scales[at / n.group4] * (${bytes} - f32(bitcast<i32>(n.zero)));`,
}

const hasScales = (kind: GpuKind): boolean => !['float32', 'float16', 'bfloat16'].includes(kind)

/** What both products share: arrays x, y, w and, where there are some, bias and scales. */
const linearHead = (kind: GpuKind, bias: boolean): string => `
${numbers('outputs', 'inputs', 'fours', 'tokens', 'offset', 'accumulate', 'group4', 'zero')}
${arrays(
  ['x', 'f32'],
  ['y', 'f32', 'written'],
  ['w', elementType[kind]],
  ...(bias ? [['bias', 'f32'] as const] : []),
  ...(hasScales(kind) ? [['scales', 'f32'] as const] : []),
)}
fn weights4(row: u32, k4: u32) -> vec4<f32> { let at = row * n.fours + k4; ${readFour[kind]} }
// Behind the end of a row weights are not zero where codes have a zero point; activations are.
fn x4(token: u32, k4: u32) -> vec4<f32> {
  let k = 4u * k4;
  let at = token * n.inputs + k;
  if (k + 3u < n.inputs) { return vec4<f32>(x[at], x[at + 1u], x[at + 2u], x[at + 3u]); }
  var v = vec4<f32>();
  for (var i = 0u; i < 4u; i++) { if (k + i < n.inputs) { v[i] = x[at + i]; } }
  return v;
}
fn put(token: u32, row: u32, value: f32) {
  let at = n.offset + token * n.outputs + row;
  var result = value${bias ? ' + bias[row]' : ''};
  if (n.accumulate == 1u) { result += y[at]; }
  y[at] = result;
}
`

/** A matrix times one token: a workgroup takes four rows, its threads go through them in fours of weights. */
export const vectorProduct = (kind: GpuKind, bias: boolean): string => `
${linearHead(kind, bias)}
var<workgroup> part: array<vec4<f32>, ${threads}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = ${vectorRows}u * (group.x + ${mostAlongX}u * group.z);
  let token = group.y;
  let last = n.outputs - 1u;
  let rows = min(vec4<u32>(row, row + 1u, row + 2u, row + 3u), vec4<u32>(last));
  var sum = vec4<f32>();
  for (var k = lane; k < n.fours; k += ${threads}u) {
    let v = x4(token, k);
    sum += vec4<f32>(
      dot(weights4(rows.x, k), v), dot(weights4(rows.y, k), v), dot(weights4(rows.z, k), v), dot(weights4(rows.w, k), v));
  }
  part[lane] = sum;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    if (lane < half) { part[lane] += part[lane + half]; }
    workgroupBarrier();
  }
  if (lane < 4u && row + lane < n.outputs) { put(token, row + lane, part[0][lane]); }
}
`

/** A matrix times many tokens in tiles of 32 x 32: 8 x 8 threads, each with 4 x 4 sums, 16 columns at a time in shared memory. */
export const tiledProduct = (kind: GpuKind, bias: boolean): string => `
${linearHead(kind, bias)}
var<workgroup> ws: array<vec4<f32>, ${4 * tileSize}>;
var<workgroup> xs: array<vec4<f32>, ${4 * tileSize}>;
@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row0 = ${tileSize}u * (group.x + ${mostAlongX}u * group.z);
  let token0 = ${tileSize}u * group.y;
  var sums: array<vec4<f32>, 4>;
  for (var k0 = 0u; k0 < n.fours; k0 += 4u) {
    for (var entry = lane; entry < ${4 * tileSize}u; entry += 64u) {
      let k = k0 + entry % 4u;
      let row = row0 + entry / 4u;
      let token = token0 + entry / 4u;
      ws[entry] = vec4<f32>();
      xs[entry] = vec4<f32>();
      if (k < n.fours && row < n.outputs) { ws[entry] = weights4(row, k); }
      if (k < n.fours && token < n.tokens) { xs[entry] = x4(token, k); }
    }
    workgroupBarrier();
    for (var k = 0u; k < 4u; k++) {
      let t = 16u * local.y + k;
      let a = xs[t]; let b = xs[t + 4u]; let c = xs[t + 8u]; let d = xs[t + 12u];
      for (var r = 0u; r < 4u; r++) {
        let v = ws[4u * (4u * local.x + r) + k];
        sums[r] += vec4<f32>(dot(v, a), dot(v, b), dot(v, c), dot(v, d));
      }
    }
    workgroupBarrier();
  }
  for (var r = 0u; r < 4u; r++) {
    for (var t = 0u; t < 4u; t++) {
      let row = row0 + 4u * local.x + r;
      let token = token0 + 4u * local.y + t;
      if (row < n.outputs && token < n.tokens) { put(token, row, sums[r][t]); }
    }
  }
}
`

/** Sums a value of each thread; all threads get the sum. */
const reduction = `
var<workgroup> part: array<f32, ${threads}>;
fn total(lane: u32, value: f32) -> f32 {
  part[lane] = value;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    if (lane < half) { part[lane] += part[lane + half]; }
    workgroupBarrier();
  }
  let sum = part[0];
  workgroupBarrier();
  return sum;
}
`

/** RMSNorm or LayerNorm of rows: a workgroup each. */
export const normKernel = ({ norm, normEpsilon }: Architecture): string => `
${numbers('width', 'first')}
${arrays(['x', 'f32'], ['y', 'f32', 'written'], ['weight', 'f32'], ...(norm === 'layer' ? [['bias', 'f32'] as const] : []))}
${reduction}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let source = (n.first + group.x) * n.width;
  let result = group.x * n.width;
  var sum = 0.0;
  ${norm === 'layer' ? `for (var i = lane; i < n.width; i += ${threads}u) { sum += x[source + i]; }` : ''}
  let mean = ${norm === 'layer' ? 'total(lane, sum) / f32(n.width)' : '0.0'};
  var squares = 0.0;
  for (var i = lane; i < n.width; i += ${threads}u) { let v = x[source + i] - mean; squares += v * v; }
  let scale = inverseSqrt(total(lane, squares) / f32(n.width) + ${normEpsilon.toExponential()});
  for (var i = lane; i < n.width; i += ${threads}u) {
    y[result + i] = weight[i] * (scale * (x[source + i] - mean))${norm === 'layer' ? ' + bias[i]' : ''};
  }
}
`

/** Rotary positions in place: a thread for each pair of each head of each token. */
export const rotaryKernel = (pairs: 'neighbours' | 'halves'): string => `
${numbers('rows', 'heads', 'headSize', 'pairs', 'position', 'offset')}
${arrays(['x', 'f32', 'written'], ['cosine', 'f32'], ['sine', 'f32'])}
@compute @workgroup_size(${elementThreads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let index = ${elementThreads}u * (group.x + ${mostAlongX}u * group.z) + lane;
  if (index >= n.rows * n.heads * n.pairs) { return; }
  let pair = index % n.pairs;
  let head = (index / n.pairs) % n.heads;
  let row = index / (n.pairs * n.heads);
  let at = n.offset + (row * n.heads + head) * n.headSize + ${pairs === 'neighbours' ? '2u * pair' : 'pair'};
  let other = at + ${pairs === 'neighbours' ? '1u' : 'n.pairs'};
  let table = (n.position + row) * n.pairs + pair;
  let a = x[at];
  let b = x[other];
  x[at] = a * cosine[table] - b * sine[table];
  x[other] = a * sine[table] + b * cosine[table];
}
`

/**
 * Causal attention: a workgroup for each head of each token goes through the past in blocks, and scales what it has whenever a larger
 * score comes (Milakov and Gimelshein 2018).
 */
export const attentionKernel = (headSize: number): string => `
${numbers('position', 'heads', 'keyValueHeads')}
${arrays(['query', 'f32'], ['keys', 'f32'], ['values', 'f32'], ['y', 'f32', 'written'])}
const size = ${headSize}u;
const perThread = ${Math.ceil(headSize / threads)}u;
var<workgroup> q: array<f32, size>;
var<workgroup> score: array<f32, ${threads}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let head = group.x;
  let row = group.y;
  let width = n.keyValueHeads * size;
  let shared_head = (head * n.keyValueHeads) / n.heads;
  let at = (row * n.heads + head) * size;
  for (var i = lane; i < size; i += ${threads}u) { q[i] = query[at + i]; }
  workgroupBarrier();
  let seen = n.position + row + 1u;
  var largest = -3.0e38;
  var total = 0.0;
  var mixed: array<f32, perThread>;
  for (var base = 0u; base < seen; base += ${threads}u) {
    let past = base + lane;
    var s = -3.0e38;
    if (past < seen) {
      var dotted = 0.0;
      let key = past * width + shared_head * size;
      for (var i = 0u; i < size; i++) { dotted += q[i] * keys[key + i]; }
      s = dotted * ${1 / Math.sqrt(headSize)};
    }
    score[lane] = s;
    workgroupBarrier();
    var new_largest = largest;
    for (var j = 0u; j < ${threads}u; j++) { new_largest = max(new_largest, score[j]); }
    workgroupBarrier();
    score[lane] = select(0.0, exp(s - new_largest), past < seen);
    workgroupBarrier();
    let rescale = exp(largest - new_largest);
    let count = min(${threads}u, seen - base);
    total *= rescale;
    for (var j = 0u; j < count; j++) { total += score[j]; }
    for (var part = 0u; part < perThread; part++) {
      let i = lane + ${threads}u * part;
      if (i < size) {
        var sum = mixed[part] * rescale;
        for (var j = 0u; j < count; j++) { sum += score[j] * values[(base + j) * width + shared_head * size + i]; }
        mixed[part] = sum;
      }
    }
    largest = new_largest;
    workgroupBarrier();
  }
  for (var part = 0u; part < perThread; part++) {
    let i = lane + ${threads}u * part;
    if (i < size) { y[at + i] = mixed[part] / total; }
  }
}
`

/** What stands between the two linear layers of a feed-forward block, in place; `up` only where it is gated. */
export const activationKernel = (feedForward: Architecture['feedForward']): string => {
  const gated = feedForward === 'gated-silu'
  // tanh of large numbers is not a number on some devices.
  const value = {
    'gated-silu': 'v / (1.0 + exp(-v)) * up[index]',
    relu: 'max(v, 0.0)',
    'gelu-tanh': `0.5 * v * (1.0 + tanh(clamp(${Math.sqrt(2 / Math.PI)} * (v + 0.044715 * v * v * v), -15.0, 15.0)))`,
  }[feedForward]
  return `
${numbers('count')}
${arrays(['x', 'f32', 'written'], ...(gated ? [['up', 'f32'] as const] : []))}
@compute @workgroup_size(${elementThreads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let index = ${elementThreads}u * (group.x + ${mostAlongX}u * group.z) + lane;
  if (index >= n.count) { return; }
  let v = x[index];
  x[index] = ${value};
}
`
}
