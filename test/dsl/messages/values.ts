import {
  asFixed,
  bits,
  bool,
  cat,
  component,
  enumeration,
  equal,
  fixed,
  match,
  mux,
  pack,
  range,
  record,
  s,
  select,
  sum,
  u,
  unpack,
  vec,
} from '../../../src/dsl/index.ts'
import { maker, nothing } from '../maker.ts'
import type { Faults } from './faults.ts'

const mode = enumeration('mode', ['fp4', 'posit8', 'posit16'])
const colour = enumeration('colour', ['red', 'green'])
const fp4 = record({ sign: bool, code: bits(3) })
const ports = { a: s(8), n: s(3), flag: bool, code: bits(4), m: mode, q: fixed(s(8), 4), x: fp4, taps: vec(3, s(4)) }
const logic = (body: Parameters<typeof maker<typeof ports, Record<string, never>>>[2]): unknown =>
  maker(ports, {}, body)

/** Values that do not fit their places, and operands of the wrong kind. */
export const values: Faults = {
  file: import.meta.filename,
  all: {
    'a sum in a register that is too narrow': () =>
      logic(({ a }, { regs }) => {
        const r = regs({ held: s(8) })
        r.held.next = a.add(1) // <-
        return {}
      }),
    'a literal that does not fit': () =>
      logic((_, { regs }) => {
        const r = regs({ held: s(8) })
        r.held.next = 128 // <-
        return {}
      }),
    'an output that is too narrow': () => {
      const Narrow = component('narrow', (_: object) => ({
        // <-
        in: { a: s(8) },
        out: { y: s(8) },
        logic: ({ a }) => ({ y: a.neg() }),
      }))
      return Narrow({}).module
    },
    'a literal that is no whole number': () => logic(({ a }) => nothing(a.add(0.5))), // <-
    'a literal beyond what a number can hold': () => logic(({ a }) => nothing(a.mul(2 ** 53))), // <-
    'not a number': () => logic(({ a }) => nothing(a.add(Number.NaN))), // <-
    'a wrap into what is no whole width': () => logic(({ a }) => nothing(a.add(1).wrap(range(0, 9)))), // <-
    'a shift by half a place': () => logic(({ a }) => nothing(a.shr(0.5))), // <-
    'a shift by a signal in place of a number': () => logic(({ a, n }) => nothing(a.shl(n as never))), // <-
    'a shift by a signal that may be negative': () => logic(({ a, n }) => nothing(a.shrBy(n))), // <-
    'a shift that makes a million bits': () =>
      logic(({ a }, { wires }) => nothing(a.shlBy(wires({ places: u(20) }).places))), // <-
    'a product of more bits than there may be': () =>
      logic((_, { wires }) => {
        const { wide } = wires({ wide: u(40000) })
        return nothing(wide.mul(wide)) // <-
      }),
    'the opposite of the widest number': () => logic((_, { wires }) => nothing(wires({ wide: u(65536) }).wide.neg())), // <-
    'a slice beyond the end': () => logic(({ code }) => nothing(code.slice(4, 1))), // <-
    'a bit that is not there': () => logic(({ code }) => nothing(code.bit(-1))), // <-
    'a rotation by less than nothing': () => logic(({ code, n }) => nothing(code.rotateLeft(n))), // <-
    'fields of different widths': () => logic(({ code, x }) => nothing(code.and(x.code))), // <-
    'a literal wider than its field': () => logic(({ code }) => nothing(code.or(0x1f))), // <-
    'a negative literal in a field': () => logic(({ code }) => nothing(code.eq(-1))), // <-
    'a sum of nothing': () => logic(() => nothing(sum([]))), // <-
    'no fields side by side': () => logic(() => nothing(cat())), // <-

    'a flag where a number is wanted': () => logic(({ a, flag }) => nothing(a.add(flag as never))), // <-
    'a field where a number is wanted': () => logic(({ a, code }) => nothing(a.lt(code as never))), // <-
    'nothing where a number is wanted': () => logic(({ a }) => nothing(a.add(undefined as never))), // <-
    'a number where a flag is wanted': () => logic(({ a, flag }) => nothing(flag.and(a as never))), // <-
    '1 where a flag is wanted': () => logic(({ flag }) => nothing(flag.or(1 as never))), // <-
    'a number where a field is wanted': () => logic(({ a, code }) => nothing(code.xor(a as never))), // <-
    'text where a field is wanted': () => logic(({ code }) => nothing(code.xor('0b1010' as never))), // <-
    'an integer where fixed point is wanted': () => logic(({ a, q }) => nothing(q.add(a as never))), // <-
    'a number as a condition': () =>
      logic(({ a }, { when }) => {
        when(a as never, () => {}) // <-
        return {}
      }),
    'a choice on a number': () => logic(({ a }) => nothing(mux(a as never, 1, 0))), // <-
    'a choice on true': () => logic(({ a }) => nothing(mux(true as never, a, 0))), // <-
    'a match over a number': () => logic(({ a }) => nothing(match(a as never, { fp4: 1 }))), // <-
    'a promise about a number': () =>
      logic(({ a }, { check }) => {
        check(a as never, 'it holds') // <-
        return {}
      }),
    'a promise without words': () =>
      logic(({ flag }, { check }) => {
        check(flag, ' ') // <-
        return {}
      }),
    'a flag on an output for numbers': () => {
      const Kinds = component('kinds', (_: object) => ({
        // <-
        in: { a: bool },
        out: { y: u(1) },
        logic: ({ a }) => ({ y: a as never }),
      }))
      return Kinds({}).module
    },

    'a name that is none of the enumeration': () => logic(({ m }) => nothing(m.eq('posit18' as never))), // <-
    'a number in place of a name': () => logic(({ m }) => nothing(m.eq(1 as never))), // <-
    'a value of another enumeration': () =>
      logic(({ m }, { wires }) => nothing(m.eq(wires({ paint: colour }).paint as never))), // <-
    'a code without a name': () => logic(({ code }) => nothing(mode.of(code))), // <-
    'an arm that is missing': () => logic(({ m }) => nothing(match(m, { fp4: 1, posit8: 2 } as never))), // <-
    'an arm too many': () => logic(({ m }) => nothing(match(m, { fp4: 1, posit8: 2, posit6: 3 } as never))), // <-

    'fixed point with too many bits behind the point': () =>
      logic(({ q }, { regs }) => {
        const r = regs({ held: fixed(s(8), 3) })
        r.held.next = q // <-
        return {}
      }),
    'an integer that is too wide for its fixed point': () => logic(({ a }) => nothing(fixed(s(4), 2).of(a))), // <-
    'a literal that no binary fraction equals': () => logic(({ q }) => nothing(q.mul(0.1))), // <-
    'a rounding that says no mode': () => logic(({ q }) => nothing(q.round(2, undefined as never))), // <-
    'a rounding to more bits than there are': () => logic(({ q }) => nothing(q.round(6, 'floor'))), // <-
    'a clamp that would drop bits behind the point': () => logic(({ q }) => nothing(q.sat(fixed(s(8), 2)))), // <-
    'a scaling by half a place': () => logic(({ q }) => nothing(q.scale(0.5))), // <-
    'a point beyond all bits': () => logic(({ a }) => nothing(asFixed(a, -1))), // <-

    'a record without one of its fields': () =>
      logic((_, { wires }) => {
        const w = wires({ whole: fp4 })
        w.whole.value = { sign: true } as never // <-
        return {}
      }),
    'a field that the record has not': () =>
      logic((_, { wires }) => {
        const w = wires({ whole: fp4 })
        w.whole.value = { sing: true, code: 1 } as never // <-
        return {}
      }),
    'a number where a record is wanted': () =>
      logic(({ a }, { wires }) => {
        const w = wires({ whole: fp4 })
        w.whole.value = a as never // <-
        return {}
      }),
    'one value where a vector is wanted': () =>
      logic(({ a }, { wires }) => {
        const w = wires({ list: vec(2, s(8)) })
        w.list.value = a as never // <-
        return {}
      }),
    'a vector of another length': () =>
      logic(({ taps }, { wires }) => {
        const w = wires({ list: vec(2, s(8)) })
        w.list.value = taps // <-
        return {}
      }),
    'a choice between vectors of different length': () =>
      logic(({ taps, flag }) => nothing(mux(flag, taps, taps.slice(1)))), // <-
    'records of different fields compared': () =>
      logic(({ x }) => nothing(equal(x, { sign: true, exponent: 1 } as never))), // <-
    'literals compared': () => logic(() => nothing(equal([1, 2] as never, [1, 3] as never))), // <-
    'an element of an empty vector': () => logic(({ code }) => nothing(select([], code))), // <-
    'an index beyond the vector': () => logic(({ taps, code }) => nothing(select(taps, code))), // <-
    'literals packed': () => logic(() => nothing(pack(fp4, { sign: true, code: 1 } as never))), // <-
    'bits unpacked that are too few': () => logic(({ x }) => nothing(unpack(fp4, x.code))), // <-
    'a comparison whose outcome is known': () => maker({ a: u(4) }, { y: bool }, ({ a }) => ({ y: a.lt(16) })), // <-
  },
}
