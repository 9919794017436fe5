import { UserError } from '../../base/user-error.ts'

/**
 * What software and hardware do with a field. `rw`: software writes it and hardware reads it. `ro`: hardware says it. `constant`: it
 * is its reset value. `w1c`: hardware sets bits, software clears those it writes 1 to; where both happen at once, hardware wins.
 * `w1s`: bits that software writes 1 to are 1 for hardware in one cycle; they read as 0.
 */
export type FieldAccess = 'rw' | 'ro' | 'constant' | 'w1c' | 'w1s'

export interface RegisterField {
  /** Lower case; `value` for a field that is the whole register and is called after it. */
  readonly name: string
  /** Its lowest bit. */
  readonly low: number
  readonly width: number
  readonly access: FieldAccess
  /** Of `rw`, `constant` and `w1c`, 0 unless said. */
  readonly reset?: number
  readonly doc: string
  /** Names of its values from 0 on, where these mean something each. */
  readonly values?: readonly string[]
  /**
   * Of `rw` and `w1s`: the path of an `ro` field of one bit. While it is 1, a write to this field (of `w1s`, of a 1) is answered
   * with SLVERR, and nothing of that write happens.
   */
  readonly lockedBy?: string
  /** Of `w1c`, one bit wide: the path of an `rw` field of one bit. The interrupt is 1 while both are. */
  readonly interruptEnabledBy?: string
}
/** A word of 32 bits. */
export interface Register {
  readonly name: string
  /** Of its first byte, a multiple of 4. */
  readonly offset: number
  readonly doc: string
  readonly fields: readonly RegisterField[]
}
/** Registers, described once: hardware, constants, C header and table are made from this. */
export interface RegisterMap {
  /** Lower case; the hardware module is called after it, `NAME_registers`, and names in C begin with it. */
  readonly name: string
  readonly doc: string
  readonly registers: readonly Register[]
}

export interface PlacedField extends RegisterField {
  readonly register: Register
  /** `control_start`; unique in the map. */
  readonly path: string
}

/** Every field of a map with its register. */
export const fieldsOf = ({ registers }: RegisterMap): readonly PlacedField[] =>
  registers.flatMap((register) =>
    register.fields.map((field) => ({
      ...field,
      register,
      path: field.name === 'value' ? register.name : `${register.name}_${field.name}`,
    })),
  )

/** The bits of a field in its register, from 0 to 2^32 - 1. */
export const maskOf = ({ low, width }: RegisterField): number => (2 ** width - 1) * 2 ** low

/** What the register holds after reset where no hardware says otherwise. */
export const resetOf = ({ fields }: Register): number =>
  fields.reduce((word, { reset = 0, low }) => word + reset * 2 ** low, 0)

/** The map, or a UserError that says what is wrong with it. */
export const checkedMap = (map: RegisterMap): RegisterMap => {
  const refuse = (what: string): never => {
    throw new UserError('E-REGISTERS', `register map '${map.name.slice(0, 80)}': ${what}`)
  }
  const named = (what: string, name: string): void => {
    if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name))
      refuse(`${what} '${name.slice(0, 80)}' is no name; take lower-case words joined by underscores`)
  }
  named('the map', map.name)
  const fields = fieldsOf(map)
  const twice = (what: string, keys: readonly (string | number)[]): void => {
    const key = keys.find((one, k) => keys.indexOf(one) !== k)
    if (key !== undefined) refuse(`${what} ${key} is there twice; each stands once`)
  }
  twice(
    'the register',
    map.registers.map(({ name }) => name),
  )
  twice(
    'the offset',
    map.registers.map(({ offset }) => offset),
  )
  twice(
    'the field',
    fields.map(({ path }) => path),
  )
  for (const { name, offset, fields } of map.registers) {
    named('register', name)
    if (!(Number.isSafeInteger(offset) && offset >= 0 && offset % 4 === 0 && offset < 2 ** 20))
      refuse(`register '${name}' lies at ${offset}; offsets are multiples of 4 below 2^20`)
    if (fields.length === 0) refuse(`register '${name}' has no field; give it one`)
    let taken = 0
    for (const field of fields) {
      const { low, width } = field
      if (!(Number.isInteger(low) && Number.isInteger(width) && low >= 0 && width >= 1 && low + width <= 32))
        refuse(`field '${name}.${field.name}' has ${width} bits from bit ${low}; fields lie in bits 0 to 31`)
      if (Math.floor(taken / 2 ** low) % 2 ** width !== 0)
        refuse(`field '${name}.${field.name}' lies over another; give each bits of its own`)
      taken += maskOf(field)
    }
  }
  const target = (field: PlacedField, path: string, access: FieldAccess): void => {
    const found = fields.find((other) => other.path === path)
    if (found?.access !== access || found.width !== 1)
      refuse(`field '${field.path}' asks for '${path}', which is no ${access} field of one bit; name one`)
  }
  for (const field of fields) {
    const { path, access, width, reset = 0, values = [], lockedBy, interruptEnabledBy } = field
    named('field', field.name)
    if (!(Number.isSafeInteger(reset) && reset >= 0 && reset < 2 ** width))
      refuse(`field '${path}' has ${width} bits and cannot be reset to ${reset}; choose a value that fits`)
    if (reset !== 0 && (access === 'ro' || access === 'w1s'))
      refuse(`field '${path}' is ${access} and has no reset value; leave it out`)
    for (const value of values) named(`value of field '${path}'`, value)
    twice(`the value of field '${path}'`, values)
    if (values.length > 2 ** width)
      refuse(`field '${path}' has ${width} bits and cannot have ${values.length} values; give it more bits`)
    if (values.some((value) => value === 'shift' || value === 'mask'))
      refuse(
        `a value of field '${path}' cannot be called shift or mask, by which C knows the field; choose another name`,
      )
    if (lockedBy !== undefined) {
      if (access !== 'rw' && access !== 'w1s')
        refuse(`field '${path}' is ${access} and cannot be locked; lock rw and w1s`)
      target(field, lockedBy, 'ro')
    }
    if (interruptEnabledBy !== undefined) {
      if (access !== 'w1c' || width !== 1) refuse(`field '${path}' makes no interrupt; a w1c field of one bit does`)
      target(field, interruptEnabledBy, 'rw')
    }
  }
  if (
    !fields.some(({ access }) => access === 'ro' || access === 'w1c') ||
    !fields.some(({ access }) => access === 'rw')
  )
    refuse('hardware neither says nor reads anything; give it a field that is ro or w1c and one that is rw')
  return map
}
