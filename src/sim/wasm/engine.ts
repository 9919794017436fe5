import type { Module } from '../../dsl/ir.ts'
import { type CheckFailure, type Engine, portLayout, rowsOf } from '../engine.ts'
import { flatten } from '../flatten.ts'
import { type EngineOptions, keptFailures } from '../interpret.ts'
import { javascriptEngine } from '../javascript/engine.ts'
import { bodyOf } from '../vector/body.ts'
import { type PlanOptions, plan } from '../vector/plan.ts'
import { unsupported } from '../vector/supported.ts'
import { watchedNodes } from '../vector/watched.ts'
import { layOut, type Watch } from '../watch.ts'
import { explainer } from './explain.ts'
import { type Failed, type Instance, instantiate } from './instance.ts'
import { withoutSimd } from './web-assembly.ts'

/**
 * The design as a vector program in WebAssembly SIMD: what is there many times is computed many lanes at a time. Designs that
 * have no vector program run on the JavaScript engine, which then says why in `fallback`.
 */
export const wasmEngine = (module: Module, { checks = true }: EngineOptions = {}): Engine => {
  const reason = withoutSimd() ?? unsupported(module)
  if (reason !== undefined) return Object.assign(javascriptEngine(module, { checks }), { fallback: reason })

  const ports = portLayout(module)
  const failures: CheckFailure[] = []
  let failedChecks = 0
  let cycle = 0
  const explain = explainer(module, ports)
  const failed: Failed = (within, check, moment) => {
    if (++failedChecks <= keptFailures) failures.push(explain(cycle + within, check, moment))
  }
  /**
   * Checks are only noticed, until one may have failed: from that cycle on, they are looked at one by one. A design in which
   * one has failed is not one to run fast.
   */
  let planChecks: PlanOptions['checks'] = checks && 'stopping'
  const opened = (): Instance => {
    const body = bodyOf(module, watched.length > 0)
    return instantiate(plan(body, ports, { checks: planChecks, watched: watchedNodes(body, watched) }), ports, failed)
  }
  let watched: Parameters<typeof watchedNodes>[1] = []
  let instance = opened()
  instance.reset()
  const replace = (): void => {
    const next = opened()
    next.takeOver(instance)
    instance = next
  }
  const inputs = new Int32Array(ports.inputWords)
  const outputs = new Int32Array(ports.outputWords)
  const watches: Watch[] = []
  const watchedPaths: string[] = []

  const go = (source: Int32Array, rows: number, cycles: number, response?: Int32Array): void => {
    for (let done = 0; done < cycles; ) {
      const count = Math.min(instance.rows, cycles - done)
      if (rows === 1) instance.fill(source, 0, 0, 1)
      else
        for (let k = 0; k < count; ) {
          const row = (done + k) % rows
          const length = Math.min(rows - row, count - k)
          instance.fill(source, row, k, length)
          k += length
        }
      const ran = instance.run(count, rows > 1, response !== undefined)
      if (response) response.set(instance.outputs(ran), done * ports.outputWords)
      cycle += ran
      done += ran
      if (ran < count) {
        planChecks = true
        replace()
      } else if (done === cycles) outputs.set(instance.outputs(response ? count : 1).subarray(-ports.outputWords))
    }
    for (const { words, from } of watches.map(({ words }, k) => ({ words, from: starts[k]! })))
      words.set(instance.watched(from, words.length))
  }
  const starts: number[] = []

  return {
    name: 'wasm',
    ports,
    inputs,
    outputs,
    step: (cycles = 1) => go(inputs, 1, cycles),
    replay: (stimulus, cycles, response) => go(stimulus, rowsOf(ports, stimulus), cycles, response),
    reset: () => instance.reset(),
    register: (path) => instance.register(path),
    watch(paths) {
      const flat = flatten(module, [...watchedPaths, ...paths])
      const watch = layOut(flat.watched.slice(watchedPaths.length))
      const from = watches.reduce((sum, { words }) => sum + words.length, 0)
      watched = [...watches, watch].flatMap(({ writes }, k) =>
        writes.map(({ port }) => ({ path: port.name, words: port.words, offset: port.offset + (starts[k] ?? from) })),
      )
      replace()
      watches.push(watch)
      starts.push(from)
      watchedPaths.push(...paths)
      return watch
    },
    failures,
    get failedChecks() {
      return failedChecks
    },
    get cycle() {
      return cycle
    },
    inside: {
      module,
      register: (path) => instance.register(path),
      setRegister: (path, value) => instance.setRegister(path, value),
      memory: (path) => instance.memory(path),
      setMemory: (path, words) => instance.setMemory(path, words),
      boxes: () => [],
      setBoxes() {},
      resume(toCycle, failed, known) {
        cycle = toCycle
        failedChecks = failed
        failures.splice(0, failures.length, ...known)
      },
    },
    close() {},
  }
}
