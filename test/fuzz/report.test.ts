import { describe, expect, it } from 'vitest'
import { component, type Module, printVerilog, u } from '../../src/dsl/index.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { maker } from '../dsl/maker.ts'
import { bundle } from './bundle.ts'
import { caseOf } from './case.ts'
import { faulty } from './faults.ts'
import { type Judge, javascript } from './judges.ts'
import { type Limits, randomComponent } from './random-component.ts'
import { randomStructure } from './random-structure.ts'
import { complaintReportOf, disagreement, disagreementIn, reportOf } from './report.ts'

const limits: Limits = { width: 24, operations: 30, depth: 1 }
/** The report of the first random component that shows a fault. */
const firstReport = async (judge: Judge): Promise<string> => {
  for (let seed = 1; ; seed++) {
    const { module } = randomComponent(seed, limits)
    const failing = caseOf(module, randomStimulus(portLayout(module), 60, seed))
    const report = await reportOf(failing, judge, `randomComponent(${seed}, ${JSON.stringify(limits)})`)
    if (report) return report
  }
}

describe('a fault in an engine is told as a test of a handful of operations', () => {
  it('a clamp that is off by one', async () => {
    expect(await firstReport(faulty('clampsTooLow'))).toMatchInlineSnapshot(`
      "interpreter and faulty differ in cycle 1 on o1: interpreter says 1, faulty says 0: randomComponent(1, {"width":24,"operations":30,"depth":1})
      The smallest case found, as a test in test/fuzz:

      import { expect, it } from 'vitest'
      import { bool, component, u } from '../../src/dsl/index.ts'
      import { differenceOf } from './case.ts'
      import { faulty } from './faults.ts'

      const TheFuzz11 = component('fuzz_1_1', (_: object) => ({
        in: { x: u(2) },
        out: { y: bool },
        logic(i) {
          return { y: i.x.sat(u(1)).bit(0) }
        },
      }))

      it("interpreter and faulty differ in cycle 0 on y: interpreter says 1, faulty says 0", () => {
        const rows = [{ x: 1n }]
        expect(differenceOf({ module: TheFuzz11({}).module, rows }, faulty('clampsTooLow'))).toBeUndefined()
      })
      "
    `)
  })

  it('a shift that rounds negative numbers towards 0', async () => {
    expect(await firstReport(faulty('shiftsTowardsZero'))).toMatchInlineSnapshot(`
      "interpreter and faulty differ in cycle 2 on o0: interpreter says 0, faulty says 1: randomComponent(3, {"width":24,"operations":30,"depth":1})
      The smallest case found, as a test in test/fuzz:

      import { expect, it } from 'vitest'
      import { bool, component, s } from '../../src/dsl/index.ts'
      import { differenceOf } from './case.ts'
      import { faulty } from './faults.ts'

      const TheFuzz30 = component('fuzz_3_0', (_: object) => ({
        in: { x: s(1), x_2: bool },
        out: { y: s(1) },
        logic(i) {
          return { y: i.x.shrBy(i.x_2.int()) }
        },
      }))

      it("interpreter and faulty differ in cycle 0 on y: interpreter says -1, faulty says 0", () => {
        const rows = [{ x: -1n, x_2: 1n }]
        expect(differenceOf({ module: TheFuzz30({}).module, rows }, faulty('shiftsTowardsZero'))).toBeUndefined()
      })
      "
    `)
  })
})

