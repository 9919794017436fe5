import { UserError } from '../../base/user-error.ts'
import { randomWords } from '../../sim/stimulus.ts'
import type { Testbench } from '../../sim/testbench/index.ts'
import { responseCode } from './channels.ts'
import { axiLiteReader, netsUnder } from './nets.ts'

export type AxiResponse = keyof typeof responseCode
const responses = Object.keys(responseCode) as readonly AxiResponse[]

export interface AxiLiteMasterOptions {
  /** Part of the cycles in which each channel, on its own, waits though it could go on; 0 unless said. */
  readonly pause?: number
  /** Same seed, same pauses; 1 unless said. */
  readonly seed?: number
  /** Cycles after which an access without an answer is a UserError; 1000 unless said. */
  readonly limit?: number
}

/** Software on the other side of an AXI4-Lite port of 32 bits: what a driver does, an access after the other. */
export interface AxiLiteMaster {
  /** Steps the testbench until the write is answered. `strobe` has a bit for each byte, all of them unless said. */
  write(address: number | bigint, value: number, strobe?: number): AxiResponse
  /** Steps the testbench until the word is there, from 0 to 2^32 - 1. */
  read(address: number | bigint): { readonly value: number; readonly response: AxiResponse }
  /** Begins without waiting; the answers come to `answered`. */
  postWrite(address: number | bigint, value: number, strobe?: number): void
  postRead(address: number | bigint): void
  /** Answers of all accesses so far, writes and reads each in their order. */
  readonly answered: {
    readonly writes: readonly AxiResponse[]
    readonly reads: readonly { readonly value: number; readonly response: AxiResponse }[]
  }
}

type SteppedBench = Pick<Testbench<Record<never, never>, Record<never, never>>, 'engine' | 'attach'> & {
  step(): unknown
}

/** A master on the AXI4-Lite port `port` of the design (`s_axi`), an agent of its testbench. */
export const axiLiteMaster = (bench: SteppedBench, port: string, options: AxiLiteMasterOptions = {}): AxiLiteMaster => {
  const { pause = 0, seed = 1, limit = 1000 } = options
  if (!(pause >= 0 && pause < 1))
    throw new RangeError(`a master pauses in 0 to less than 1 of the cycles, got ${pause}; choose one of those`)
  const nets = netsUnder(bench.engine, port)
  const observe = axiLiteReader(nets)
  const random = randomWords(seed)
  const pausing = (): boolean => pause > 0 && random() < pause * 2 ** 32
  const addresses: bigint[] = []
  const data: { readonly value: number; readonly strobe: number }[] = []
  const targets: bigint[] = []
  const writes: AxiResponse[] = []
  const reads: { readonly value: number; readonly response: AxiResponse }[] = []
  const sent = { aw: 0, w: 0, ar: 0 }
  const offering = { aw: false, w: false, ar: false }
  const valid = { aw: nets.set('awvalid'), w: nets.set('wvalid'), ar: nets.set('arvalid') }
  const [awaddr, wdata, wstrb] = [nets.setBig('awaddr'), nets.set('wdata'), nets.set('wstrb')]
  const [araddr, bready, rready] = [nets.setBig('araddr'), nets.set('bready'), nets.set('rready')]
  /** Offers the next one of a channel where there is one and it does not pause. */
  const offer = (channel: 'aw' | 'w' | 'ar', waiting: readonly unknown[], set: () => void): void => {
    if (!offering[channel] && sent[channel] < waiting.length && !pausing()) {
      offering[channel] = true
      set()
    }
    valid[channel](offering[channel])
  }
  bench.attach({
    before() {
      // In the first cycle after reset no valid is high (A3.1.2).
      if (bench.engine.cycle === 0) return
      offer('aw', addresses, () => awaddr(addresses[sent.aw]!))
      offer('w', data, () => {
        wdata(data[sent.w]!.value)
        wstrb(data[sent.w]!.strobe)
      })
      offer('ar', targets, () => araddr(targets[sent.ar]!))
      bready(!pausing())
      rready(!pausing())
    },
    after() {
      const seen = observe()
      for (const channel of ['aw', 'w', 'ar'] as const)
        if (offering[channel] && seen[channel]!.ready) {
          offering[channel] = false
          sent[channel]++
        }
      if (seen.b?.beat && seen.b.ready) writes.push(responses[seen.b.beat.resp]!)
      if (seen.r?.beat && seen.r.ready)
        reads.push({
          value: new DataView(seen.r.beat.data.buffer).getUint32(0, true),
          response: responses[seen.r.beat.resp]!,
        })
    },
  })
  const until = <T>(answers: readonly T[], count: number, what: string): T => {
    for (let k = 0; k < limit && answers.length < count; k++) bench.step()
    const answer = answers[count - 1]
    if (answer === undefined)
      throw new UserError('E-AXI', `${what} on '${port}' had no answer in ${limit} cycles; look at its waves`, {
        exitCode: 1,
      })
    return answer
  }
  const postWrite = (address: number | bigint, value: number, strobe = 15): void => {
    addresses.push(BigInt(address))
    data.push({ value, strobe })
  }
  const postRead = (address: number | bigint): void => {
    targets.push(BigInt(address))
  }
  return {
    answered: { writes, reads },
    postWrite,
    postRead,
    write(address, value, strobe) {
      postWrite(address, value, strobe)
      return until(writes, addresses.length, `a write to 0x${address.toString(16)}`)
    },
    read(address) {
      postRead(address)
      return until(reads, targets.length, `a read of 0x${address.toString(16)}`)
    },
  }
}
