import type { ArraySize } from '../accel/output-stationary.ts'
import { defaultThreads } from '../accel/product-runner.ts'
import { UserError } from '../base/user-error.ts'
import { coprocessorMachine } from '../llm/arithmetic/coprocessor-machine.ts'
import { hardwareModel } from '../llm/arithmetic/hardware-model.ts'
import { rtlMachine } from '../llm/arithmetic/rtl-machine.ts'
import { usualQuantiserOf } from '../llm/arithmetic/usual-quantiser.ts'
import { generate } from '../llm/generate.ts'
import { linearLayersOf } from '../llm/model.ts'
import { openModel } from '../llm/open-model.ts'
import { matchesPattern } from '../llm/quantised/mixture.ts'
import { quantiserOf } from '../llm/quantised/quantisers.ts'
import type { Sampler } from '../llm/sample.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import { coprocessorEnergy } from '../perf/coprocessor-energy.ts'
import { usualDram } from '../perf/memory-energy.ts'
import { engineNamed } from '../sim/engines.ts'
import type { AcceleratorName } from './accelerator.ts'
import { columns, type Output } from './context.ts'
import { coprocessorText, energyText } from './coprocessor-text.ts'
import { energyPerMac } from './pe-energy.ts'
import { ownQuantiser } from './quantiser-from.ts'

export interface RunLayersRequest {
  readonly model: string
  readonly tokenizer?: string
  readonly array: ArraySize
  readonly engine: string
  readonly prompt: string
  readonly tokens: number
  readonly threads?: number
  /** Pattern of the names of layers that run on the RTL. */
  readonly layers: string
  /** The array with ideal memory, or the co-processor. */
  readonly accelerator: AcceleratorName
  /** Preset of the memory behind the co-processor's bus. */
  readonly dram?: string
}

/** Library whose cells the energy of PEs is counted in. */
const energyTarget = 'generic45'
/** Cycles from a read's address to its first beat, of the memory behind the co-processor (ours: DDR on an FPGA takes 30 to 60). */
const memoryLatency = 40

/**
 * A model's text with some linear layers on the simulated RTL of any PE, each result compared with the kernels of its arithmetic, in which all
 * other layers compute; exit code 1 where a result differs.
 */
export const runLayers = async (
  pe: ProcessingElement | TiledElement,
  request: RunLayersRequest,
  sampler: Sampler,
  output: Output,
): Promise<number> => {
  const { array, layers, prompt } = request
  const engine = engineNamed(request.engine)
  const usual = quantiserOf(usualQuantiserOf(pe))
  const threads = request.threads ?? defaultThreads()
  const coprocessor =
    request.accelerator === 'axi'
      ? coprocessorMachine(pe, { size: array, engine, latency: { least: memoryLatency, most: memoryLatency } })
      : undefined
  const machine = coprocessor ?? rtlMachine(pe, { size: array, engine, threads })
  try {
    const opened = await openModel(request.model, {
      progress: output.progress,
      ...(request.tokenizer === undefined ? {} : { tokenizer: request.tokenizer }),
    })
    const names = linearLayersOf(opened.model).map(({ name }) => name)
    if (!names.some((name) => matchesPattern(layers, name)))
      throw new UserError(
        'E-RUN-LAYERS',
        `the pattern ${layers.slice(0, 100)} matches no linear layer of the model; they are named ${names[0]} to ${names.at(-1)}`,
      )
    const quantiser = ownQuantiser(opened, undefined) ?? usual
    const quantised = await quantiser.prepare(opened.model, { progress: output.progress })
    const runs = (name: string): boolean => matchesPattern(layers, name)
    const hardware = hardwareModel(quantised, pe, { threads, rtl: { machine, runs } })
    try {
      output.progress.start(
        `${opened.model.name} on ${array.rows} x ${array.columns} ${pe.family}`,
        request.tokens,
        'tokens',
      )
      const started = performance.now()
      let done = 0
      const { text, promptTokens, newTokens } = await generate({
        model: hardware.run.model,
        tokenizer: opened.tokenizer,
        prompt,
        tokens: request.tokens,
        linear: hardware.run.linear,
        sampler,
        onToken: () => output.progress.update(++done),
      })
      output.progress.stop()
      const found = hardware.onRtl()
      const sum = (key: 'macs' | 'cycles' | 'compared' | 'mismatches'): number =>
        found.reduce((total, layer) => total + layer[key], 0)
      const totals = {
        macs: sum('macs'),
        cycles: sum('cycles'),
        compared: sum('compared'),
        mismatches: sum('mismatches'),
      }
      const energy = coprocessor
        ? coprocessorEnergy(
            coprocessor.core,
            { counters: coprocessor.counters, macs: totals.macs },
            await energyPerMac(pe, energyTarget, output.progress),
            request.dram ?? usualDram,
          )
        : undefined
      output.result({
        text,
        prompt_tokens: promptTokens.length,
        tokens: newTokens.length,
        pe: pe.spec,
        array,
        engine,
        ...totals,
        layers: found,
        ...(coprocessor
          ? { coprocessor: { ...coprocessor.counters, utilisation: utilisationOf(pe, array, totals) } }
          : {}),
        ...(energy ? { energy } : {}),
        seconds: (performance.now() - started) / 1000,
        provenance: {
          weights: quantiser.weights,
          quantiser: quantiser.spec,
          cycles: coprocessor
            ? `simulated clock cycles of a co-processor with a ${array.rows} x ${array.columns} array, of the layers that ${layers} matches, from start to interrupt; memory behind its AXI4 bus answers after ${memoryLatency} cycles, then with a beat a cycle`
            : `simulated clock cycles of one ${array.rows} x ${array.columns} array, of the layers that ${layers} matches; memory is ideal`,
          other_layers: 'in the arithmetic of the PE, by kernels',
          comparison: 'every result of the array with that of the kernels, bit for bit',
        },
      })
      output.print(text)
      output.print(
        columns([
          ['layer', 'cycles', 'compared', 'mismatches'],
          ...[...found, { name: 'all', ...totals }].map(({ name, cycles, compared, mismatches }) => [
            name,
            ...[cycles, compared, mismatches].map((count) => count.toLocaleString('en-US')),
          ]),
        ]),
      )
      if (coprocessor) output.print(coprocessorText(coprocessor.counters, utilisationOf(pe, array, totals)))
      if (energy) output.print(energyText(energy))
      const first = hardware.firstMismatch()
      if (first !== undefined) output.print(first)
      return totals.mismatches === 0 ? 0 : 1
    } finally {
      hardware.close()
    }
  } finally {
    output.progress.stop()
    await machine.close()
  }
}

/** Multiply-accumulates done over those that the array could have done in all cycles. */
const utilisationOf = (
  { timing }: ProcessingElement | TiledElement,
  { rows, columns }: ArraySize,
  { macs, cycles }: { readonly macs: number; readonly cycles: number },
): number => (cycles === 0 ? 0 : macs / (cycles * rows * columns * timing.macs_per_cycle))
