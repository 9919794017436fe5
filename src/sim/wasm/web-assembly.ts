import { moduleOf } from './encoding.ts'

/** The little of WebAssembly's JavaScript interface that the engine uses; neither Node's types nor ours bring the browser's. */
interface WebAssemblyApi {
  readonly Memory: {
    new (size: { readonly initial: number }): { readonly buffer: ArrayBuffer }
    new (size: { readonly initial: number; readonly maximum: number; readonly shared: true }): SharedMemory
  }
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}

/** A memory that threads share. */
export interface SharedMemory {
  /** As large as it is now; what was asked for before shows the same bytes. */
  readonly buffer: SharedArrayBuffer
  /** By a number of pages. */
  readonly grow: (pages: number) => number
}

/** Undefined where the machine has none. */
export const webAssembly = (globalThis as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly

/** Memory that is made or grown; undefined where there is none, as where the address space of a process is limited. */
export const unlessTooLarge = <T>(taken: () => T): T | undefined => {
  try {
    return taken()
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

let known: { readonly reason: string | undefined } | undefined

/** Why this machine cannot run vector programs, one clause; undefined where it can. Asked once. */
export const withoutSimd = (): string | undefined => {
  known ??= { reason: compilesSimd() ? undefined : 'no WebAssembly SIMD can be compiled here' }
  return known.reason
}

const compilesSimd = (): boolean => {
  if (!webAssembly) return false
  const zeroDropped = [0xfd, 12, ...new Array<number>(16).fill(0), 0x1a, 0x0b]
  try {
    new webAssembly.Module(moduleOf([{ parameters: [], results: [], locals: [], code: zeroDropped }]))
    return true
  } catch {
    return false
  }
}
