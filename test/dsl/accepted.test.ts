import { describe, expect, it } from 'vitest'
import {
  type Accepted,
  bool,
  component,
  describeWarning,
  type Module,
  optimise,
  s,
  u,
  warningsUnder,
} from '../../src/dsl/index.ts'

/** Five warnings: two inputs, a register, an instance, a comparison of named operands. */
const describeIdle = (accepted: Accepted): Module => {
  const Child = component('child', (_: object) => ({
    in: { a: u(4), spare: bool },
    out: { y: u(4) },
    accepted: { 'W-UNUSED': { spare: 'a pin of the board' } },
    logic: ({ a }) => ({ y: a }),
  }))
  const Idle = component('idle', (_: object) => ({
    in: { a: u(4), b: s(4), unread: bool },
    out: { y: bool, z: u(4) },
    accepted,
    logic({ a, b }, { regs, use }) {
      const r = regs({ forgotten: u(4) })
      r.forgotten.next = a
      use('asleep', Child({}), { a, spare: true })
      return {
        y: a.add(1).named('later').gt(b.add(100).named('far')),
        z: use('awake', Child({}), { a, spare: true }).y,
      }
    },
  }))
  return Idle({}).module
}
const told = ({ warnings }: Pick<Module, 'warnings'>): string[] =>
  warnings.map(({ code, about }) => `${code} ${about.join(' ')}`)

describe('a warning', () => {
  it('says what it is about', () => {
    expect(told(describeIdle({}))).toEqual([
      'W-CONSTANT far later',
      'W-UNUSED b',
      'W-UNUSED unread',
      'W-UNUSED forgotten',
      'W-UNUSED asleep',
    ])
  })

  it('that the designer means is no warning any more, and kept with why', () => {
    const { warnings, accepted } = describeIdle({
      'W-UNUSED': { unread: 'kept for the next board', asleep: 'for tests', b: 'see W-CONSTANT' },
      'W-CONSTANT': { later: 'true for this width alone' },
    })
    expect(told({ warnings })).toEqual(['W-UNUSED forgotten'])
    expect(accepted.map(({ code, about, why }) => `${code} ${about.join(' ')}: ${why}`)).toEqual([
      'W-CONSTANT far later: true for this width alone',
      'W-UNUSED b: see W-CONSTANT',
      'W-UNUSED unread: kept for the next board',
      'W-UNUSED asleep: for tests',
    ])
  })

  it('that is accepted by its code only is another', () => {
    expect(told(describeIdle({ 'W-UNUSED': { later: 'no' }, 'W-CONSTANT': { unread: 'no' } }))).toEqual([
      ...told(describeIdle({})),
      'W-ACCEPTED later',
      'W-ACCEPTED unread',
    ])
  })

  it('is there for an acceptance that nothing needs, with the names that could be meant', () => {
    const texts = (accepted: Accepted): string[] =>
      describeIdle(accepted)
        .warnings.filter(({ code }) => code === 'W-ACCEPTED')
        .map(({ message, source }) => `${source?.()?.replace(/:\d+$/, '')}: ${message}`)
    const both = { 'W-UNUSED': { unraed: 'a slip' } } as const
    expect(texts(both)).toEqual([
      "test/dsl/accepted.test.ts: 'accepted' lists W-UNUSED of 'unraed', and there is one of b, unread, forgotten, asleep; take it off the list or correct the name",
    ])
    const Clean = component('clean', (_: object) => ({
      in: { a: u(4) },
      out: { y: u(4) },
      accepted: { 'W-CONSTANT': { a: 'once it was' } },
      logic: ({ a }) => ({ y: a }),
    }))
    expect(Clean({}).module.warnings.map(({ message }) => message)).toEqual([
      "'accepted' lists W-CONSTANT of 'a', and there is none; take it off the list or correct the name",
    ])
  })

  it('is not accepted without a reason', () => {
    expect(() => describeIdle({ 'W-UNUSED': { unread: ' ' } })).toThrow(
      "'accepted' gives no reason for W-UNUSED of 'unread'; write why it is meant",
    )
  })

  it('is listed for a whole design, children first, each module once, as one line of text', () => {
    const module = describeIdle({ 'W-UNUSED': { b: 'meant' } })
    const found = warningsUnder(module)
    expect(found.map(({ module, code }) => `${module} ${code}`)).toEqual([
      'idle W-CONSTANT',
      'idle W-UNUSED',
      'idle W-UNUSED',
      'idle W-UNUSED',
    ])
    expect(describeWarning(found[2]!).replace(/:\d+/, '')).toBe(
      "W-UNUSED in idle (test/dsl/accepted.test.ts): register 'forgotten' changes no output and no check; read it or leave it out",
    )
    const { source: _, ...nowhere } = found[2]!
    expect(describeWarning(nowhere)).toMatch(/^W-UNUSED in idle: register/)
    const all = warningsUnder(module, { accepted: true }).filter(({ accepted }) => accepted !== undefined)
    expect(all.map(({ module, accepted }) => `${module}: ${accepted}`)).toEqual([
      'child: a pin of the board',
      'idle: meant',
    ])
  })

  it('stays accepted through the passes', () => {
    const accepted: Accepted = { 'W-UNUSED': { b: 'meant' } }
    expect(optimise(describeIdle(accepted)).accepted).toHaveLength(1)
  })
})
