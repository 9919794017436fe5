import { describe, expect, it } from 'vitest'
import { type Bool, bool, component, type Int, mux, s, u, vec } from '../../src/dsl/index.ts'
import { maker, mistake, run, trace } from './maker.ts'

const byte = u(8)
const Delay = component('delay', (p: { width: number }) => ({
  in: { a: u(p.width) },
  out: { y: u(p.width) },
  logic({ a }, { regs }) {
    const r = regs({ held: u(p.width) })
    r.held.next = a
    return { y: r.held }
  },
}))

describe('an instance', () => {
  it('gives its outputs and keeps registers of its own', () => {
    const module = maker({ a: byte }, { one: byte, two: byte }, ({ a }, { use }) => {
      const first = use('first', Delay({ width: 8 }), { a })
      const second = use('second', Delay({ width: 8 }), { a: first.y })
      return { one: first.y, two: second.y }
    })
    expect(run(module, [{ a: 1 }, { a: 2 }, { a: 3 }]).at(-1)).toEqual({ one: 2n, two: 1n })
    expect(module.instances.map(({ of }) => of)).toEqual([Delay({ width: 8 }).module, Delay({ width: 8 }).module])
  })

  it('takes literals and narrower values on its inputs, and vectors element by element', () => {
    const Sum = component('sum_of_three', (_: object) => ({
      in: { a: vec(3, s(8)) },
      out: { y: s(8).sumOf(3) },
      logic: ({ a }) => ({ y: a[0]!.add(a[1]!).add(a[2]!) }),
    }))
    const module = maker({ a: s(4) }, { y: s(8).sumOf(3) }, ({ a }, { use }) =>
      use('sums', Sum({}), { a: [a, -100, 7] }),
    )
    expect(run(module, [{ a: -8 }, { a: 3 }])).toEqual([{ y: -101n }, { y: -90n }])
  })

  it('feeds another one that feeds it, through wires, with a register in the way', () => {
    const Adder = component('adder', (_: object) => ({
      in: { a: byte, b: byte },
      out: { y: byte },
      logic: ({ a, b }) => ({ y: a.add(b).wrap(byte) }),
    }))
    const module = maker({ a: byte }, { total: byte }, ({ a }, { use, wires }) => {
      const w = wires({ sum_now: byte })
      const { y } = use('adder', Adder({}), { a, b: w.sum_now })
      w.sum_now.value = use('state', Delay({ width: 8 }), { a: y }).y
      return { total: w.sum_now }
    })
    expect(trace(module, 'total', [{ a: 1 }, { a: 2 }, { a: 3 }, { a: 250 }, { a: 0 }])).toEqual([0n, 1n, 3n, 6n, 0n])
  })

  it('cannot hold itself without end, but smaller ones of its kind', () => {
    const Endless: (p: { depth: number }) => ReturnType<typeof Delay> = component(
      'endless',
      (p: { depth: number }) => ({
        in: { a: byte },
        out: { y: byte },
        logic: ({ a }, { use }) => use('inner', Endless({ depth: p.depth }), { a }),
      }),
    ) as never
    expect(mistake(() => Endless({ depth: 1 }).module)).toMatchInlineSnapshot(
      `"E-LOOP in endless_depth_1 (instances.test.ts, line 'logic: ({ a }, { use }) => use('inner', Endless({ depth: p.depth }), { a })'), instance 'inner' of endless_depth_1 (instances.test.ts, line 'logic: ({ a }, { use }) => use('inner', Endless({ depth: p.depth }), { a })'): the component contains itself without end; give the inner one smaller parameters and stop somewhere"`,
    )
    const Tree: (p: { depth: number }) => ReturnType<typeof Delay> = component('tree', (p: { depth: number }) => ({
      in: { a: byte },
      out: { y: byte },
      logic: ({ a }: { a: Int }, builder) =>
        builder.use('inner', p.depth === 0 ? Delay({ width: 8 }) : Tree({ depth: p.depth - 1 }), { a }),
    })) as never
    expect(trace(Tree({ depth: 2 }).module, 'y', [{ a: 5 }, { a: 0 }])).toEqual([0n, 5n])
  })
})

describe('a signal of another component', () => {
  const strange = (): { number: Int; flag: Bool } => {
    let caught: { number: Int; flag: Bool } | undefined
    component('elsewhere', (_: object) => ({
      in: { number: byte, flag: bool },
      out: {},
      logic(inputs) {
        caught = inputs
        return {}
      },
    }))({}).module
    return caught!
  }

  it('is refused wherever it is read', () => {
    const { number, flag } = strange()
    expect(mistake(() => maker({ a: byte }, { y: u(9) }, ({ a }) => ({ y: a.add(number) })))).toMatchInlineSnapshot(
      `"E-FOREIGN in maker (instances.test.ts, line '() => maker({ a: byte }, { y: u(9) }, ({ a }) => ({ y: a.add(number) }))'): a signal of 'elsewhere' cannot be read in 'maker'; pass it through a port"`,
    )
    expect(mistake(() => maker({ a: byte }, { y: byte }, ({ a }) => ({ y: mux(flag, a, 0) })))).toMatchInlineSnapshot(
      `"E-FOREIGN in elsewhere (instances.test.ts, line 'component('elsewhere', (_: object) => ({'): a signal of 'maker' cannot be read in 'elsewhere'; pass it through a port"`,
    )
    expect(
      mistake(() =>
        maker({ a: byte }, { y: byte }, ({ a }, { regs, when }) => {
          const r = regs({ state: byte })
          when(flag, () => {
            r.state.next = a
          })
          return { y: r.state }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-FOREIGN in maker (instances.test.ts, line 'when(flag, () => {'): a signal of 'elsewhere' cannot be read in 'maker'; pass it through a port"`,
    )
    expect(
      mistake(() =>
        maker({ a: byte }, { y: byte }, ({ a }, { check }) => {
          check(flag, 'it holds')
          return { y: a }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-FOREIGN in maker (instances.test.ts, line 'check(flag, 'it holds')'): a signal of 'elsewhere' cannot be read in 'maker'; pass it through a port"`,
    )
    expect(
      mistake(() => maker({ a: byte }, { y: u(4) }, (_, { checked }) => ({ y: checked(number, u(4), 'it fits') }))),
    ).toMatchInlineSnapshot(
      `"E-FOREIGN in maker (instances.test.ts, line 'mistake(() => maker({ a: byte }, { y: u(4) }, (_, { checked }) => ({ y: checked(number, u(4), 'it fits') })))'): a signal of 'elsewhere' cannot be read in 'maker'; pass it through a port"`,
    )
    expect(mistake(() => maker({ a: byte }, { y: byte }, () => ({ y: number })))).toMatchInlineSnapshot(
      `"E-FOREIGN in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): a signal of 'elsewhere' cannot be read in 'maker'; pass it through a port"`,
    )
  })
})
