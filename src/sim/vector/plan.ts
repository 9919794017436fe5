import type { PortLayout } from '../engine.ts'
import type { Body } from './body.ts'
import { type Emission, emitCheckLoops, emitEdges, emitJob } from './emit.ts'
import { escapesOf } from './escapes.ts'
import { fused } from './fusion.ts'
import { asWritten, type Group, groupsOf, type LaneOrder, setTypes } from './groups.ts'
import { homesOf, type Pack, statesOf } from './homes.ts'
import { inOrder, instancesOf } from './instances.ts'
import { jobsOf, type Schedules } from './jobs.ts'
import { orderByRank } from './lane-order.ts'
import { integerType } from './lane-type.ts'
import { markLive, markVarying, type Root } from './liveness.ts'
import { exactNotices, placed, roughNotices } from './notices.ts'
import { originsOf } from './origins.ts'
import { emitPacks } from './packs.ts'
import { withPicks } from './picks.ts'
import type { Place, Program, ProgramMemory, ProgramRegister, Step } from './program.ts'
import { type Ranks, ranksOf } from './ranks.ts'
import { emitRow, type RowValue } from './rows.ts'
import { schedulesOf } from './schedule.ts'
import { vectors as newVectors } from './vectors.ts'
import { portsInWords } from './wide/ports.ts'
import { costOf, wires as newWires } from './wires.ts'

/** A signal to write into the row of watched words. */
export interface WatchedNode {
  /** Path of the instance that is no part of another body, and the node in its body. */
  readonly path: string
  readonly node: number
  readonly offset: number
  readonly words: number
}

export interface PlanOptions {
  /**
   * `stopping` for a program that only notices that a check may have failed, at little cost, and ends its call there; the same
   * cycle of one with checks then says whether it has, and which.
   */
  readonly checks: boolean | 'stopping'
  readonly watched?: readonly WatchedNode[]
  /** False to move registers that only delay an input like any other, rather than to read earlier rows of inputs. */
  readonly delays?: boolean
  /** False to put lanes from many places together in memory, never where a loop reads them; see `withPicks`. */
  readonly picks?: boolean
}

/**
 * Plans a design as a vector program. Throws a RangeError where values depend on themselves within a cycle, which no module
 * made by `component` does.
 */
export const plan = (top: Body, layout: PortLayout, options: PlanOptions): Program => {
  const ports = portsInWords(layout)
  const first = planWith(top, ports, options, asWritten)
  const { picks = true } = options
  const order = orderByRank(first.groups, first.ranks)
  if (!order) return picks ? withPicks(first.program) : first.program
  const second = planWith(top, ports, options, order)
  const picked = [withPicks(first.program), withPicks(second.program)] as const
  const isBetter = costOf(picked[1].steps) < costOf(picked[0].steps)
  if (picks) return isBetter ? picked[1] : picked[0]
  return (isBetter ? second : first).program
}

interface Planned {
  readonly program: Program
  readonly groups: readonly Group[]
  readonly ranks: Ranks
}