describe('a report', () => {
  it('takes the component that differs out of a bundle', async () => {
    const parts = [1, 2, 3].map((seed) => ({ component: randomComponent(seed, limits), text: `component ${seed}` }))
    const module = bundle(
      'several',
      parts.map(({ component }) => component),
    ).module
    const stimulus = randomStimulus(portLayout(module), 60, 1)
    const report = await disagreementIn(module, parts, stimulus, faulty('clampsTooLow'))
    const [, k] = /component (\d)/.exec(report!)!
    expect(report).toMatch(new RegExp(`^interpreter and faulty differ in cycle \\d+ on [\\w.]+: .*: component ${k}\n`))
    expect(report).toContain('The smallest case found')
    expect(report!.match(/component\('/g)).toHaveLength(1)
    expect(report).not.toContain("component('several'")
  })

  it('makes smaller what linters dislike', async () => {
    const { module } = randomComponent(3, limits)
    const planted = async (of: Module): Promise<string[]> =>
      printVerilog(of).includes('>>>') ? ['%Warning-PLANTED: design.v:7:3: a shift'] : []
    expect(await complaintReportOf(module, 'component 3', [planted])).toMatchInlineSnapshot(`
      "%Warning-PLANTED: design.v:7:3: a shift: component 3
      The smallest case found, as a test in test/fuzz:

      import { expect, it } from 'vitest'
      import { bool, component, s } from '../../src/dsl/index.ts'
      import { complaintsAbout } from './verilator-judge.ts'

      const TheFuzz30 = component('fuzz_3_0', (_: object) => ({
        in: { x: s(1), x_2: bool },
        out: { y: s(1) },
        logic(i) {
          return { y: i.x.shrBy(i.x_2.int()) }
        },
      }))

      it('is printed as Verilog that no tool dislikes', async () => {
        expect(await complaintsAbout(TheFuzz30({}).module)).toEqual([])
      })
      "
    `)
  })

  it('is nothing where all agree', async () => {
    const { module } = randomComponent(1, limits)
    const stimulus = randomStimulus(portLayout(module), 20, 1)
    expect(await disagreement(module, stimulus, javascript, 'component 1', true)).toBeUndefined()
    expect(await reportOf(caseOf(module, stimulus), javascript, 'component 1')).toBeUndefined()
  })

  it('tells of failed checks and of registers, too', async () => {
    const module = maker({ a: u(4) }, { y: u(4) }, ({ a }, { regs, check }) => {
      const r = regs({ held: u(4) })
      r.held.next = a
      check(r.held.lt(9), 'at most one decimal digit')
      return { y: a }
    })
    const stimulus = randomStimulus(portLayout(module), 60, 1)
    const silent = { ...javascript, make: (of: Module) => javascriptEngine({ ...of, checks: [] }) }
    expect(await disagreement(module, stimulus, silent, 'component 1')).toMatch(
      /^failed checks differ: interpreter says \d+ failed, js says 0 failed: component 1\n(?:.*\n)*.*check\(i\.x, 'at most one decimal digit'\)/,
    )
    const blind = {
      ...javascript,
      make: (of: Module) => Object.assign(javascriptEngine(of), { register: () => 1000n }),
    }
    expect(await disagreement(module, stimulus, blind, 'component 1')).toBeUndefined()
    expect(await disagreement(module, stimulus, blind, 'component 1', true)).toMatch(
      /^interpreter and js differ in cycle 0 on held/,
    )
  })

  it('leaves gates as they are, which stand for the logic of a component as it was', async () => {
    const part = component('part', (_: object) => ({
      in: { a: u(4) },
      out: { y: u(4) },
      logic: ({ a }) => ({ y: a.add(1).wrap(u(4)) }),
      gates: ({ a }) => ({ y: a }),
    }))({})
    const module = maker({ a: u(4) }, { y: u(5) }, ({ a }, { use }) => ({ y: use('part', part, { a }).y.add(1) }))
    const wrong = { ...javascript, make: (of: Module) => javascriptEngine(built(of)) }
    const report = await disagreement(module, randomStimulus(portLayout(module), 20, 1), wrong, 'maker')
    expect(report).toContain('described anew like this it does not fail, the module itself does')
    expect(report).toContain("component('part'")
    expect(report).not.toContain("component('maker'")
  })

  it('says so where the case has no text, and shows its Verilog', async () => {
    const { module } = randomStructure(1, { width: 8, operations: 4, depth: 0 })
    const judge = {
      ...javascript,
      make: () => {
        throw new Error('no engine today')
      },
    }
    const report = await reportOf({ module, rows: [{}] }, { ...judge, seconds: 0 }, 'structure 1')
    expect(report).toMatch(
      /^javascript throws Error: no engine today: structure 1\nThe smallest case found cannot be told in TypeScript/,
    )
    expect(report).toContain('module structure_1 (')
  })
})

/** The module made of the gates of its components. */
const built = (module: Module): Module => {
  const { gates, ...logic } = module
  const instances = (gates ?? logic).instances.map((instance) => ({ ...instance, of: built(instance.of) }))
  return { ...(gates ?? logic), instances }
}
