import {
  bool,
  type Component,
  clock,
  component,
  type IntShape,
  type Module,
  on,
  s,
  sync2,
  u,
} from '../../../src/dsl/index.ts'
import { portNamed, writePort } from '../../../src/sim/engine.ts'
import type { Trace } from '../../../src/sim/waves/index.ts'

/** Sums with a promise that breaks when too much is added. */
const Sum = component('sum', (_: object) => ({
  in: { term: s(8), clear: bool },
  out: { total: s(10) },
  logic({ term, clear }, { regs, when, checked }) {
    const r = regs({ held: s(10) })
    r.held.next = checked(r.held.add(term), s(10), 'at most 4 terms between clears')
    when(clear, () => {
      r.held.next = 0
    })
    return { total: r.held }
  },
}))

/** A state machine of three states beside an instance, with a named value and a wire. */
export const loader: Module = component('loader', (_: object) => ({
  in: { start: bool, x: s(8) },
  out: { count: u(3), busy: bool, total: s(10) },
  logic({ start, x }, { regs, wires, when, fsm, use }) {
    const r = regs({ words: u(3) })
    const w = wires({ idle: bool })
    const control = fsm('control', {
      idle({ goto }) {
        when(start, () => goto('load'))
      },
      load({ goto }) {
        r.words.next = r.words.add(1).wrap(u(3))
        when(r.words.eq(3), () => goto('drain'))
      },
      drain({ goto }) {
        r.words.next = 0
        goto('idle')
      },
    })
    const sum = use('sum', Sum({}), { term: x, clear: w.idle })
    w.idle.value = control.is('idle')
    const doubled = r.words.mul(2).named('doubled')
    return { count: r.words, busy: w.idle.not().and(doubled.lt(7)), total: sum.total }
  },
}))({}).module

/** 70 bits up and down, three levels deep, each a register later. */
type Through = { readonly [port in 'x' | 'y']: IntShape }
const Wide: (p: { deep: number }) => Component<Pick<Through, 'x'>, Pick<Through, 'y'>> = component(
  'wide',
  (p: { deep: number }) => ({
    in: { x: s(70) },
    out: { y: s(70) },
    logic({ x }, { regs, use }) {
      const r = regs({ kept: s(70) })
      r.kept.next = x
      return p.deep === 0 ? { y: r.kept } : { y: use('inner', Wide({ deep: p.deep - 1 }), { x: r.kept }).y }
    },
  }),
)
export const wide: Module = Wide({ deep: 2 }).module

const pixel = clock('pixel')
/** A counter on another clock than its enable. */
export const blink: Module = component('blink', (_: object) => ({
  in: { enable: bool },
  out: { count: on(pixel, u(4)) },
  logic({ enable }, builder) {
    const r = builder.regs({ enabled: bool })
    r.enabled.next = enable
    const go = sync2(builder, 'seen', r.enabled, { to: pixel })
    const q = builder.regs({ value: u(4) }, { clock: pixel })
    builder.when(go, () => {
      q.value.next = q.value.add(1).wrap(u(4))
    })
    return { count: q.value }
  },
}))({}).module

/** A memory with a read port and a look-up. */
export const store: Module = component('store', (_: object) => ({
  in: { write: bool, address: u(3), word: s(40) },
  out: { shown: s(40), now: s(40) },
  logic({ write, address, word }, { memory, when }) {
    const words = memory('words', { depth: 8, of: s(40), collide: 'old', initial: [5, -6, 7] })
    when(write, () => words.write(address, word))
    return { shown: words.read(address), now: words.lookup(address) }
  },
}))({}).module

/** One cycle with some inputs set, the others as they were. */
export const cycle = (trace: Trace, values: Readonly<Record<string, bigint | number>>): void => {
  for (const [name, value] of Object.entries(values))
    writePort(trace.inputs, portNamed(trace.ports.inputs, name), BigInt(value))
  trace.step()
}
