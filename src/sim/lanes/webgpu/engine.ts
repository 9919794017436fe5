import { UserError } from '../../../base/user-error.ts'
import type { Module } from '../../../dsl/ir.ts'
import { portLayout } from '../../engine.ts'
import { flatten } from '../../flatten.ts'
import { strip } from '../../vector/lane-type.ts'
import { checkLane, checkResponse, type LaneEngine, type LaneFailure, laneRowCount } from '../engine.ts'
import { computeStage, type GpuBuffer, type GpuDevice, mapRead, openGpu, usage } from './gpu.ts'
import { bindings, shaderOf, workgroup } from './shader.ts'

/** Words of a stimulus or a response that are on the device at a time. */
const wordsAtOnce = 2 ** 24
/** Cycles of one dispatch: what takes too long is ended by systems that draw with the same processor. */
const mostCycles = 1024
/** Values of a flat design; a compiler takes minutes for more. */
const mostValues = 20_000

/**
 * Lanes on a graphics processor, an invocation each. A UserError where no adapter opens, and for black boxes, large designs and
 * more lanes than fit.
 */
export const webgpuLanes = async (module: Module, lanes: number, checks: boolean): Promise<LaneEngine> => {
  const ports = portLayout(module)
  const flat = flatten(module)
  const refused = (why: string): UserError =>
    new UserError('E-WEBGPU-DESIGN', `'${module.name}' does not run on webgpu: ${why}; take the engine 'wasm'`)
  if (flat.boxes.length > 0) throw refused(`'${flat.boxes[0]!.of.name}' is a black box`)
  if (flat.values.length > mostValues)
    throw refused(`it has ${flat.values.length} values, and compilers take ${mostValues} at most`)
  const shader = shaderOf(flat, ports, checks)
  const { device, adapter } = await openGpu()
  const strips = Math.ceil(lanes / strip)
  const pitch = strips * strip
  const fits = (words: number): number => {
    const most = Math.min(device.limits.maxStorageBufferBindingSize!, device.limits.maxBufferSize!)
    if (4 * words <= most) return Math.max(16, 4 * words)
    throw new UserError(
      'E-LANES',
      `${lanes} lanes need a buffer of ${4 * words} bytes, and the adapter has ${most}; take fewer lanes`,
    )
  }
  const storage = (words: number): GpuBuffer =>
    device.createBuffer({ size: fits(words), usage: usage.storage | usage.copySource | usage.copyTarget })
  const rowIn = ports.inputWords * pitch
  const rowOut = ports.outputWords * pitch
  const block = Math.max(1, Math.min(mostCycles, Math.floor(wordsAtOnce / Math.max(1, rowIn, rowOut))))
  const buffers: Record<(typeof bindings)[number], GpuBuffer> = {
    run: device.createBuffer({ size: 32, usage: usage.uniform | usage.copyTarget }),
    state: storage(shader.stateWords * pitch),
    memory: storage(shader.memoryWords.length * pitch),
    stimulus: storage(block * rowIn),
    response: storage(block * rowOut),
    failed: storage(2 * pitch),
  }
  const layout = device.createBindGroupLayout({
    entries: bindings.map((name, binding) => ({
      binding,
      visibility: computeStage,
      buffer: { type: name === 'run' ? 'uniform' : name === 'stimulus' ? 'read-only-storage' : 'storage' },
    })),
  })
  const pipeline = await device.createComputePipelineAsync({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code: shader.text }), entryPoint: 'main' },
  })
  const group = device.createBindGroup({
    layout,
    entries: bindings.map((name, binding) => ({ binding, resource: { buffer: buffers[name] } })),
  })

  /** Each of one lane's words, once a lane. */
  const everyLane = (words: readonly number[]): Uint32Array<ArrayBuffer> => {
    const all = new Uint32Array(words.length * pitch)
    words.forEach((word, k) => {
      all.fill(word, k * pitch, (k + 1) * pitch)
    })
    return all
  }
  const resetState = everyLane(shader.resetWords)
  device.queue.writeBuffer(buffers.state, 0, resetState)
  device.queue.writeBuffer(buffers.memory, 0, everyLane(shader.memoryWords))

  let cycle = 0
  let failures: readonly LaneFailure[] = []

  /** Rows of a stimulus, from row `from` on, of every strip. */
  const upload = (stimulus: Int32Array, rows: number, from: number, count: number): void => {
    const width = ports.inputWords * strip
    const part = new Int32Array(strips * count * width)
    for (let k = 0; k < strips; k++)
      for (let row = 0; row < count; ) {
        const at = (from + row) % rows
        const length = Math.min(rows - at, count - row)
        const start = (k * rows + at) * width
        part.set(stimulus.subarray(start, start + length * width), (k * count + row) * width)
        row += length
      }
    device.queue.writeBuffer(buffers.stimulus, 0, part)
  }

  return {
    name: 'webgpu',
    adapter,
    ports,
    lanes,
    async replay(stimulus, cycles, response) {
      const rows = laneRowCount(ports, lanes, stimulus)
      checkResponse(ports, lanes, cycles, response)
      // Rows that fit are sent once and repeat on the device.
      const whole = rows <= block
      if (whole) upload(stimulus, rows, 0, rows)
      for (let done = 0; done < cycles; ) {
        const count = Math.min(block, cycles - done)
        if (!whole) upload(stimulus, rows, done % rows, count)
        const first = whole ? done % rows : 0
        const settings = [pitch, count, whole ? rows : count, first, cycle, response ? 1 : 0, count, 0]
        device.queue.writeBuffer(buffers.run, 0, Uint32Array.from(settings))
        const encoder = device.createCommandEncoder()
        const pass = encoder.beginComputePass()
        pass.setPipeline(pipeline)
        pass.setBindGroup(0, group)
        pass.dispatchWorkgroups(Math.ceil(pitch / workgroup))
        pass.end()
        device.queue.submit([encoder.finish()])
        if (response) {
          const answer = await read(device, buffers.response, 0, count * rowOut)
          const width = count * ports.outputWords * strip
          for (let k = 0; k < strips; k++)
            response.set(answer.subarray(k * width, (k + 1) * width), (k * cycles + done) * ports.outputWords * strip)
        }
        cycle += count
        done += count
      }
      const failed = await read(device, buffers.failed, 0, 2 * pitch)
      failures = Array.from({ length: lanes }, (_, lane) => lane).flatMap((lane) =>
        failed[lane] === 0
          ? []
          : [{ lane, cycle: failed[pitch + lane]! >>> 0, message: shader.checks[failed[lane]! - 1]! }],
      )
    },
    async reset() {
      device.queue.writeBuffer(buffers.state, 0, resetState)
    },
    async register(path, lane) {
      checkLane(lanes, lane)
      const found = shader.registers.get(path)
      if (!found) return undefined
      let value = 0n
      for (let k = 0; k < found.words; k++) {
        const [word] = await read(device, buffers.state, (found.slot + k) * pitch + lane, 1)
        value |= BigInt(word! >>> 0) << BigInt(32 * k)
      }
      return found.signed ? BigInt.asIntN(32 * found.words, value) : value
    },
    get failures() {
      return failures
    },
    get cycle() {
      return cycle
    },
    async close() {
      device.destroy()
    },
  }
}

/** Words of a buffer, once all that was submitted is done. */
const read = async (device: GpuDevice, from: GpuBuffer, first: number, words: number): Promise<Int32Array> => {
  const staging = device.createBuffer({ size: Math.max(4, 4 * words), usage: usage.mapRead | usage.copyTarget })
  const encoder = device.createCommandEncoder()
  if (words > 0) encoder.copyBufferToBuffer(from, 4 * first, staging, 0, 4 * words)
  device.queue.submit([encoder.finish()])
  await staging.mapAsync(mapRead)
  const result = new Int32Array(staging.getMappedRange().slice(0), 0, words)
  staging.unmap()
  staging.destroy()
  return result
}
