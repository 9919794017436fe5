import { describe, expect, it } from 'vitest'
import { bool, component, range, u, vec } from '../../src/dsl/index.ts'
import { maker, mistake, run, trace } from './maker.ts'

const byte = u(8)

describe('a register', () => {
  it('takes its next value at the clock edge and reads as the old one before', () => {
    const module = maker({ a: byte }, { y: byte }, ({ a }, { regs }) => {
      const r = regs({ held: byte })
      r.held.next = a
      return { y: r.held }
    })
    expect(trace(module, 'y', [{ a: 5 }, { a: 6 }, { a: 7 }])).toEqual([0n, 5n, 6n])
  })

  it('reads as the old value even after its next one is set', () => {
    const module = maker({ a: byte }, { y: byte, z: byte }, ({ a }, { regs }) => {
      const r = regs({ first: byte, second: byte })
      r.first.next = a
      r.second.next = r.first
      return { y: r.first, z: r.second }
    })
    expect(run(module, [{ a: 5 }, { a: 6 }, { a: 7 }]).at(-1)).toEqual({ y: 6n, z: 5n })
  })

  it('holds where nothing is assigned', () => {
    const module = maker({ load: bool, a: byte }, { y: byte }, ({ load, a }, { regs, when }) => {
      const r = regs({ held: byte })
      when(load, () => {
        r.held.next = a
      })
      return { y: r.held }
    })
    expect(
      trace(module, 'y', [
        { load: 1, a: 9 },
        { load: 0, a: 1 },
        { load: 0, a: 2 },
        { load: 1, a: 3 },
        { load: 0, a: 4 },
      ]),
    ).toEqual([0n, 9n, 9n, 9n, 3n])
  })

  it('starts at 0, or at the bound nearest to it', () => {
    const module = maker({}, { a: range(-3, 5), b: range(3, 5), c: range(-5, -3) }, (_, { regs }) => {
      const r = regs({ zero: range(-3, 5), least: range(3, 5), most: range(-5, -3) })
      return { a: r.zero, b: r.least, c: r.most }
    })
    expect(run(module, [{}])).toEqual([{ a: 0n, b: 3n, c: -3n }])
  })

  it('may be one of many under one name, name_0 upwards', () => {
    const module = maker({ a: byte }, { y: vec(3, byte) }, ({ a }, { regs }) => {
      const { stage } = regs({ stage: vec(3, byte) })
      stage.forEach((register, k) => {
        register.next = k === 0 ? a : stage[k - 1]!
      })
      return { y: stage }
    })
    expect(module.registers.map(({ name }) => name)).toEqual(['stage_0', 'stage_1', 'stage_2'])
    expect(run(module, [{ a: 1 }, { a: 2 }, { a: 3 }]).at(-1)).toEqual({ y_0: 2n, y_1: 1n, y_2: 0n })
  })
})

describe('when', () => {
  it('lets the last assignment win, whether it stands inside or outside', () => {
    const module = maker({ c: bool }, { first: byte, second: byte }, ({ c }, { regs, when }) => {
      const r = regs({ in_when: byte, out_of_when: byte })
      r.in_when.next = 1
      when(c, () => {
        r.in_when.next = 2
        r.in_when.next = 3
        r.out_of_when.next = 4
      })
      r.out_of_when.next = 5
      return { first: r.in_when, second: r.out_of_when }
    })
    expect(run(module, [{ c: 1 }, { c: 0 }, { c: 0 }]).slice(1)).toEqual([
      { first: 3n, second: 5n },
      { first: 1n, second: 5n },
    ])
  })

  it('nests: the inner branch counts only inside the outer one', () => {
    const module = maker({ a: bool, b: bool }, { y: byte }, ({ a, b }, { regs, when }) => {
      const r = regs({ state: byte })
      when(
        a,
        () => {
          r.state.next = 1
          when(
            b,
            () => {
              r.state.next = 2
            },
            () => {
              r.state.next = 3
            },
          )
        },
        () => {
          when(b, () => {
            r.state.next = 4
          })
        },
      )
      return { y: r.state }
    })
    const rows = [
      { a: 1, b: 1 },
      { a: 1, b: 0 },
      { a: 0, b: 0 },
      { a: 0, b: 1 },
      { a: 0, b: 0 },
    ]
    expect(trace(module, 'y', rows)).toEqual([0n, 2n, 3n, 3n, 4n])
  })

  it('leaves a register that only one branch assigns as it was in the other one', () => {
    const module = maker({ c: bool, a: byte }, { x: byte, y: byte }, ({ c, a }, { regs, when }) => {
      const r = regs({ left: byte, state: byte })
      when(
        c,
        () => {
          r.left.next = a
        },
        () => {
          r.state.next = a
        },
      )
      return { x: r.left, y: r.state }
    })
    expect(
      run(module, [
        { c: 1, a: 7 },
        { c: 0, a: 8 },
        { c: 0, a: 9 },
      ]).slice(1),
    ).toEqual([
      { x: 7n, y: 0n },
      { x: 7n, y: 8n },
    ])
  })

  it('returns to what was assigned before where a body throws', () => {
    const module = maker({ c: bool }, { y: byte }, ({ c }, { regs, when }) => {
      const r = regs({ state: byte })
      r.state.next = 1
      try {
        when(c, () => {
          r.state.next = 2
          throw new Error('the body gives up')
        })
      } catch {
        // What the body assigned before stays: it is the user's to clear up; conditions after it are not affected.
      }
      r.state.next = 3
      return { y: r.state }
    })
    expect(trace(module, 'y', [{ c: 1 }, { c: 0 }])).toEqual([0n, 3n])
  })
})