const planWith = (
  top: Body,
  ports: PortLayout,
  { checks, watched = [], delays = true }: PlanOptions,
  order: LaneOrder,
): Planned => {
  const groups = groupsOf(top, order)
  let known: ReturnType<typeof instancesOf> | undefined
  const located = () => {
    known ??= instancesOf(groups)
    return known
  }
  const looks = watched.map(({ path, ...look }) => ({ ...look, ...located().get(path)! }))
  const outputs = ports.outputs.map(({ offset, words }, k): RowValue => {
    return { group: groups[0]!, node: top.outputs[k]!, lane: 0, offset, words }
  })
  const roots: Root[] = [...outputs, ...looks]
  const noticesOf = checks === 'stopping' ? roughNotices : checks ? exactNotices : () => []
  const found = groups.map((group) => ({ group, notices: noticesOf(group.body) }))
  const reads = [...roots, ...found.flatMap(({ group, notices }) => notices.map(({ node }) => ({ group, node })))]
  markLive(groups, reads)
  setTypes(groups, reads)
  markVarying(groups)
  const origins = originsOf(groups)
  const ranks = ranksOf(groups, origins)

  const schedules: Schedules = new Map(groups.map((group) => [group, schedulesOf(group, ranks)]))
  const steps: Step[] = []
  const vectors = newVectors()
  const { homes, packs, history, earlier, resets } = homesOf(
    groups,
    origins,
    ports,
    vectors,
    delays ? (checks === true ? 'top' : 'all') : 'none',
  )
  const memories = new Map<Group, readonly ProgramMemory[]>(
    groups.map((group) => [
      group,
      group.body.memories.map(({ depth, word, initial }) =>
        vectors.memory({ depth, lanes: group.lanes, type: integerType(word)!, initial }),
      ),
    ]),
  )
  const wires = newWires(vectors, steps)
  const emission: Emission = {
    steps,
    vectors,
    homes,
    wires,
    memories,
    notices: new Map(found.map(({ group, notices }) => [group, placed(group, notices)])),
    escapes: escapesOf(groups, origins, schedules, checks === true, [
      ...roots,
      ...reads.filter(({ group }) => group.lanes === 1),
    ]),
    stored: new Set(),
  }

  // Registers that only copy what registers or inputs hold come first, so that others read these copies.
  const isCopy = ({ group, states, lanes }: Pack): boolean =>
    states.every(({ next }) => {
      for (let lane = 0; lane < lanes; lane++)
        if (next === undefined || ranks.rankOf(origins.of(group, next, lane)) > 0) return false
      return true
    })
  const commit = ({ group, states, lanes, vector }: Pack): void =>
    wires.commit(
      homes.nextOf(vector),
      states.flatMap(({ next }) => homes.places(group, next!, 0, lanes)),
    )
  const copies = packs.filter(isCopy)
  for (const pack of copies) commit(pack)
  for (const job of jobsOf(schedules)) {
    if (job.group.lanes === 1) emitPacks(emission, job)
    else emitJob(emission, job)
  }
  emitCheckLoops(emission)
  emitRow(emission, 'output', outputs)
  emitRow(emission, 'watch', looks)
  const done = new Set(copies)
  for (const pack of packs)
    if (!done.has(pack) && !emission.stored.has(pack.vector) && pack.states[0]!.next !== undefined) commit(pack)
  emitEdges(emission, groups)

  const registers = (): readonly ProgramRegister[] => {
    const found: ProgramRegister[] = []
    for (const [path, { group, lane }] of located())
      for (const { node, path: name, from } of statesOf(group))
        found.push({ path: path + name, place: homes.keptAt(group, node, lane), from })
    return found
  }
  const promises: { path: string; message: string; holds: Place }[] = []
  const memoryPaths = new Map<string, { memory: ProgramMemory; lane: number }>()
  if (groups.some(({ body }) => body.memories.length > 0))
    for (const [path, { group, lane }] of located())
      group.body.memories.forEach((memory, k) => {
        const part = memory.from > 0 ? `[${memory.from}]` : ''
        memoryPaths.set(path + memory.path + part, { memory: memories.get(group)![k]!, lane })
      })
  if (checks === true)
    for (const { path, group, lane, part } of inOrder(groups[0]!))
      for (const { part: of, message, holds } of group.body.checks)
        if (of === part) promises.push({ path, message, holds: homes.placeOf(group, holds, lane) })
  const finished = fused(
    steps,
    promises.map(({ holds }) => holds),
  )
  const rowBytes = (words: number): number => 4 * words
  const sizes = vectors.layOut({
    input: rowBytes(ports.inputWords),
    output: rowBytes(ports.outputWords),
    watch: rowBytes(looks.reduce((most, { offset, words }) => Math.max(most, offset + words), 0)),
  })
  const program: Program = {
    vectors: vectors.all,
    steps: finished,
    memories: [...memories.values()].flat(),
    sizes,
    history,
    earlier,
    registers,
    resets,
    stops: checks === 'stopping' && found.some(({ notices }) => notices.length > 0),
    checks: promises,
    memoryPaths,
  }
  return { program, groups, ranks }
}
