import type { FunctionCode, ValueType } from '../../sim/wasm/encoding.ts'
import { type Local, Writer } from '../../sim/wasm/writer.ts'

/** Something that is pushed on the stack: a variable, an i32, or what instructions leave there. */
export type Value = Local | number | (() => void)
/** A function of the module, called with its arguments. */
export type Call = (...values: readonly Value[]) => () => void

/** Opcodes by what they do (core specification 2.0, section 5.4; those of atomics from the threads proposal). */
const scalar = {
  load: [0x28],
  loadByte: [0x2d],
  loadSignedByte: [0x2c],
  loadHalf: [0x2f],
  loadFloat: [0x2a],
  store: [0x36],
  storeFloat: [0x38],
  storeDouble: [0x39],
  loadDouble: [0x2b],
} as const

const operations = {
  add: [0x6a],
  sub: [0x6b],
  mul: [0x6c],
  divide: [0x6e],
  remainder: [0x70],
  and: [0x71],
  or: [0x72],
  shiftLeft: [0x74],
  shiftRight: [0x76],
  equal: [0x46],
  unequal: [0x47],
  less: [0x49],
  more: [0x4b],
  isZero: [0x45],
  floatAdd: [0x92],
  floatSub: [0x93],
  floatMul: [0x94],
  floatDivide: [0x95],
  floatRoot: [0x91],
  floatOfInteger: [0xb2],
  floatOfWord: [0xbe],
  doubleAdd: [0xa0],
  doubleOfInteger: [0xb7],
} as const

const vectors = {
  splat: 0x13,
  splatInteger: 0x11,
  add: 0xe4,
  sub: 0xe5,
  mul: 0xe6,
  divide: 0xe7,
  negate: 0xe1,
  /** b where a < b, else a. */
  larger: 0xeb,
  smaller: 0xea,
  isLess: 0x43,
  floats: 0xfa,
  addIntegers: 0xae,
  shiftLeft: 0xab,
  isLessInteger: 0x39,
  atLeastInteger: 0x3f,
  and: 0x4e,
  or: 0x50,
  xor: 0x51,
  /** a where the mask's bit is 1, else b. */
  select: 0x52,
  shiftBytesRight: 0x6d,
  shiftHalvesRight: 0x8d,
  /** Of each byte of b that entry of a, 0 where it is above 15. */
  lookUpBytes: 0x0e,
  subBytes: 0x71,
  lowBytesSigned: 0x87,
  highBytesSigned: 0x88,
  lowBytes: 0x89,
  lowHalvesSigned: 0xa7,
  highHalvesSigned: 0xa8,
  lowHalves: 0xa9,
  doubles: 0x5f,
  addDoubles: 0xf0,
  subDoubles: 0xf1,
  mulDoubles: 0xf2,
  largerDoubles: 0xf7,
  magnitudeOfDoubles: 0xec,
  floorDoubles: 0x75,
  truncateDoubles: 0x7a,
  isMoreDouble: 0x4a,
  isEqualDouble: 0x47,
  doublesToFloats: 0x5e,
  floor: 0x68,
  truncate: 0x69,
  isUnequal: 0x42,
  isUnequalDouble: 0x48,
  subIntegers: 0xb1,
  addLongs: 0xce,
  subLongs: 0xd1,
  shiftLongsRight: 0xcc,
  /** Products of halves, those of neighbours added: four i32. */
  dotHalves: 0xba,
} as const

const vectorLoads = { vector: 0x00, splat: 0x09, splatDouble: 0x0a, word: 0x5c, half: 0x5d } as const
const atomics = { notify: 0x00, wait: 0x01, load: 0x10, store: 0x17, add: 0x1e, exchange: 0x48 } as const

/** A variable of each type. */
type LocalsOf<P extends readonly ValueType[]> = { -readonly [K in keyof P]: Local }
type Repeated<T, N extends number, R extends readonly T[] = []> = R['length'] extends N
  ? R
  : Repeated<T, N, readonly [...R, T]>

/** So many types that are all the same. */
export const many = <const T extends ValueType, N extends number>(count: N, type: T): Repeated<T, N> =>
  new Array<T>(count).fill(type) as readonly T[] as Repeated<T, N>

type Loads = Extract<keyof typeof scalar, `load${string}`>
type Stores = Extract<keyof typeof scalar, `store${string}`>

/**
 * Writes functions of a module as expressions and statements: `set(sum, v.add(sum, v.load('vector', at)))`. Values are pushed where
 * a statement uses them; everything goes into the function whose `define` runs.
 */
