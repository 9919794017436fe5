import { describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../../src/accel/output-stationary.ts'
import { bool, component, s, u } from '../../../src/dsl/index.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { portNamed } from '../../../src/sim/engine.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { columnDriver, columnMonitor, playBlocks } from '../../../src/sim/testbench/index.ts'
import { seeded } from '../../fuzz/random-component.ts'

const array = outputStationaryArray(processingElement('mac(w=int8, a=int8)'), { rows: 2, columns: 2 })

describe('blocks of cycles', () => {
  it('give what single steps give, however long they are', () => {
    const random = seeded(1)
    const operands = (length: number) => Int32Array.from({ length }, () => random(256) - 128)
    const columns = {
      activation_0: operands(50),
      activation_1: operands(7),
      weight_0: operands(50),
      last: Uint8Array.from({ length: 10 }, (_, k) => Number(k === 9)),
    }
    const [cycles, fixed] = [500, 3]
    const single = openEngine('js', array)
    const at = (name: string) => portNamed(single.ports.inputs, name).offset
    const expected: (readonly [number, number])[] = []
    single.inputs[at('weight_1')] = fixed
    for (let cycle = 0; cycle < cycles; cycle++) {
      for (const [name, column] of Object.entries(columns)) single.inputs[at(name)] = column[cycle % column.length]!
      single.step()
      const [valid, result] = ['result_valid_1', 'result_1'].map((name) => portNamed(single.ports.outputs, name).offset)
      if (single.outputs[valid!] === 1) expected.push([cycle, single.outputs[result!]!])
    }
    expect(expected.length).toBeGreaterThan(80)
    for (const blockCycles of [1, 7, 64, 1024]) {
      const engine = openEngine('wasm', array)
      engine.inputs[at('weight_1')] = fixed
      const driver = columnDriver(engine.ports, columns)
      const {
        monitor,
        cycles: when,
        values,
      } = columnMonitor(engine.ports, { valid: 'result_valid_1', data: ['result_1'] })
      playBlocks(engine, 123, { drivers: [driver], monitors: [monitor], blockCycles })
      playBlocks(engine, cycles - 123, { drivers: [driver], monitors: [monitor], blockCycles })
      expect([...when()].map((cycle, k) => [cycle, values('result_1')[k]])).toEqual(expected)
      expect(engine.failedChecks).toBe(0)
    }
  })

  it('show every cycle where no flag is asked for, also beyond the room there was at first', () => {
    const { module } = component('counter', (_: object) => ({
      in: { go: bool },
      out: { count: u(16) },
      logic({ go }, { regs }) {
        const r = regs({ count: u(16) })
        r.count.next = r.count.add(go.int()).wrap(u(16))
        return { count: r.count }
      },
    }))({})
    const engine = openEngine('wasm', module)
    engine.inputs[0] = 1
    const { monitor, cycles, values } = columnMonitor(engine.ports, { data: ['count'] })
    playBlocks(engine, 5000, { monitors: [monitor] })
    const numbers = Array.from({ length: 5000 }, (_, k) => k)
    expect([...values('count')]).toEqual(numbers)
    expect([...cycles()]).toEqual(numbers)
    expect(() => values('go')).toThrow("no port 'go' is monitored; there are count")
    playBlocks(engine, 0, {})
    expect(engine.cycle).toBe(5000)
  })

  it('refuse columns that do not fit their ports', () => {
    const { module } = component('wide_port', (_: object) => ({
      in: { x: s(8), wide: s(40) },
      out: { y: s(40) },
      logic: ({ wide, x }) => ({ y: wide.add(x).wrap(s(40)) }),
    }))({})
    const { ports } = openEngine('js', module)
    expect(() => columnDriver(ports, { x: [1, 128] })).toThrow("port 'x' takes -128 to 127, got 128")
    expect(() => columnDriver(ports, { x: [0.5] })).toThrow("port 'x' takes -128 to 127, got 0.5")
    expect(() => columnDriver(ports, { x: [] })).toThrow("the column of port 'x' is empty")
    expect(() => columnDriver(ports, { wide: [1] })).toThrow("ports of at most 32 bits, and 'wide' has more")
    expect(() => columnDriver(ports, { z: [1] })).toThrow("no port 'z'")
    expect(() => columnMonitor(ports, { data: ['y'] })).toThrow("ports of at most 32 bits, and 'y' has more")
    expect(() => playBlocks(openEngine('js', module), 5, { blockCycles: 0 })).toThrow(
      'a block has at least 1 cycle, got 0',
    )
  })
})
