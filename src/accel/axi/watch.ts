import type { Testbench } from '../../sim/testbench/index.ts'
import { type AxiChecker, axiChecker } from './checker.ts'
import { axiLiteReader, axiReader, netsUnder, streamPortReader } from './nets.ts'
import { type AxiStreamChecker, axiStreamChecker } from './stream-checker.ts'

/** What agents need of a testbench, whatever its component. */
export type Bench = Pick<Testbench<Record<never, never>, Record<never, never>>, 'engine' | 'attach'>

/** A checker on the AXI4 port `port` of the design (`m_axi`), of both directions or one, in every cycle from the next one on. */
export const watchAxi = (bench: Bench, port: string): AxiChecker => {
  const nets = netsUnder(bench.engine, port)
  const busBits = 8 * nets.width(nets.has('wdata') ? 'wdata' : 'rdata')
  return attached(bench, axiChecker({ busBits }), axiReader(nets))
}

/** A checker on an AXI4-Lite port. */
export const watchAxiLite = (bench: Bench, port: string): AxiChecker => {
  const nets = netsUnder(bench.engine, port)
  return attached(bench, axiChecker({ busBits: 8 * nets.width('wdata'), lite: true }), axiLiteReader(nets))
}

/** A checker on an AXI4-Stream port of either side. */
export const watchAxiStream = (bench: Bench, port: string): AxiStreamChecker =>
  attached(bench, axiStreamChecker(), streamPortReader(netsUnder(bench.engine, port)))

const attached = <Cycle, Checker extends { see(cycle: number, nets: Cycle): void; reset(): void }>(
  bench: Bench,
  checker: Checker,
  read: () => Cycle,
): Checker => {
  bench.attach({
    before() {},
    after: (cycle) => checker.see(cycle, read()),
    reset: () => checker.reset(),
  })
  return checker
}
