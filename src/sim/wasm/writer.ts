import { signedLeb, type ValueType } from './encoding.ts'
import { simd } from './simd-instructions.ts'

/** A local variable of a function. */
export interface Local {
  readonly index: number
  readonly type: ValueType
}

/** Opcodes of control, of choice and of words of 32 bits. */
export const op = {
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  branchIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  select: 0x1b,
  load: 0x28,
  store: 0x36,
  /** The lower half of an i64. */
  wrap: 0xa7,
} as const

const arithmetic = {
  eqz: [0x45, 0x50],
  eq: [0x46, 0x51],
  lt_s: [0x48, 0x53],
  lt_u: [0x49, 0x54],
  gt_s: [0x4a, 0x55],
  gt_u: [0x4b, 0x56],
  add: [0x6a, 0x7c],
  sub: [0x6b, 0x7d],
  mul: [0x6c, 0x7e],
  and: [0x71, 0x83],
  or: [0x72, 0x84],
  xor: [0x73, 0x85],
  shl: [0x74, 0x86],
  shr_s: [0x75, 0x87],
  shr_u: [0x76, 0x88],
  extend8: [0xc0, 0xc2],
  extend16: [0xc1, 0xc3],
} as const
export type Arithmetic = keyof typeof arithmetic

/** In code that is to be filled in, numbers from there on stand for addresses: the slot counts from 1, the rest is within the slot. */
export const addressMark = 2 ** 32
/** Numbers from there on stand for variables: those of a `Writer` that is given as many parameters. */
export const localMark = 2 ** 52

/** Writes the instructions of one function. */
export class Writer {
  #code: number[] = []
  readonly #locals: ValueType[]
  readonly #parameters: number
  readonly #free: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] }
  #taken: Local[] = []

  constructor(parameters: number) {
    this.#parameters = parameters
    this.#locals = []
  }

  get code(): readonly number[] {
    return this.#code
  }
  get locals(): readonly ValueType[] {
    return this.#locals
  }

  put(...bytes: readonly number[]): void {
    for (const byte of bytes) this.#code.push(byte)
  }

  /** A variable until the innermost `scope` ends. */
  local(type: ValueType): Local {
    const index = this.#free[type].pop() ?? this.#parameters + this.#locals.push(type) - 1
    const local = { index, type }
    this.#taken.push(local)
    return local
  }
  /** A variable to the end of the function. */
  lasting(type: ValueType): Local {
    return { index: this.#parameters + this.#locals.push(type) - 1, type }
  }
  scope(body: () => void): void {
    const outer = this.#taken
    this.#taken = []
    body()
    for (const { index, type } of this.#taken) this.#free[type].push(index)
    this.#taken = outer
  }
  /** Instructions that `body` writes, in place of writing them. */
  captured(body: () => void): readonly number[] {
    const outer = this.#code
    this.#code = []
    body()
    const found = this.#code
    this.#code = outer
    return found
  }
  append(code: readonly number[]): void {
    for (let k = 0; k < code.length; k++) this.#code.push(code[k]!)
  }

  /** Code with marks: those of variables stand for these, those of addresses for so much more than the address of their slot. */
  appendFilled(code: Float64Array, variables: readonly number[], addresses: readonly number[]): void {
    for (let k = 0; k < code.length; k++) {
      const mark = code[k]!
      if (mark < addressMark) this.#code.push(mark)
      else if (mark >= localMark) this.unsigned(variables[mark - localMark]!)
      else {
        const slot = Math.floor(mark / addressMark)
        this.unsigned(addresses[slot - 1]! + (mark - slot * addressMark))
      }
    }
  }

  /** As `unsignedLeb`, with no list in between: this is most of what is written. A number that stands for another stays as it is. */
  unsigned(value: number): void {
    if (value >= addressMark) {
      this.#code.push(value)
      return
    }
    let rest = value
    for (; rest > 127; rest >>>= 7) this.#code.push((rest & 127) | 128)
    this.#code.push(rest)
  }
  get({ index }: Pick<Local, 'index'>): void {
    this.#code.push(0x20)
    this.unsigned(index)
  }
  set({ index }: Pick<Local, 'index'>): void {
    this.#code.push(0x21)
    this.unsigned(index)
  }
  tee({ index }: Pick<Local, 'index'>): void {
    this.#code.push(0x22)
    this.unsigned(index)
  }
  i32(value: number): void {
    this.#code.push(0x41)
    let rest = value | 0
    for (; rest < -64 || rest > 63; rest >>= 7) this.#code.push((rest & 127) | 128)
    this.#code.push(rest & 127)
  }
  constant(type: 'i32' | 'i64', value: bigint): void {
    if (type === 'i32') this.i32(Number(BigInt.asIntN(32, value)))
    else this.put(0x42, ...signedLeb(BigInt.asIntN(64, value)))
  }
  calculate(type: 'i32' | 'i64', operation: Arithmetic): void {
    this.#code.push(arithmetic[operation][type === 'i32' ? 0 : 1])
  }
  /** Adds a number to an i32 variable. */
  increase(local: Local, by: number | Local): void {
    this.get(local)
    if (typeof by === 'number') this.i32(by)
    else this.get(by)
    this.calculate('i32', 'add')
    this.set(local)
  }
  /** A load or store at an address on the stack plus `offset`. */
  access(opcode: number, offset: number): void {
    this.#code.push(opcode, 0)
    this.unsigned(offset)
  }
  simd(opcode: number, ...immediates: readonly number[]): void {
    this.#code.push(0xfd)
    this.unsigned(opcode)
    for (const byte of immediates) this.#code.push(byte)
  }
  /** Bytes of the register on the stack, in another order. */
  shuffleItself(whole: Local, bytes: readonly number[]): void {
    this.tee(whole)
    this.get(whole)
    this.simd(simd.shuffle, ...bytes)
  }
  simdAccess(opcode: number, offset: number, ...lane: readonly number[]): void {
    this.#code.push(0xfd)
    this.unsigned(opcode)
    this.#code.push(0)
    this.unsigned(offset)
    for (const byte of lane) this.#code.push(byte)
  }
  call(index: number): void {
    this.#code.push(op.call)
    this.unsigned(index)
  }
  /** Repeats `body` while the i32 that it leaves on the stack is not 0. */
  repeat(body: () => void): void {
    this.put(op.loop, 0x40)
    body()
    this.put(op.branchIf, 0, op.end)
  }
  /** `body` where the i32 on the stack is not 0. */
  when(body: () => void): void {
    this.put(op.if, 0x40)
    body()
    this.put(op.end)
  }
  /** `yes` where the i32 on the stack is not 0, else `no`. */
  either(yes: () => void, no: () => void): void {
    this.put(op.if, 0x40)
    yes()
    this.put(op.else)
    no()
    this.put(op.end)
  }
}
