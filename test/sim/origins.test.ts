import { describe, expect, it } from 'vitest'
import { bodyOf } from '../../src/sim/vector/body.ts'
import { groupsOf, originOf } from '../../src/sim/vector/groups.ts'
import { markLive, markVarying } from '../../src/sim/vector/liveness.ts'
import { laneOf, originsOf } from '../../src/sim/vector/origins.ts'
import { randomComponent } from '../fuzz/random-component.ts'
import { crossed, edged, systolic } from './grids.ts'
import { manyInstances } from './many-instances.ts'

const limits = { width: 40, operations: 10, depth: 1 }
const cases = [
  ['a systolic array', systolic(5, 9)],
  ['rows that go both ways', crossed(7)],
  ['a row with edges', edged(20)],
  ...[1, 2, 3, 4].map(
    (seed) =>
      [`random wires ${seed}`, manyInstances(seed, randomComponent(seed, limits).module, 17, seed % 2 === 0)] as const,
  ),
] as const

describe('where values begin', () => {
  it.each(cases)('is in runs what it is lane by lane, in %s', (_, module) => {
    const groups = groupsOf(bodyOf(module))
    markLive(
      groups,
      groups[0]!.body.outputs.map((node) => ({ group: groups[0]!, node })),
    )
    markVarying(groups)
    const origins = originsOf(groups)
    let seen = 0
    for (const group of groups)
      group.body.nodes.forEach((_, node) => {
        const byLane = Array.from({ length: group.lanes }, (_, lane) => originOf(group, node, lane))
        const runs = origins.runs(group, node)
        const inRuns = runs.flatMap((run) =>
          Array.from({ length: run.lanes }, (_, k) => {
            return { group: run.group, node: run.node, lane: laneOf(run, run.start + k), at: run.start + k }
          }),
        )
        expect(inRuns.map(({ at }) => at)).toEqual(byLane.map((_, lane) => lane))
        byLane.forEach(({ group: from, node: of, lane }, k) => {
          for (const found of [inRuns[k]!, origins.of(group, node, k)]) {
            expect(found.group).toBe(from)
            expect([found.node, found.lane]).toEqual([of, lane])
          }
        })
        seen += byLane.length - runs.length
      })
    expect(seen).toBeGreaterThan(0)
  })
})