describe('a wire', () => {
  it('takes a value in both branches, or once before', () => {
    const module = maker({ c: bool, a: byte }, { first: byte, second: byte }, ({ c, a }, { wires, when }) => {
      const w = wires({ both: byte, once: byte })
      w.once.value = 1
      when(
        c,
        () => {
          w.both.value = a
          w.once.value = 2
        },
        () => {
          w.both.value = 0
        },
      )
      return { first: w.both, second: w.once }
    })
    expect(
      run(module, [
        { c: 1, a: 9 },
        { c: 0, a: 9 },
      ]),
    ).toEqual([
      { first: 9n, second: 2n },
      { first: 0n, second: 1n },
    ])
  })

  it('is refused with a value in one branch only', () => {
    expect(
      mistake(() =>
        maker({ c: bool, a: byte }, { y: byte }, ({ c, a }, { wires, when }) => {
          const w = wires({ half: byte })
          when(c, () => {
            w.half.value = a
          })
          return { y: w.half }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-UNDRIVEN in maker (when.test.ts, line 'when(c, () => {'): wire 'half' has no value where the condition is false; drive it in both branches or once before"`,
    )
  })

  it('is refused without any value, with the line that made it', () => {
    expect(
      mistake(() =>
        maker({}, { y: byte }, (_, { wires }) => {
          const w = wires({ forgotten: byte })
          return { y: w.forgotten }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-UNDRIVEN in maker (when.test.ts, line 'const w = wires({ forgotten: byte })'): wire 'forgotten' is never driven; set its .value"`,
    )
  })
})

describe('a place without a value', () => {
  const Child = component('child', (_: object) => ({
    in: { a: byte, b: vec(2, byte) },
    out: { y: byte },
    logic: ({ a }) => ({ y: a }),
  }))

  it('is refused: an input of an instance, and of a vector as many elements as it has', () => {
    expect(
      mistake(() => maker({}, { y: byte }, (_, { use }) => use('one', Child({}), { b: [1, 2] } as never))),
    ).toMatchInlineSnapshot(
      `"E-UNDRIVEN in maker (when.test.ts, line 'mistake(() => maker({}, { y: byte }, (_, { use }) => use('one', Child({}), { b: [1, 2] } as never)))'): input 'a' of 'one' has no value; give it one"`,
    )
    expect(
      mistake(() => maker({}, { y: byte }, (_, { use }) => use('one', Child({}), { a: 1, b: [1] }))),
    ).toMatchInlineSnapshot(
      `"E-RANGE in maker (when.test.ts, line 'mistake(() => maker({}, { y: byte }, (_, { use }) => use('one', Child({}), { a: 1, b: [1] })))'): input 'b' of 'one' takes an array of 2, got one of 1; pass as many"`,
    )
  })

  it('is refused: an output, with the line that declares the component', () => {
    const Forgetful = component('forgetful', (_: object) => ({
      in: { a: byte },
      out: { y: byte, z: byte },
      logic: ({ a }) => ({ y: a }) as never,
    }))
    expect(mistake(() => Forgetful({}).module)).toMatchInlineSnapshot(
      `"E-UNDRIVEN in forgetful (when.test.ts, line 'const Forgetful = component('forgetful', (_: object) => ({'): output 'z' has no value; give it one"`,
    )
  })

  it('and so is a value without a place, where an object is spread into another', () => {
    const extra = { a: 1, b: [1, 2], c: 3 } as const
    expect(
      mistake(() => maker({}, { y: byte }, (_, { use }) => use('one', Child({}), { ...extra }))),
    ).toMatchInlineSnapshot(
      `"E-NAME in maker (when.test.ts, line 'mistake(() => maker({}, { y: byte }, (_, { use }) => use('one', Child({}), { ...extra })))'): instance 'one' has no input 'c', its inputs are a, b; leave it out or declare it under 'in'"`,
    )
    const Generous = component('generous', (_: object) => ({
      in: { a: byte },
      out: { y: byte },
      logic: ({ a }) => ({ y: a, z: a }),
    }))
    expect(mistake(() => Generous({}).module)).toMatchInlineSnapshot(
      `"E-NAME in generous (when.test.ts, line 'const Generous = component('generous', (_: object) => ({'): logic has no output 'z', its outputs are y; leave it out or declare it under 'out'"`,
    )
  })
})