export const createAssembly = () => {
  const functions: FunctionCode[] = []
  let writer = new Writer(0)

  const push = (value: Value): void => {
    if (typeof value === 'number') writer.i32(value)
    else if (typeof value === 'function') value()
    else writer.get(value)
  }
  const operate =
    (...opcode: readonly number[]) =>
    (...values: readonly Value[]) =>
    (): void => {
      values.forEach(push)
      writer.put(...opcode)
    }
  const vector =
    (opcode: number, ...immediates: readonly number[]) =>
    (...values: readonly Value[]) =>
    (): void => {
      values.forEach(push)
      writer.simd(opcode, ...immediates)
    }
  const mapped = <K extends string, T, R>(table: Readonly<Record<K, T>>, make: (entry: T) => R): Record<K, R> =>
    Object.fromEntries(Object.entries<T>(table).map(([key, entry]) => [key, make(entry)])) as Record<K, R>

  /** Where the i32 is not 0. */
  const when = (condition: Value, body: () => void, otherwise?: () => void): void => {
    push(condition)
    writer.put(0x04, 0x40)
    body()
    if (otherwise) {
      writer.put(0x05)
      otherwise()
    }
    writer.put(0x0b)
  }
  const set = (local: Local, value: Value): void => {
    push(value)
    writer.set(local)
  }
  const i = mapped(operations, (opcode) => operate(...opcode))
  return {
    functions: functions as readonly FunctionCode[],
    /** A function; its index counts from 1. */
    define: <const P extends readonly ValueType[]>(
      parameters: P,
      body: (...parameters: LocalsOf<P>) => void,
      results: readonly ValueType[] = [],
    ): Call & { readonly index: number } => {
      writer = new Writer(parameters.length)
      body(...(parameters.map((type, index) => ({ index, type })) as LocalsOf<P>))
      functions.push({ parameters, results, locals: writer.locals, code: [...writer.code, 0x0b] })
      const index = functions.length
      const call: Call =
        (...values) =>
        () => {
          values.forEach(push)
          writer.call(index)
        }
      return Object.assign(call, { index })
    },
    /** A variable of the function that is being written, 0 at first where no loop has set it. */
    local: (type: ValueType): Local => writer.lasting(type),
    locals: <const P extends readonly ValueType[]>(types: P): LocalsOf<P> =>
      types.map((type) => writer.lasting(type)) as LocalsOf<P>,
    set,
    /** Runs a call that leaves nothing on the stack. */
    run: (call: () => void): void => call(),
    drop: (value: Value): void => {
      push(value)
      writer.put(0x1a)
    },
    result: (value: Value): void => push(value),
    /** Adds to an i32. */
    move: (local: Local, by: Value): void => set(local, i.add(local, by)),
    when,
    /** Once, and again while the i32 that `body` gives is not 0. */
    repeat: (body: () => Value): void => {
      writer.repeat(() => push(body()))
    },
    /** While `left`, an i32 variable, is not 0: `body`, then one less. */
    times: (left: Local, body: () => void): void =>
      when(left, () =>
        writer.repeat(() => {
          body()
          push(i.sub(left, 1))
          writer.tee(left)
        }),
      ),
    i,
    /** Where the i32 is not 0 the first, else the second. */
    choose: (condition: Value, yes: Value, no: Value) => (): void => {
      push(yes)
      push(no)
      push(condition)
      writer.put(0x1b)
    },
    load:
      (kind: Loads, address: Value, offset = 0) =>
      (): void => {
        push(address)
        writer.access(scalar[kind][0], offset)
      },
    store: (kind: Stores, address: Value, value: Value, offset = 0): void => {
      push(address)
      push(value)
      writer.access(scalar[kind][0], offset)
    },
    float: (value: number) => (): void => {
      writer.put(0x43, ...new Uint8Array(Float32Array.of(value).buffer))
    },
    v: {
      ...mapped(vectors, (opcode) => vector(opcode)),
      load:
        (kind: keyof typeof vectorLoads, address: Value, offset = 0) =>
        (): void => {
          push(address)
          writer.simdAccess(vectorLoads[kind], offset)
        },
      store: (address: Value, value: Value, offset = 0): void => {
        push(address)
        push(value)
        writer.simdAccess(0x0b, offset)
      },
      /** The lower two floats. */
      storeHalf: (address: Value, value: Value, offset = 0): void => {
        push(address)
        push(value)
        writer.simdAccess(0x5b, offset, 0)
      },
      /** One float. */
      storeLane: (address: Value, value: Value, lane: number, offset = 0): void => {
        push(address)
        push(value)
        writer.simdAccess(0x5a, offset, lane)
      },
      zero: vector(0x0c, ...new Array<number>(16).fill(0))(),
      four: (value: number) => vector(0x0c, ...new Uint8Array(Float32Array.of(value, value, value, value).buffer))(),
      twoDoubles: (value: number) => vector(0x0c, ...new Uint8Array(Float64Array.of(value, value).buffer))(),
      twoLongs: (value: bigint) => vector(0x0c, ...new Uint8Array(BigInt64Array.of(value, value).buffer))(),
      words: (...words: readonly [number, number, number, number]) =>
        vector(0x0c, ...new Uint8Array(Uint32Array.of(...words).buffer))(),
      lane: (value: Value, lane: number) => vector(0x1f, lane)(value),
      doubleLane: (value: Value, lane: number) => vector(0x21, lane)(value),
      /** Floats of both, by number: 0 to 3 are those of the first. */
      shuffle: (a: Value, b: Value, ...lanes: readonly [number, number, number, number]) =>
        vector(0x0d, ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)))(a, b),
      /** Elements of that many bytes of a and b in turn, those of the lower or upper half of each. */
      interleave: (bytes: 1 | 2, half: 'low' | 'high', a: Value, b: Value) =>
        vector(
          0x0d,
          ...Array.from({ length: 16 }, (_, to) => {
            const element = Math.floor(to / bytes)
            const from = Math.floor(element / 2) * bytes + (to % bytes) + (half === 'low' ? 0 : 8)
            return from + (element % 2 === 0 ? 0 : 16)
          }),
        )(a, b),
    },
    atomic:
      (kind: keyof typeof atomics, ...values: readonly Value[]) =>
      (): void => {
        values.forEach(push)
        writer.put(0xfe, atomics[kind], 2, 0)
      },
    /** An i64, which only waiting takes. */
    long: (value: bigint) => (): void => writer.constant('i64', value),
  }
}

export type Assembly = ReturnType<typeof createAssembly>
