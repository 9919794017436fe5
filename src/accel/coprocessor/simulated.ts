import type { CheckFailure, Engine } from '../../sim/engine.ts'
import { testbench } from '../../sim/testbench/index.ts'
import { axiLiteMaster } from '../axi/lite-master.ts'
import { type AxiMemory, type AxiMemoryOptions, axiMemory, type MemoryRegion } from '../axi/memory.ts'
import type { Violation } from '../axi/rules.ts'
import { watchAxi, watchAxiLite } from '../axi/watch.ts'
import { type CoprocessorOptions, coprocessor } from './coprocessor.ts'
import { type CoreDescription, coreDescription } from './description.ts'
import { type CoprocessorDriver, coprocessorDriver, type RegisterBus } from './driver.ts'

/** A simulated co-processor with a driver on its registers and a memory behind its bus master. */
export interface SimulatedCoprocessor {
  readonly core: CoreDescription
  readonly engine: Engine
  readonly driver: CoprocessorDriver
  /** The bus below the driver. */
  readonly registers: RegisterBus
  readonly memory: AxiMemory
  /** What memory holds from now on; nothing may be under way. */
  place(regions: readonly MemoryRegion[]): void
  /** Runs cycles until the interrupt or, where there is none, `most` of them. */
  untilInterrupt(most: number): void
  /** Runs this many cycles. */
  step(cycles: number): void
  /** The level of the interrupt in the last cycle. */
  readonly interrupt: boolean
  /** Resets the co-processor and what is beside it, as one reset of a chip does, and opens the driver again. */
  reset(): void
  /** What broke rules of AXI, on either port, and promises of the design itself. */
  readonly broken: { readonly bus: readonly Violation[]; readonly design: readonly CheckFailure[] }
}

export interface SimulationOptions extends Omit<AxiMemoryOptions, 'regions'> {
  /** Looks for broken rules of AXI in every cycle; true unless said. */
  readonly watch?: boolean
  /** Part of the cycles in which software's bus pauses; 0 unless said. */
  readonly registerPause?: number
}

/** Opens a co-processor on an engine that is opened on its module. */
export const simulatedCoprocessor = (
  options: CoprocessorOptions,
  open: (module: ReturnType<typeof coprocessor>['module']) => Engine,
  { watch = true, registerPause = 0, ...memoryOptions }: SimulationOptions = {},
): SimulatedCoprocessor => {
  const top = coprocessor(options)
  const core = coreDescription(options)
  const engine = open(top.module)
  const bench = testbench(top, engine)
  const seed = memoryOptions.seed ?? 1
  const bus = axiLiteMaster(bench, 's_axi', { pause: registerPause, seed: seed + 1 })
  const regions: MemoryRegion[] = []
  const memory = axiMemory(bench, 'm_axi', { ...memoryOptions, regions })
  const checkers = watch ? [watchAxi(bench, 'm_axi'), watchAxiLite(bench, 's_axi')] : []
  let interrupt = false
  const step = (): void => {
    interrupt = bench.step().irq
  }
  step()
  const openDriver = (): CoprocessorDriver => coprocessorDriver(core, bus)
  let driver = openDriver()
  return {
    core,
    engine,
    memory,
    registers: bus,
    get driver() {
      return driver
    },
    place(placed) {
      regions.splice(0, regions.length, ...placed)
    },
    untilInterrupt(most) {
      for (let cycle = 0; cycle < most; cycle++) {
        step()
        if (interrupt) return
      }
    },
    step(cycles) {
      for (let cycle = 0; cycle < cycles; cycle++) step()
    },
    get interrupt() {
      return interrupt
    },
    reset() {
      bench.reset()
      step()
      driver = openDriver()
    },
    get broken() {
      return {
        bus: checkers.flatMap(({ violations }) => violations),
        design: engine.failures,
      }
    },
  }
}
