import { bool, clock, component, enumeration, on, record, reset, s, stream, u } from '../../../src/dsl/index.ts'
import { maker, nothing } from '../maker.ts'
import type { Faults } from './faults.ts'

const Child = component('child', (_: object) => ({
  in: { enable: bool, data: s(8) },
  out: { total: s(8) },
  logic: ({ data }) => ({ total: data }),
}))
const mode = enumeration('mode', ['idle', 'load'])

/** Names, ports, registers, wires, instances and branches. */
export const places: Faults = {
  file: import.meta.filename,
  all: {
    'an input called like a keyword of Verilog': () =>
      component('names', (_: object) => ({ in: { reg: bool }, out: {}, logic: () => ({}) }))({}).module, // <-
    'an output called like a word of VHDL': () =>
      component('names', (_: object) => ({ in: {}, out: { range: bool }, logic: () => ({ range: true }) }))({}).module, // <-
    'an input called like a keyword of C++': () =>
      component('names', (_: object) => ({ in: { delete: bool }, out: {}, logic: () => ({}) }))({}).module, // <-
    'a port with an umlaut': () =>
      component('names', (_: object) => ({ in: { größe: u(4) }, out: {}, logic: () => ({}) }))({}).module, // <-
    'ports that come to one net': () =>
      component('names', (_: object) => ({
        // <-
        in: { x: record({ sign: bool }), x_sign: bool },
        out: {},
        logic: () => ({}),
      }))({}).module,
    'a register that an input is called': () =>
      maker({ count: u(4) }, {}, (_, { regs }) => {
        regs({ Count: u(4) }) // <-
        return {}
      }),
    'a register that is called like an output': () =>
      maker({}, { count: u(4) }, (_, { regs }) => {
        regs({ count: u(4) }) // <-
        return { count: 3 }
      }),
    'a register of another shape than the output of its name': () =>
      maker({}, { count: u(8) }, (_, { regs }) => {
        const r = regs({ count: u(4) }) // <-
        return { count: r.count }
      }),
    'an instance called like a wire': () =>
      maker({}, {}, (_, { wires, use }) => {
        const w = wires({ one: s(8) })
        w.one.value = use('one', Child({}), { enable: true, data: 1 }).total // <-
        return {}
      }),
    'a value with a space in its name': () => maker({ a: s(8) }, {}, ({ a }) => nothing(a.add(1).named('a plus 1'))), // <-
    'a clock with a dash in its name': () => clock('pixel-clock'), // <-
    'a register called like the port of a clock': () =>
      maker({ seen: on(clock('pixel'), bool) }, {}, (_, { regs }) => {
        regs({ pixel_rst: bool }) // <-
        return {}
      }),

    'a wire that nobody drives': () =>
      maker({}, {}, (_, { wires }) => {
        wires({ back: s(8) }) // <-
        return {}
      }),
    'a wire that one branch alone drives': () =>
      maker({ flag: bool }, {}, ({ flag }, { wires, when }) => {
        const w = wires({ back: s(8) })
        when(flag, () => {
          // <-
          w.back.value = 1
        })
        return {}
      }),
    'a wire that one arm alone drives': () =>
      maker({ m: mode }, {}, ({ m }, { wires, match }) => {
        const w = wires({ back: s(8) })
        match(m, {
          // <-
          idle() {
            w.back.value = 1
          },
          load() {},
        })
        return {}
      }),
    'an output without a value': () =>
      component('lazy', (_: object) => ({ in: {}, out: { y: bool }, logic: () => ({}) as never }))({}).module, // <-
    'an output that was not declared': () =>
      component('eager', (_: object) => ({ in: {}, out: { y: bool }, logic: () => ({ y: true, z: true }) }))({}).module, // <-
    'a misspelt output': () =>
      component('hasty', (_: object) => ({
        // <-
        in: {},
        out: { result: bool },
        logic: () => ({ reslut: true }) as never,
      }))({}).module,
    'logic that returns nothing': () =>
      component('silent', (_: object) => ({ in: {}, out: { y: bool }, logic: () => undefined as never }))({}).module, // <-
    'logic that returns its value alone': () =>
      component('bare', (_: object) => ({
        // <-
        in: { a: bool },
        out: { y: bool },
        logic: ({ a }) => a as never,
      }))({}).module,
    'logic that is async': () =>
      component('later', (_: object) => ({
        // <-
        in: {},
        out: { y: bool },
        logic: (async () => ({ y: true })) as never,
      }))({}).module,

    'an instance without an input': () =>
      maker({}, {}, (_, { use }) => nothing(use('one', Child({}), { data: 1 } as never))), // <-
    'an instance with a misspelt input': () =>
      maker({}, {}, (_, { use }) => nothing(use('one', Child({}), { enable: true, data: 1, date: 1 } as never))), // <-
    'an instance of a component without inputs': () => {
      const Source = component('source', (_: object) => ({ in: {}, out: { y: bool }, logic: () => ({ y: true }) }))
      return maker({}, {}, (_, { use }) => nothing(use('one', Source({}), { enable: true } as never))) // <-
    },
    'an instance input that is too narrow': () =>
      maker({ a: s(9) }, {}, ({ a }, { use }) => nothing(use('one', Child({}), { enable: true, data: a }))), // <-
    'an instance of a component without its parameters': () =>
      maker({}, {}, (_, { use }) => nothing(use('one', Child as never, {}))), // <-
    'an instance with a clock that it has not': () =>
      maker({}, {}, (_, { use }) => {
        const clocks = [[clock('pixl'), clock('camera')]] as const
        const Seen = component('seen', (_: object) => ({
          in: { hsync: on(clock('pixel'), bool) },
          out: {},
          logic: () => ({}),
        }))
        return nothing(use('one', Seen({}), { hsync: true }, { clocks })) // <-
      }),

    'a reset value that is a signal': () =>
      maker({ a: s(8) }, {}, ({ a }, { regs }) => {
        regs({ held: reset(s(8), a as never) }) // <-
        return {}
      }),
    'a reset value that does not fit': () =>
      maker({}, {}, (_, { regs }) => {
        regs({ held: reset(u(4), 16) }) // <-
        return {}
      }),
    'a state machine of one state': () => maker({}, {}, (_, { fsm }) => nothing(fsm('control', { idle() {} }))), // <-
    'a state that is not there': () =>
      maker({}, {}, (_, { fsm }) =>
        nothing(
          fsm('control', {
            idle({ goto }) {
              goto('laod' as never) // <-
            },
            load() {},
          }),
        ),
      ),

    'a stream that nobody takes': () =>
      component('drain', (_: object) => ({ in: { x: stream(s(8)) }, out: {}, logic: () => ({}) }))({}).module, // <-
    'a stream that is taken twice': () =>
      maker({ x: stream(s(8)) }, { y: stream(s(8)) }, ({ x }, builder) => {
        builder.use('one', Sink({}), { x })
        builder.use('two', Sink({}), { x }) // <-
        return { y: { valid: false, data: 0 } }
      }),
    'a stream without data': () =>
      component('half', (_: object) => ({
        // <-
        in: {},
        out: { y: stream(s(8)) },
        logic: () => ({ y: { valid: true } as never }),
      }))({}).module,
    'a signal where a stream is wanted': () =>
      maker({ a: s(8) }, {}, ({ a }, { use }) => nothing(use('one', Sink({}), { x: a as never }))), // <-
    'a stream where a signal is wanted': () =>
      maker({ x: stream(s(8)) }, {}, ({ x }, { use }) => {
        x.ready.value = true
        return nothing(use('one', Child({}), { enable: true, data: x as never })) // <-
      }),
    'a stream whose data waits to be taken': () =>
      maker({ a: s(8) }, { y: stream(s(8)) }, ({ a, y }, { stream: make }) => {
        const offered = make('offered', s(8), { valid: y.ready, data: a }) // <-
        return { y: offered }
      }),
    'a warning that is accepted without why': () =>
      component('idle', (_: object) => ({
        // <-
        in: { unread: bool },
        out: { y: bool },
        accepted: { 'W-UNUSED': { unread: ' ' } },
        logic: () => ({ y: true }),
      }))({}).module,
    'an acceptance that nothing needs': () =>
      component('busy', (_: object) => ({
        // <-
        in: { read: bool },
        out: { y: bool },
        accepted: { 'W-UNUSED': { read: 'kept for the next version' } },
        logic: ({ read }) => ({ y: read }),
      }))({}).module,
    'inputs, registers and instances that nobody reads': () =>
      component('idle', (_: object) => ({
        // <-
        in: { unread: bool },
        out: { y: bool },
        logic(_inputs, { regs, use }) {
          regs({ forgotten: bool }) // <-
          use('spare', Child({}), { enable: true, data: 1 }) // <-
          return { y: true }
        },
      }))({}).module,
  },
}

const Sink = component('sink', (_: object) => ({
  in: { x: stream(s(8)) },
  out: {},
  logic({ x }) {
    x.ready.value = true
    return {}
  },
}))
