import {
  arbiter,
  asyncFifo,
  balance,
  bits,
  blackBox,
  bool,
  clock,
  component,
  delay,
  fork,
  type Int,
  join,
  mainClock,
  on,
  printVerilog,
  queue,
  range,
  s,
  stream,
  sync2,
  u,
  vec,
} from '../../../src/dsl/index.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { maker, nothing } from '../maker.ts'
import type { Faults } from './faults.ts'

const byte = u(8)
/** `y` depends on `a` within the cycle, `held` on nothing. */
const Adder = component('adder', (_: object) => ({
  in: { a: byte, b: byte },
  out: { y: byte, held: byte },
  logic({ a, b }, { regs }) {
    const r = regs({ state: byte })
    r.state.next = b
    return { y: a.add(1).wrap(byte), held: r.state }
  },
}))
const pixel = clock('pixel')
const boxed = { in: { A: s(8) }, out: { P: s(8) }, model: { outputs: { P: ({ A }: { A: bigint }) => A } } } as const
const named = (name: string, width: number) =>
  component('any', (_: object) => ({ name, in: { a: u(width) }, out: {}, logic: () => ({}) }))({})
/** What only the whole component shows, children, clocks, memories, library parts and black boxes. */
export const structure: Faults = {
  file: import.meta.filename,
  all: {
    'a wire that is its own driver': () =>
      maker({}, { y: byte }, (_, { wires }) => {
        const { self } = wires({ self: byte }) // <-
        self.value = self
        return { y: self }
      }),
    'gates with a register': () =>
      component('held', (_: object) => ({
        // <-
        in: { a: byte },
        out: { y: byte },
        logic: ({ a }) => ({ y: a }),
        gates({ a }, { regs }) {
          const r = regs({ kept: byte })
          r.kept.next = a
          return { y: r.kept }
        },
      }))({}).module,
    'a loop over two wires and a named value': () =>
      maker({ a: byte }, { y: byte }, ({ a }, { wires }) => {
        const { here } = wires({ here: byte }) // <-
        const { there } = wires({ there: byte }) // <-
        const more = here.add(1).named('more') // <-
        there.value = more.wrap(byte)
        here.value = there.add(a).wrap(byte)
        return { y: there }
      }),
    'a loop through instances of instances': () => {
      const Outer = component('outer', (_: object) => ({
        in: { a: byte },
        out: { y: byte },
        logic: ({ a }, { use }) => ({ y: use('inner', Adder({}), { a, b: 0 }).y }),
      }))
      return maker({}, { y: byte }, (_, { wires, use }) => {
        const w = wires({ back: byte }) // <-
        const one = use('one', Outer({}), { a: w.back }) // <-
        const two = use('two', Adder({}), { a: one.y, b: one.y }) // <-
        w.back.value = two.y
        return { y: two.y }
      })
    },
    'a component in itself': () => {
      const Tree = component('tree', (_: object) => ({
        in: {},
        out: {},
        logic(_inputs, { use }): Record<string, never> {
          use('left', Tree({}) as never, {}) // <-
          return {}
        },
      })) as (p: object) => { module: unknown }
      return Tree({}).module
    },
    'a mistake in a child of a child': () => {
      const Leaf = component('leaf', (p: { width: number }) => ({
        in: { a: s(8) },
        out: { y: s(8) },
        logic({ a }, { regs }) {
          const r = regs({ held: s(p.width) })
          r.held.next = a // <-
          return { y: r.held }
        },
      }))
      const Branch = component('branch', (_: object) => ({
        in: { a: s(8) },
        out: { y: s(8) },
        logic: ({ a }, { use }) => ({ y: use('leaf', Leaf({ width: 4 }), { a }).y }), // <-
      }))
      return maker({ a: s(8) }, { y: s(8) }, ({ a }, { use }) => ({ y: use('branch', Branch({}), { a }).y })) // <-
    },
    'several mistakes in a child': () => {
      const Child = component('child', (_: object) => ({
        in: { a: s(8) },
        out: {},
        logic({ a }, { regs }) {
          const r = regs({ held: s(4), flag: bool })
          r.held.next = a // <-
          r.flag.next = a as never // <-
          return {}
        },
      }))
      return maker({ a: s(8) }, {}, ({ a }, { use }) => nothing(use('one', Child({}), { a }))) // <-
    },
    'a mistake of JavaScript': () =>
      maker({ a: s(8) }, {}, ({ a }) => nothing((a as unknown as { plus(b: Int): Int }).plus(a))), // <-
    'an error that the user throws': () =>
      maker({}, {}, () => {
        throw new Error('the table of weights is empty') // <-
      }),
    'an error that is no error': () =>
      component('odd', (_: object) => ({
        // <-
        in: {},
        out: {},
        logic() {
          throw 'odd'
        },
      }))({}).module,
    'a signal of another component': () => {
      let kept: Int | undefined
      component('elsewhere', (_: object) => ({
        in: { a: s(8) },
        out: {},
        logic({ a }) {
          kept = a
          return {}
        },
      }))({}).module.name
      return maker({ a: s(8) }, {}, ({ a }) => nothing(a.add(kept!))) // <-
    },
    'a signal that is used when its component is finished': () => {
      let kept: Int | undefined
      maker({ a: s(8) }, {}, ({ a }) => {
        kept = a
        return {}
      })
      return kept!.add(1) // <-
    },
    'a register that is set when its component is finished': () => {
      let kept: { set next(value: bigint | number | Int) } | undefined
      maker({}, {}, (_, { regs }) => {
        kept = regs({ held: s(8) }).held
        return {}
      })
      kept!.next = 1 // <-
    },
    'a promise that is made when its component is finished': () => {
      let kept: (() => void) | undefined
      maker({ a: bool }, {}, ({ a }, { check }) => {
        kept = () => check(a, 'it holds') // <-
        return {}
      })
      kept!()
    },
    'a builder that is used in the logic of another component': () =>
      maker({ a: s(8) }, {}, (_, outer) => {
        const Inner = component('inner', (_: object) => ({
          in: { b: s(8) },
          out: {},
          logic({ b }) {
            const r = outer.regs({ held: s(8) })
            r.held.next = b // <-
            return {}
          },
        }))
        return nothing(outer.use('one', Inner({}), { b: 1 })) // <-
      }),

    'a register that reads another clock': () =>
      maker({ a: bool }, {}, ({ a }, { regs }) => {
        const r = regs({ sent: bool }) // <-
        const q = regs({ seen: bool }, { clock: pixel }) // <-
        r.sent.next = a
        q.seen.next = r.sent
        return {}
      }),
    'an instance that reads another clock': () =>
      maker({ a: on(pixel, byte) }, { y: byte }, ({ a }, { use }) => ({ y: use('one', Adder({}), { a, b: a }).held })), // <-
    'a promise over two clocks': () =>
      maker({ a: bool, b: on(pixel, bool) }, {}, ({ a, b }, { check }) => {
        check(a.or(b), 'one of them is there') // <-
        return {}
      }),
    'a synchroniser for logic': () =>
      maker({ a: bool, b: bool }, {}, ({ a, b }, builder) => nothing(sync2(builder, 'both', a.and(b), { to: pixel }))), // <-
    'a synchroniser for a word': () =>
      maker({ a: bits(4) }, {}, ({ a }, builder) => nothing(sync2(builder, 'word', a, { to: pixel }))), // <-
    'values of different delay that meet': () =>
      component('fused', (_: object) => ({
        // <-
        in: { a: byte, b: byte },
        out: { y: u(9) },
        latency: 'checked',
        logic({ a, b }, { regs }) {
          const r = regs({ early: byte, late: byte }) // <-
          r.early.next = a
          r.late.next = r.early
          return { y: r.late.add(b) }
        },
      }))({}).module,
    'something steady that is not there': () =>
      component('fused', (_: object) => ({
        // <-
        in: { zero_point: byte },
        out: { y: byte },
        latency: { steady: ['zero_piont'] },
        logic: ({ zero_point }) => ({ y: zero_point }),
      }))({}).module,
    'a balance over what was not assigned yet': () =>
      maker({ a: byte }, {}, ({ a }, builder) => {
        const r = builder.regs({ product: byte })
        return nothing(balance(builder, { product: r.product, a })) // <-
      }),

    'a memory of one word': () =>
      maker({}, {}, (_, { memory }) => nothing(memory('store', { depth: 1, of: s(4), collide: 'old' }))), // <-
    'a memory whose words cannot be 0': () =>
      maker({}, {}, (_, { memory }) => nothing(memory('store', { depth: 4, of: range(9, 15), collide: 'old' }))), // <-
    'a memory with too many first words': () =>
      maker({}, {}, (_, { rom }) => nothing(rom('numbers', { depth: 2, of: s(4), initial: [1, 2, 3] }))), // <-
    'a first word that does not fit': () =>
      maker({}, {}, (_, { rom }) => nothing(rom('numbers', { of: s(4), initial: [1, 8] }))), // <-
    'an address beyond the memory': () =>
      maker({ at: u(3) }, {}, ({ at }, { rom }) => nothing(rom('numbers', { of: s(4), initial: [1, 2, 3] }).read(at))), // <-
    'a word that is too wide': () =>
      maker(
        { at: u(2), word: s(5) },
        {},
        ({ at, word }, { memory }) => nothing(memory('store', { depth: 4, of: s(4), collide: 'old' }).write(at, word)), // <-
      ),
    'a memory that is never read': () =>
      maker({ at: u(2) }, {}, ({ at }, { memory }) => {
        memory('store', { depth: 4, of: s(4), collide: 'old' }).write(at, 1) // <-
        return {}
      }),
    'a memory that is never written': () =>
      maker(
        { at: u(2) },
        {},
        ({ at }, { memory }) => nothing(memory('store', { depth: 4, of: s(4), collide: 'old' }).read(at)), // <-
      ),
    'a third write port': () =>
      maker({ at: u(2) }, {}, ({ at }, { memory }) => {
        const store = memory('store', { depth: 4, of: s(4), collide: 'old' })
        store.write(at, 1)
        store.write(at, 2)
        store.write(at, 3) // <-
        return {}
      }),

    'a memory that does not say how reads and writes meet': () =>
      maker({}, {}, (_, { memory }) => nothing(memory('store', { depth: 4, of: s(4) } as never))), // <-
    'a memory without a shape': () =>
      maker({}, {}, (_, { memory }) => nothing(memory('store', { depth: 4, of: 8 as never, collide: 'old' }))), // <-
    'a first word that is a signal': () =>
      maker({ a: s(4) }, {}, ({ a }, { rom }) => nothing(rom('numbers', { of: s(4), initial: [1, a as never] }))), // <-
    'a stream whose data alone is on a clock': () => stream(on(pixel, s(8))), // <-
    'a memory between clocks that shows old words': () =>
      maker({ at: u(2), there: on(pixel, u(2)) }, {}, ({ at, there }, { memory }) => {
        const store = memory('store', { depth: 4, of: s(4), collide: 'old' }) // <-
        store.write(at, 1)
        return nothing(store.read(there, { clock: pixel }))
      }),
    'lanes of a memory of numbers': () =>
      maker({ at: u(2) }, {}, ({ at }, { memory }) => {
        const store = memory('store', { depth: 4, of: s(4), collide: 'old' })
        return nothing(store.write(at, 1, { lanes: [true] } as never)) // <-
      }),
    'lanes of a memory that shows new words': () =>
      maker({ at: u(2), one: bool }, {}, ({ at, one }, { memory }) => {
        const store = memory('store', { depth: 4, of: vec(2, s(4)), collide: 'new' })
        return nothing(store.write(at, [1, 2], { lanes: [one, true] })) // <-
      }),

    'a fork of one way': () => maker({ x: stream(s(8)) }, {}, ({ x }, builder) => nothing(fork(builder, 'both', x, 1))), // <-
    'an arbiter of nothing': () => maker({}, {}, (_, builder) => nothing(arbiter(builder, 'choose', [], 'priority'))), // <-
    'an arbiter that does not say whose turn it is': () =>
      maker(
        { x: stream(s(8)), z: stream(s(8)) },
        {},
        ({ x, z }, builder) => nothing(arbiter(builder, 'choose', [x, z], 'random' as never)), // <-
      ),
    'a delay by half a cycle': () =>
      maker({ a: s(8) }, {}, ({ a }, builder) => nothing(delay(builder, 'late', a, 0.5))), // <-
    'a stream that is joined with itself': () =>
      maker({ x: stream(s(8)) }, {}, ({ x }, builder) => nothing(join(builder, 'pair', x, x, (one) => one))), // <-
    'a component printed in place of its module': () => printVerilog(Adder({}) as never), // <-
    'a queue of one element': () =>
      maker({ x: stream(s(8)) }, {}, ({ x }, builder) => nothing(queue(builder, 'store', x, 1))), // <-
    'a queue of words that cannot be 0': () =>
      maker(
        { x: stream(s(8).plus({ min: 200n, max: 200n })) },
        {},
        ({ x }, builder) => nothing(queue(builder, 'store', x, 4)), // <-
      ),
    'a queue that nobody takes from': () =>
      maker({ x: stream(s(8)) }, {}, ({ x }, builder) => nothing(queue(builder, 'store', x, 4))), // <-
    'a queue between clocks of three words': () => asyncFifo({ of: s(8), depth: 3, write: mainClock, read: pixel }), // <-

    'a black box called like a keyword': () => blackBox('module', boxed), // <-
    'a black box with a port called like a keyword': () =>
      blackBox('BOX', { in: { reg: s(8) }, out: {}, model: { outputs: {} } }), // <-
    'a black box whose ports differ in case alone': () =>
      blackBox('BOX', { in: { A: s(8), a: s(8) }, out: {}, model: { outputs: {} } }), // <-
    'a black box with a state and no clock': () =>
      blackBox('BOX', { ...boxed, model: { ...boxed.model, reset: 0n, next: () => 0n } }), // <-
    'a model that reads what it does not say': () => {
      const Box = blackBox('BOX', {
        in: { A: s(8) },
        out: { P: s(8) },
        through: { P: [] },
        model: { outputs: { P: ({ A }) => A } }, // <-
      })
      const module = maker({ a: s(8) }, { y: s(8) }, ({ a }, { use }) => ({ y: use('box', Box, { A: a }).P }))
      const engine = openEngine('js', module)
      engine.step()
      return engine.outputs[0]
    },
    'two modules of one name': () =>
      printVerilog(
        maker({}, {}, (_, { use }) => {
          use('one', named('same', 1), { a: 0 }) // <-
          use('two', named('same', 2), { a: 0 }) // <-
          return {}
        }),
      ),
    'two modules whose names differ in case': () =>
      printVerilog(
        maker({}, {}, (_, { use }) => {
          use('one', named('mac', 1), { a: 0 }) // <-
          use('two', named('Mac', 2), { a: 0 }) // <-
          return {}
        }),
      ),
    'a component called like a black box': () =>
      printVerilog(
        maker({ a: s(8) }, {}, ({ a }, { use }) => {
          use('one', blackBox('mac', boxed), { A: a }) // <-
          use('two', named('mac', 8), { a: 0 }) // <-
          return {}
        }),
      ),
    'two black boxes of one name': () =>
      printVerilog(
        maker({ a: s(8) }, {}, ({ a }, { use }) => {
          use('one', blackBox('BOX', boxed), { A: a }) // <-
          use('two', blackBox('BOX', { ...boxed, in: { A: s(9) } }), { A: a }) // <-
          return {}
        }),
      ),
  },
}
