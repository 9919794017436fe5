import { UserError } from '../../base/user-error.ts'
import { fieldsOf, maskOf, type PlacedField, type RegisterMap } from '../axi/register-map.ts'
import type { CoreDescription } from './description.ts'
import { type ProductSize, productLayout } from './layout.ts'
import {
  addressNames,
  type CounterName,
  configurationOf,
  coprocessorId,
  coprocessorMap,
  coprocessorVersion,
  counterRegisters,
  dimensionNames,
} from './registers.ts'
import { runError } from './run-command.ts'

/** What reaches the registers, an access after the other; a simulated bus (`axiLiteMaster`), or any other. */
export interface RegisterBus {
  write(address: number, value: number): string
  read(address: number): { readonly value: number; readonly response: string }
}

/** Addresses of a product's matrices, whole beats. */
export type MatrixPlaces = Readonly<Record<(typeof addressNames)[number], number | bigint>>

export type RunErrorName = (typeof runError.names)[number]
export type RunCounters = Readonly<Record<CounterName, number>>

/** How a run ended. What the results hold where `error` is not 'none' is not defined. */
export interface RunReport {
  readonly error: RunErrorName
  readonly counters: RunCounters
}

export interface CoprocessorStatus {
  readonly busy: boolean
  readonly done: boolean
  readonly error: boolean
  /** Of the last run that ended. */
  readonly code: RunErrorName
}

/** The co-processor as software sees it. Every access that the bus answers with an error is a UserError. */
export interface CoprocessorDriver {
  /** Writes dimensions, mode and addresses, and starts. A UserError where a run is under way. */
  start(product: ProductSize, at: MatrixPlaces): void
  status(): CoprocessorStatus
  /** Ends the run under way early; it is over when `done` is. */
  abort(): void
  /** Whether `irq` follows `done`, and `error`. */
  interrupts(on: { readonly done: boolean; readonly error: boolean }): void
  /** Clears `done` and `error`, and says how the last run ended. */
  report(): RunReport
  /**
   * Starts, waits until it is done, and reports. `wait` is called between looks at the status, for whoever has something better to
   * do. A UserError after `looks` of them, 1,000,000 unless said.
   */
  run(
    product: ProductSize,
    at: MatrixPlaces,
    options?: { readonly wait?: () => void; readonly looks?: number },
  ): RunReport
}

/** A driver of the co-processor of this description; a UserError where the bus leads to another one, or to none. */
export const coprocessorDriver = (core: CoreDescription, bus: RegisterBus): CoprocessorDriver => {
  const map = coprocessorMap(core)
  const offsets = new Map(map.registers.map(({ name, offset }) => [name, offset]))
  const fields = new Map(fieldsOf(map).map((field) => [field.path, field]))
  const offset = (register: string): number => offsets.get(register)!
  const answered = (what: string, response: string): void => {
    if (response === 'okay') return
    throw new UserError(
      'E-COPROCESSOR',
      `${what} was answered with ${response.toUpperCase()}; write what describes a run only while none is under way`,
      { exitCode: 1 },
    )
  }
  const write = (register: string, value: number): void =>
    answered(`a write of ${value} to '${register}'`, bus.write(offset(register), value >>> 0))
  const read = (register: string): number => {
    const { value, response } = bus.read(offset(register))
    answered(`a read of '${register}'`, response)
    return value
  }
  const part = (word: number, path: string): number => fieldIn(fields.get(path)!, word)
  const bit = (path: string): number => maskOf(fields.get(path)!)

  checkIdentity(core, map, read)
  let enabled = 0
  const control = (bits: number): void => write('control', (bits | enabled) >>> 0)
  const status = (): CoprocessorStatus => {
    const word = read('status')
    const one = (path: string): boolean => part(word, path) === 1
    return {
      busy: one('status_busy'),
      done: one('status_done'),
      error: one('status_error'),
      code: runError.names[part(word, 'status_error_code')] ?? 'none',
    }
  }
  const start = (product: ProductSize, at: MatrixPlaces): void => {
    for (const name of dimensionNames) write(name, product[name])
    write('mode', product.mode ?? core.array.modes[0]!.code)
    for (const name of addressNames) {
      const address = BigInt(at[name])
      write(`${name}_low`, Number(BigInt.asUintN(32, address)))
      write(`${name}_high`, Number(address >> 32n))
    }
    control(bit('control_start'))
  }
  const report = (): RunReport => {
    const { code } = status()
    write('status', (bit('status_done') | bit('status_error')) >>> 0)
    const counters: { -readonly [K in CounterName]?: number } = {}
    for (const { register, counter, low } of counterRegisters)
      counters[counter] = (counters[counter] ?? 0) + read(register) * 2 ** low
    return { error: code, counters: counters as RunCounters }
  }
  return {
    start,
    status,
    report,
    abort: () => control(bit('control_abort')),
    interrupts({ done, error }) {
      enabled = (done ? bit('control_interrupt_done') : 0) | (error ? bit('control_interrupt_error') : 0)
      control(0)
    },
    run(product, at, { wait, looks = 1_000_000 } = {}) {
      // What would be refused is better said in words than by a code.
      productLayout(core, product)
      start(product, at)
      for (let look = 0; !status().done; look++) {
        if (look >= looks)
          throw new UserError(
            'E-COPROCESSOR',
            `the run is not over after ${looks} looks at its status; look at its waves`,
            {
              exitCode: 1,
            },
          )
        wait?.()
      }
      return report()
    },
  }
}

const fieldIn = ({ low, width }: PlacedField, word: number): number => Math.floor(word / 2 ** low) % 2 ** width

const checkIdentity = (core: CoreDescription, map: RegisterMap, read: (register: string) => number): void => {
  const major = (version: number): number => version >>> 16
  const wrong = (what: string): never => {
    throw new UserError('E-COPROCESSOR', `${what}; open the driver of the co-processor that is there`, { exitCode: 1 })
  }
  if (read('id') !== coprocessorId) wrong('there is no co-processor at this address')
  const version = read('version')
  if (major(version) !== major(coprocessorVersion))
    wrong(
      `the co-processor has version ${major(version)} of '${map.name}', and this driver is for ${major(coprocessorVersion)}`,
    )
  if (read('configuration') !== configurationOf(core)) wrong(`the co-processor is not that of ${core.array.name}`)
}
