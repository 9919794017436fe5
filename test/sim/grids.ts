import { bool, component, type Int, type Module, mux, reset, s, u, vec } from '../../src/dsl/index.ts'
import { seeded } from '../fuzz/random-component.ts'

/** Adds up products; what it is asked for comes from outside. */
const Mac = component('mac', (p: { terms: number; out: number }) => ({
  in: { enable: bool, clear: bool, a: s(8), b: s(8) },
  out: { sum: s(p.out) },
  logic({ enable, clear, a, b }, { regs, when, checked }) {
    const total = s(8).times(s(8)).sumOf(p.terms)
    const r = regs({ total })
    when(enable, () => {
      r.total.next = checked(r.total.add(a.mul(b)), total, `at most ${p.terms} products`)
    })
    when(clear, () => {
      r.total.next = 0
    })
    return { sum: r.total.shr(3).sat(s(p.out)) }
  },
}))

/** A cell that hands operands and control on through registers of its own: nothing is the same in all lanes. */
const Cell = component('systolic_cell', (_: object) => ({
  in: { enable: bool, clear: bool, a: s(8), b: s(8) },
  out: { enable_out: bool, clear_out: bool, a_out: s(8), b_out: s(8), sum: s(14) },
  logic(i, { regs, use }) {
    const r = regs({ enabled: bool, cleared: bool, held_a: s(8), held_b: s(8) })
    r.enabled.next = i.enable
    r.cleared.next = i.clear
    r.held_a.next = i.a
    r.held_b.next = i.b
    const operands = { enable: r.enabled, clear: r.cleared, a: r.held_a, b: r.held_b }
    const { sum } = use('mac', Mac({ terms: 64, out: 14 }), operands)
    return { enable_out: r.enabled, clear_out: r.cleared, a_out: r.held_a, b_out: r.held_b, sum }
  },
}))

const total = (values: readonly Int[]): Int =>
  values.length === 1
    ? values[0]!
    : total(values.flatMap((value, k) => (k % 2 ? [] : [values[k + 1] ? value.add(values[k + 1]!) : value])))

/** Rows x columns of cells, and the sum of all their sums. */
export const systolic = (rows: number, columns: number): Module =>
  component('systolic', (_: object) => ({
    in: { enable: bool, clear: bool, a: vec(rows, s(8)), b: vec(columns, s(8)) },
    out: { total: s(14).sumOf(rows * columns) },
    logic(i, { use }) {
      const down = Array.from({ length: columns }, (_, c) => ({ b: i.b[c]!, enable: i.enable, clear: i.clear }))
      const sums: Int[] = []
      for (let r = 0; r < rows; r++) {
        let a = i.a[r]!
        for (let c = 0; c < columns; c++) {
          const out = use(`cell_${r}_${c}`, Cell({}), { a, ...down[c]! })
          a = out.a_out
          down[c] = { b: out.b_out, enable: out.enable_out, clear: out.clear_out }
          sums.push(out.sum)
        }
      }
      return { total: total(sums) }
    },
  }))({}).module

const Wave = component('wave', (_: object) => ({
  in: { left: s(12), top: s(12), go: bool },
  out: { right: s(12), down: s(12) },
  logic({ left, top, go }, { regs, when }) {
    const r = regs({ step: s(9), best: s(12) })
    const value = mux(left.lt(top), top, left).add(r.step).sat(s(12))
    when(go, () => {
      r.step.next = left.sub(top).wrap(s(9))
      r.best.next = value
    })
    return { right: value, down: mux(r.step.lt(0), left, value) }
  },
}))

/** size x size cells whose outputs depend on both inputs within the cycle: a rank for each diagonal. */
export const wavefront = (size: number): Module =>
  component('wavefront', (_: object) => ({
    in: { a: s(12), b: s(12), go: bool },
    out: { y: s(12) },
    logic(i, { use }) {
      const top: Int[] = Array.from({ length: size }, () => i.b)
      let left: Int = i.a
      for (let r = 0; r < size; r++) {
        left = i.a
        for (let c = 0; c < size; c++) {
          const out = use(`wave_${r}_${c}`, Wave({}), { left, top: top[c]!, go: i.go })
          left = out.right
          top[c] = out.down
        }
      }
      return { y: mux(left.lt(top[0]!), left, top[size - 1]!) }
    },
  }))({}).module

const Link = component('link', (_: object) => ({
  in: { x: s(8), carry: s(20) },
  out: { carry_out: s(20), x_out: s(8) },
  logic({ x, carry }, { regs }) {
    const r = regs({ held: s(8), seen: s(20) })
    r.held.next = x
    r.seen.next = carry
    const moved = mux(carry.lt(r.held), carry.add(r.held).sat(s(20)), carry.sub(1).sat(s(20)))
    return { carry_out: moved, x_out: r.held }
  },
}))

/** A carry through all cells in one cycle: one lane a rank. */
export const chain = (length: number): Module =>
  component('chain', (_: object) => ({
    in: { x: s(8), carry: s(20) },
    out: { carry_out: s(20) },
    logic(i, { use }) {
      let { x, carry } = i as { x: Int; carry: Int }
      for (let k = 0; k < length; k++) {
        const out = use(`link_${k}`, Link({}), { x, carry })
        carry = out.carry_out
        x = out.x_out
      }
      return { carry_out: carry }
    },
  }))({}).module

