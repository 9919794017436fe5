import { UserError } from '../../base/user-error.ts'
import { withoutSimd } from '../../sim/wasm/web-assembly.ts'
import { type Arena, openArena } from '../cpu/memory.ts'
import { common, firstMatrix } from '../cpu/step.ts'
import { openTeam, type Team } from '../cpu/threads.ts'

/** Kernels, their memory, and the threads that share it. */
export interface KernelTeam {
  readonly arena: Arena
  readonly team: Team
  /** Zeros; a UserError where there is no room. */
  readonly take: (bytes: number) => number
}

/** A UserError where the machine has no WebAssembly SIMD, or no memory for it. */
export const openKernels = (
  threads: number,
  scratchBytes: number,
  makeModule: () => Uint8Array<ArrayBuffer>,
): KernelTeam => {
  const reason = withoutSimd()
  if (reason !== undefined)
    throw new UserError('E-ARITHMETIC-SIMD', `hardware arithmetic needs WebAssembly, and ${reason}`)
  const arena = openArena()
  const team = arena && openTeam(arena, threads, scratchBytes, makeModule)
  if (!arena || !team) throw withoutRoom()
  return {
    arena,
    team,
    take: (bytes) => {
      const address = arena.take(bytes)
      if (address === undefined) throw withoutRoom()
      return address
    },
  }
}

const withoutRoom = (): UserError =>
  new UserError(
    'E-ARITHMETIC-MEMORY',
    'the weights do not fit into the memory of the kernels of hardware arithmetic, which is 4 GiB at most; take a smaller model',
  )

/** Memory that grows to what it is asked for; what it held is lost then. */
export const growing = ({ arena, take }: KernelTeam): ((bytes: number) => number) => {
  let [address, size] = [0, 0]
  return (bytes) => {
    if (bytes <= size) return address
    if (size > 0) arena.give(address)
    address = take(bytes)
    size = bytes
    return address
  }
}

/** The words of the one operation that a module of arithmetic has; its number of pieces is not said yet. */
export const stepOf = <K extends string>(
  places: Readonly<Record<K, number>>,
  numbers: Readonly<Record<K, number>>,
): Int32Array => {
  const step = new Int32Array(firstMatrix)
  step[common.operation] = 0
  for (const [name, place] of Object.entries<number>(places)) step[place] = numbers[name as K]
  return step
}
