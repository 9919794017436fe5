import { describe, expect, it } from 'vitest'
import { bool, component, type Module, printVerilog, range, s, u } from '../../src/dsl/index.ts'
import { type Engine, portLayout, portNamed, readPort, writePort } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { verilatorEngine } from '../../src/sim/verilator.ts'
import { toldBy } from '../fuzz/failures.ts'
import { maker, trace } from './maker.ts'

/** A sum of at most three terms, as its user promises. */
const ShortSum = component('short_sum', (p: { terms: number }) => ({
  in: { term: u(4), clear: bool },
  out: { total: u(4).sumOf(p.terms) },
  logic({ term, clear }, { regs, when, checked, check }) {
    const shape = u(4).sumOf(p.terms)
    const r = regs({ accumulator: shape })
    when(
      clear,
      () => {
        r.accumulator.next = 0
        check(term.eq(0), 'nothing is added while "clear" is 100% on')
      },
      () => {
        r.accumulator.next = checked(r.accumulator.add(term), shape, `at most ${p.terms} terms`)
      },
    )
    return { total: r.accumulator }
  },
}))

const Pair = component('pair', (_: object) => ({
  in: { term: u(4), clear: bool },
  out: { left: u(4).sumOf(3), right: u(4).sumOf(3) },
  logic: (inputs, { use, check }) => {
    const left = use('left_sum', ShortSum({ terms: 3 }), inputs).total
    const right = use('right_sum', ShortSum({ terms: 3 }), { ...inputs, term: 0 }).total
    check(left.lt(40), 'the left sum stays below 40')
    return { left, right }
  },
}))

const missing = ['verilator', 'g++', 'make'].filter((tool) => versionOf(tool) === undefined)
if (missing.length > 0)
  console.warn(`checks in Verilator are not tested: no ${missing.join(', ')}; run npm run setup:tools`)
const engines: readonly (readonly [string, (module: Module) => Engine])[] = [
  ['the interpreter', (module) => interpreter(module)],
  ['JavaScript', (module) => javascriptEngine(module)],
  ...(missing.length > 0
    ? []
    : [
        [
          'Verilator',
          (module: Module) =>
            verilatorEngine(
              { verilog: printVerilog(module), top: module.name, ports: portLayout(module) },
              { checks: true, effort: 'quick' },
            ),
        ] as const,
      ]),
]

describe.each(engines)('a promise, in %s,', (_, start) => {
  const play = (engine: Engine, rows: readonly { readonly term: number; readonly clear?: boolean }[]): void => {
    for (const { term, clear = false } of rows) {
      writePort(engine.inputs, portNamed(engine.ports.inputs, 'term'), BigInt(term))
      writePort(engine.inputs, portNamed(engine.ports.inputs, 'clear'), BigInt(clear))
      engine.step()
    }
  }

  it('is silent while it holds, and reported with cycle and instance path when it does not', () => {
    const engine = start(Pair({}).module)
    try {
      play(engine, [{ term: 15 }, { term: 15 }, { term: 9 }, { term: 0, clear: true }, { term: 15 }])
      expect([engine.failures, engine.failedChecks]).toEqual([[], 0])
      play(engine, [{ term: 15 }, { term: 15 }, { term: 1 }, { term: 3, clear: true }])
      expect([...toldBy(engine)].sort((a, b) => a.cycle - b.cycle || (a.message < b.message ? -1 : 1))).toEqual(
        [
          { cycle: 8, message: 'left_sum: nothing is added while "clear" is 100% on' },
          { cycle: 8, message: 'the left sum stays below 40' },
          { cycle: 7, message: 'left_sum: at most 3 terms' },
          { cycle: 7, message: 'the left sum stays below 40' },
        ].sort((a, b) => a.cycle - b.cycle || (a.message < b.message ? -1 : 1)),
      )
      expect(engine.failedChecks).toBe(4)
    } finally {
      engine.close()
    }
  })

  it('is told in its own words, whatever is in them, on one line', () => {
    const words = 'two\nlines, 100% "sure" \\ `endif `x ünï */ // ; endmodule \u0007 %m %d \\'
    const engine = start(
      maker({ term: u(4), clear: bool }, { y: u(3) }, ({ term }, { checked }) => ({ y: checked(term, u(3), words) })),
    )
    try {
      play(engine, [{ term: 8 }])
      expect(toldBy(engine)).toEqual([
        { cycle: 0, message: 'two lines, 100% "sure" \\ `endif `x ünï */ // ; endmodule %m %d \\' },
      ])
    } finally {
      engine.close()
    }
  })

  it('is not looked at during reset', () => {
    const engine = start(Pair({}).module)
    try {
      play(engine, [{ term: 15 }, { term: 15 }, { term: 15 }])
      engine.reset()
      expect(engine.failedChecks).toBe(0)
      play(engine, [{ term: 15 }])
      expect(engine.failedChecks).toBe(0)
      engine.step()
      expect(readPort(engine.outputs, portNamed(engine.ports.outputs, 'left'))).toBe(15n)
    } finally {
      engine.close()
    }
  })
})

describe('checked and check', () => {
  it('are free where the bounds say that the value fits', () => {
    const module = maker({ a: s(4) }, { y: s(8) }, ({ a }, { checked }) => ({ y: checked(a.add(1), s(8), 'always') }))
    expect([module.checks, module.operations.map(({ op }) => op)]).toEqual([[], ['add']])
  })

  it('keep the low bits where the promise is broken, and simulation goes on', () => {
    const module = maker({ a: u(8) }, { y: range(0, 9) }, ({ a }, { checked }) => ({
      y: checked(a, range(0, 9), 'a is a decimal digit'),
    }))
    expect(trace(module, 'y', [{ a: 9 }, { a: 0xfd }])).toEqual([9n, 0xdn])
  })

  it('inside several conditions hold where one of them does not', () => {
    const module = maker({ a: bool, b: bool, c: bool }, {}, ({ a, b, c }, { when, check }) => {
      when(a, () => {
        when(
          b,
          () => {},
          () => check(c, 'c holds where a does and b does not'),
        )
      })
      return {}
    })
    for (const start of [interpreter, javascriptEngine]) {
      const engine = start(module)
      for (let k = 0; k < 8; k++) {
        engine.inputs.set([k & 1, (k >> 1) & 1, (k >> 2) & 1])
        engine.step()
      }
      expect(engine.failures.map(({ cycle }) => cycle)).toEqual([0b001])
    }
  })

  it('leave out what always holds', () => {
    const module = maker({ a: u(4) }, { y: u(4) }, ({ a }, { check }) => {
      check(a.lt(16), 'four bits end at 15')
      return { y: a }
    })
    expect(module.checks).toEqual([])
  })

  it('may be switched off', () => {
    for (const start of [interpreter, javascriptEngine]) {
      const engine = start(Pair({}).module, { checks: false })
      for (let k = 0; k < 9; k++) {
        writePort(engine.inputs, portNamed(engine.ports.inputs, 'term'), 15n)
        engine.step()
      }
      expect([engine.failures, engine.failedChecks]).toEqual([[], 0])
    }
  })
})