/** Rows of cells, with comparisons across each row and a chain of rows. */
export const rows = (count: number, cells: number): Module => {
  const Row = component('row', (_: object) => ({
    in: { x: s(8), k: u(5) },
    out: { y: s(8), any: bool },
    logic({ x, k }, { regs, use }) {
      const r = regs({ last: s(8), count: u(7) })
      let value: Int = x
      const sums: Int[] = []
      for (let j = 0; j < cells; j++) {
        const inputs = { enable: value.lt(r.last), clear: k.eq(j), a: value, b: x }
        value = use(`mac_${j}`, Mac({ terms: 5, out: 8 }), inputs).sum
        sums.push(value)
      }
      r.last.next = value
      r.count.next = r.count.add(k).wrap(u(7))
      const any = sums.map((sum) => sum.lt(r.count)).reduce((a, b) => a.or(b))
      return { y: total(sums).wrap(s(8)), any }
    },
  }))
  return component('rows', (_: object) => ({
    in: { x: s(8), k: u(5) },
    out: { y: s(8), any: bool },
    logic(i, { use }) {
      let x: Int = i.x
      let any = i.k.lt(3)
      for (let r = 0; r < count; r++) {
        const out = use(`row_${r}`, Row({}), { x: r % 3 === 2 ? i.x : x, k: i.k })
        x = out.y
        any = any.and(out.any.not())
      }
      return { y: x, any }
    },
  }))({}).module
}

/** One module in which nothing is there twice. */
export const irregular = (seed: number, registers: number, operations: number): Module =>
  component('irregular', (_: object) => ({
    in: { a: s(8), b: s(12), go: bool },
    out: { y: s(16) },
    logic(i, { regs, when }) {
      const random = seeded(seed)
      const shapes = [s(4), s(8), u(8), s(12), s(16), u(11), s(20)]
      const shape = (k: number) => shapes[k % shapes.length]!
      const r = regs(Object.fromEntries(Array.from({ length: registers }, (_, k) => [`r${k}`, shape(k)])))
      const values: Int[] = [i.a, i.b, ...Object.values(r)]
      const tests = [i.go]
      const recent = (): Int => {
        const value = values[Math.max(0, values.length - 1 - random(60))]!
        return value.shape.width > 24 ? value.wrap(shape(random(7))) : value
      }
      for (let k = 0; k < operations; k++) {
        const [a, b] = [recent(), recent()]
        const test = tests[random(tests.length)]!
        const way = random(6)
        if (way === 5) tests.push(a.lt(b), test.and(a.eq(b)).not())
        else values.push([a.add(b), a.sub(b), mux(test, a, b), a.wrap(shape(random(7))), a.sat(shape(random(7)))][way]!)
      }
      Object.values(r).forEach((register, k) => {
        const value = values[values.length - 1 - random(values.length)]!.wrap(shape(k))
        const assign = (): void => {
          register.next = value
        }
        if (k % 2) when(tests[random(tests.length)]!, assign)
        else assign()
      })
      return { y: recent().wrap(s(16)) }
    },
  }))({}).module

const Crossed = component('crossed_cell', (_: object) => ({
  in: { below: s(12), side: s(8) },
  out: { sum: s(12), early: s(8) },
  logic({ below, side }, { regs }) {
    const r = regs({ held: s(8) })
    const early = r.held.add(3).wrap(s(8))
    const sum = below.add(early).add(side).sat(s(12))
    r.held.next = sum.wrap(s(8))
    return { sum, early }
  },
}))

/**
 * Four rows of cells, sums climbing through all rows within the cycle, while each row also reads what the row before it, the
 * last one for the first, has from its registers alone: early, although the sum of its own cell comes late.
 */
export const crossed = (columns: number): Module =>
  component('crossed', (_: object) => ({
    in: { x: vec(columns, s(12)) },
    out: { y: vec(columns, s(12)) },
    logic(i, { use, wires }) {
      const height = 4
      const w = wires({ sums: vec(height * columns, s(12)), early: vec(height * columns, s(8)) })
      for (let r = 0; r < height; r++)
        for (let c = 0; c < columns; c++) {
          const below = r + 1 < height ? w.sums[(r + 1) * columns + c]! : i.x[c]!
          const side = w.early[((r + height - 1) % height) * columns + c]!
          const out = use(`cell_${r}_${c}`, Crossed({}), { below, side })
          w.sums[r * columns + c]!.value = out.sum
          w.early[r * columns + c]!.value = out.early
        }
      return { y: w.sums.slice(0, columns) }
    },
  }))({}).module

/** A row of cells whose last and first two read constants, where their neighbours have values as well. */
export const edged = (length: number): Module => {
  const EdgedCell = component('edged_cell', (_: object) => ({
    in: { left: s(8), right: s(8) },
    out: { y: s(8) },
    logic({ left, right }, { regs }) {
      const r = regs({ y: reset(s(8), 1) })
      r.y.next = left.sub(right).add(r.y).wrap(s(8))
      return { y: r.y }
    },
  }))
  return component('edged', (_: object) => ({
    in: { x: s(8) },
    out: { y: s(8) },
    logic({ x }, { use, wires }) {
      const w = wires({ y: vec(length, s(8)) })
      for (let k = 0; k < length; k++) {
        const left = k === length - 1 ? x : k < 2 ? 5 : w.y[k - 1]!
        const right = k < length - 2 ? w.y[k + 1]! : 0
        w.y[k]!.value = use(`cell_${k}`, EdgedCell({}), { left, right }).y
      }
      return { y: w.y[0]! }
    },
  }))({}).module
}
