import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bool, component, s, u } from '../../src/dsl/index.ts'
import { flatten } from '../../src/sim/flatten.ts'
import { maker, mistake, run } from './maker.ts'

const byte = u(8)

/** Two paths that do not meet: `y` comes from `a`, `z` from `b`; and one through a register. */
const Crossing = component('crossing', (_: object) => ({
  in: { a: byte, b: byte, c: byte },
  out: { y: byte, z: byte, held: byte },
  logic({ a, b, c }, { regs }) {
    const r = regs({ state: byte })
    r.state.next = c
    return { y: a.add(1).wrap(byte), z: b.add(2).wrap(byte), held: r.state }
  },
}))

describe('a value that depends on itself within a cycle', () => {
  it('is refused inside a component, with the wires on its way and the line of the first', () => {
    expect(
      mistake(() =>
        maker({ a: byte }, { y: byte }, ({ a }, { wires }) => {
          const w = wires({ here: byte, there: byte })
          w.here.value = w.there.add(a).wrap(byte)
          w.there.value = w.here.add(1).wrap(byte)
          return { y: w.here }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-LOOP in maker (loops.test.ts, line 'const w = wires({ here: byte, there: byte })'): here (loops.test.ts, line 'const w = wires({ here: byte, there: byte })') -> there (loops.test.ts, line 'const w = wires({ here: byte, there: byte })') -> here depends on itself within one cycle; put a register into the path"`,
    )
  })

  it('is refused where a wire is its own driver', () => {
    expect(
      mistake(() =>
        maker({}, { y: byte }, (_, { wires }) => {
          const { self } = wires({ self: byte })
          self.value = self
          return { y: self }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-LOOP in maker (loops.test.ts, line 'const { self } = wires({ self: byte })'): self (loops.test.ts, line 'const { self } = wires({ self: byte })') -> self depends on itself within one cycle; put a register into the path"`,
    )
  })

  it('is refused through an instance, and through several, with their ports', () => {
    expect(
      mistake(() =>
        maker({}, { y: byte }, (_, { wires, use }) => {
          const w = wires({ back: byte })
          const one = use('one', Crossing({}), { a: w.back, b: 0, c: 0 })
          const two = use('two', Crossing({}), { a: 0, b: one.y, c: 0 })
          w.back.value = two.z
          return { y: two.z }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-LOOP in maker (loops.test.ts, line 'const w = wires({ back: byte })'): back (loops.test.ts, line 'const w = wires({ back: byte })') -> one.a -> one.y (loops.test.ts, line 'const one = use('one', Crossing({}), { a: w.back, b: 0, c: 0 })') -> two.b -> two.z (loops.test.ts, line 'const two = use('two', Crossing({}), { a: 0, b: one.y, c: 0 })') -> back depends on itself within one cycle; put a register into the path"`,
    )
  })

  it('is refused in a condition', () => {
    expect(
      mistake(() =>
        maker({ a: bool }, { y: bool }, ({ a }, { wires, when }) => {
          const w = wires({ state: bool })
          w.state.value = false
          when(w.state.not(), () => {
            w.state.value = a
          })
          return { y: w.state }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-LOOP in maker (loops.test.ts, line 'const w = wires({ state: bool })'): state (loops.test.ts, line 'const w = wires({ state: bool })') -> state depends on itself within one cycle; put a register into the path"`,
    )
  })
})

describe('wires and instances in any arrangement', () => {
  const outputs = ['y', 'z', 'held'] as const
  /** The input that each output of `Crossing` depends on within the cycle. */
  const through = { y: 'a', z: 'b', held: undefined } as const
  /** Crossings in a child, so that a path through them shows only in the hierarchy. */
  const Nested = component('nested', (_: object) => ({
    in: { a: byte, b: byte, c: byte },
    out: { y: byte, z: byte, held: byte },
    logic({ a, b, c }, { use }) {
      const first = use('first', Crossing({}), { a, b, c })
      const second = use('second', Crossing({}), { a: first.y, b: first.z, c: first.held })
      return { y: second.y, z: second.z, held: second.held }
    },
  }))

  it('are refused where they are described, with every line, or make no loop for the engines either', () => {
    const arrangement = fc.array(
      fc.record({
        isNested: fc.boolean(),
        a: fc.nat(5),
        b: fc.nat(5),
        c: fc.nat(5),
        output: fc.constantFrom(...outputs),
      }),
      { minLength: 1, maxLength: 6 },
    )
    const seen = { refused: 0, made: 0 }
    fc.assert(
      fc.property(arrangement, (all) => {
        // Wire k is driven by an output of instance k, whose inputs are wires.
        const drivenBy = all.map(({ output, ...inputs }) => {
          const input = through[output]
          return input && inputs[input] % all.length
        })
        const isLoop = all.some((_, start) => {
          let at: number | undefined = start
          for (let step = 0; step <= all.length && at !== undefined; step++) at = drivenBy[at]
          return at !== undefined
        })
        const make = () =>
          maker({}, { y: byte }, (_, { wires, use }) => {
            const w = all.map((_, k) => wires({ [`w${k}`]: byte })[`w${k}`]!)
            all.forEach(({ isNested, a, b, c, output }, k) => {
              const [x, y, z] = [a, b, c].map((wire) => w[wire % all.length]!)
              w[k]!.value = use(`i${k}`, (isNested ? Nested : Crossing)({}), { a: x!, b: y!, c: z! })[output]
            })
            return { y: w[0]! }
          })
        if (!isLoop) {
          seen.made++
          flatten(make())
          return
        }
        seen.refused++
        const place = String.raw`\(test/dsl/loops\.test\.ts:\d+\)`
        const step = String.raw`w\d ${place} -> i\d\.[ab] -> i\d\.[yz] ${place} -> `
        expect(make).toThrow(
          new RegExp(`^E-LOOP in maker ${place}: (?:${step})+w\\d depends on itself within one cycle; `),
        )
      }),
    )
    expect(Math.min(seen.refused, seen.made)).toBeGreaterThan(10)
  })
})

describe('a value that only seems to depend on itself', () => {
  it('is allowed through an instance whose paths do not meet, and simulates', () => {
    const module = maker({ a: byte }, { y: byte }, ({ a }, { wires, use }) => {
      const w = wires({ back: byte })
      const one = use('one', Crossing({}), { a, b: w.back, c: 0 })
      w.back.value = one.y
      return { y: one.z }
    })
    expect(run(module, [{ a: 10 }, { a: 254 }])).toEqual([{ y: 13n }, { y: 1n }])
    expect(flatten(module).values.filter(({ op }) => op === 'add')).toHaveLength(2)
  })

  it('is allowed through two instances of one component that feed each other on different paths', () => {
    const module = maker({ a: byte }, { y: byte }, ({ a }, { wires, use }) => {
      const w = wires({ back: byte })
      const one = use('one', Crossing({}), { a, b: w.back, c: 0 })
      const two = use('two', Crossing({}), { a: one.y, b: 0, c: 0 })
      w.back.value = two.y
      return { y: one.z }
    })
    expect(run(module, [{ a: 10 }])).toEqual([{ y: 14n }])
  })

  it("is allowed through a register, its own or an instance's", () => {
    const module = maker({}, { y: byte }, (_, { wires, use }) => {
      const w = wires({ back: byte })
      const one = use('one', Crossing({}), { a: w.back, b: 0, c: w.back })
      w.back.value = one.held.add(1).wrap(byte)
      return { y: one.y }
    })
    expect(run(module, [{}, {}, {}]).map(({ y }) => y)).toEqual([2n, 3n, 4n])
  })

  it('is followed through chains of thousands of instances without running out of stack', () => {
    const Step = component('step', (_: object) => ({
      in: { a: s(8) },
      out: { y: s(8) },
      logic: ({ a }) => ({ y: a.add(1).wrap(s(8)) }),
    }))
    const module = maker({ a: s(8) }, { y: s(8) }, ({ a }, { use }) => {
      let y = a
      for (let k = 0; k < 5000; k++) y = use(`step_${k}`, Step({}), { a: y }).y
      return { y }
    })
    expect(run(module, [{ a: 0 }])).toEqual([{ y: BigInt.asIntN(8, 5000n) }])
  })
})
