import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as one from '../../src/language.ts'

const built = existsSync('dist/language.js')
if (!built) console.warn('two copies of the package are not tested: run npm run build first (npm test does)')

/** The compiled package beside the sources: two of every class in one program. */
describe.skipIf(!built)('two copies of the package', () => {
  const load = async (): Promise<typeof one> => import('../../dist/language.js' as string) as Promise<typeof one>

  it('are really two', async () => {
    const two = await load()
    expect(two.Int).not.toBe(one.Int)
    expect(two.HdlError).not.toBe(one.HdlError)
  })

  it("work on each other's signals, shapes, streams and components", async () => {
    const two = await load()
    const mode = two.enumeration('mode', ['add', 'keep'])
    const Inner = two.component('inner', (_: object) => ({
      in: { x: two.stream(two.s(8)), m: mode, q: two.fixed(two.s(8), 4), flag: two.bool },
      out: { y: two.stream(two.s(9)), code: two.bits(4), half: two.bool },
      logic: ({ x, m, q, flag }) => ({
        // Functions of the one copy on signals of the other.
        y: one.map(x, (data) => one.match(m, { add: data.add(1), keep: data })),
        code: one.cat(
          one.pack(mode, m),
          one.mux(flag, q.bits().slice(1, 0), 0),
          one.select([flag, m.eq('add')], q.bits().slice(7, 7)).bits(),
        ),
        half: one.equal({ q, flag }, { q: one.mux(flag, q, 0.5), flag }),
      }),
    }))
    const Outer = one.component('outer', (_: object) => ({
      in: { x: one.stream(one.s(8)), m: mode, pick: one.bool },
      out: { y: one.stream(one.s(9)), half: one.bool, code: one.bits(4) },
      logic({ x, m, pick }, builder) {
        const inner = builder.use('inner', Inner({}), {
          x: one.queue(builder, 'store', x, 2),
          m: two.mux(pick, m, 'keep'),
          q: 0.5,
          flag: two.mux(pick, pick, false),
        })
        const y = two.map(two.pipe(builder, 'slice', inner.y), (data) => data)
        return { y, half: inner.half, code: inner.code }
      },
    }))
    const { module } = Outer({})
    const engines = [one.openEngine('interpreter', module), two.openEngine('js', module)]
    expect(one.compareEngines(engines, one.randomStimulus(engines[0]!.ports, 200, 3))).toBeUndefined()
    expect(two.printVerilog(module)).toBe(one.printVerilog(module))
  })

  it("know each other's errors", async () => {
    const two = await load()
    const thrown = (): unknown => {
      try {
        return two.s(0)
      } catch (error) {
        return error
      }
    }
    expect(thrown()).toBeInstanceOf(one.HdlError)
    expect(thrown()).toBeInstanceOf(one.UserError)
    expect(thrown()).toBeInstanceOf(Error)
    expect(new Error('any')).not.toBeInstanceOf(one.UserError)
    expect(new one.UserError('E-SPEC', 'any')).not.toBeInstanceOf(one.HdlError)
    const Child = two.component('child', (_: object) => ({ in: {}, out: { y: two.bool }, logic: () => ({}) as never }))
    const Parent = one.component('parent', (_: object) => ({
      in: {},
      out: {},
      logic(_inputs, { use }) {
        use('one', Child({}), {})
        return {}
      },
    }))
    expect(() => Parent({}).module).toThrow(
      /^E-UNDRIVEN in child \(.*\), instance 'one' of parent \(.*copies\.test\.ts:\d+\): /,
    )
  })

  it('tell a signal of another component as they tell their own', async () => {
    const two = await load()
    let kept: one.Int | undefined
    void two.component('elsewhere', (_: object) => ({
      in: { a: two.s(4) },
      out: {},
      logic({ a }) {
        kept = a
        return {}
      },
    }))({}).module
    const Reader = one.component('reader', (_: object) => ({
      in: { a: one.s(4) },
      out: { y: one.s(5) },
      logic: ({ a }) => ({ y: a.add(kept!) }),
    }))
    expect(() => Reader({}).module).toThrow(
      "a signal of 'elsewhere' cannot be read in 'reader'; pass it through a port",
    )
  })
})
