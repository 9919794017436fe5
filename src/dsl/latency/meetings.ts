import { dependenciesIn, linesIn } from '../check/loops.ts'
import type { Module, Node } from '../ir.ts'
import { netlistOf } from './netlist.ts'
import { cyclesText, type Meeting, pathOf, type Stage, stagesUnder } from './stages.ts'

/** What takes values of different delay, and the sentence that says which. */
export interface Misalignment {
  /** The register or instance whose line is the nearest. */
  readonly place: Node | string | undefined
  readonly sentence: string
}

/** The first place of the module where values of different delay meet. */
export const findMisalignment = (module: Module, steady: (node: Node) => boolean): Misalignment | undefined => {
  const readers: { what: string; place: Node | string | undefined; reads: Node }[] = [
    ...module.registers.map(({ node, next }) => ({ what: `register '${node.name}'`, place: node, reads: next })),
    ...module.instances.flatMap(({ name, inputs }) =>
      [...inputs].map(([port, reads]) => ({ what: `input '${port}' of '${name}'`, place: name, reads })),
    ),
    ...module.outputs.map(({ name, node }) => ({ what: `output '${name}'`, place: undefined, reads: node })),
    ...module.checks.map(({ holds, message }) => ({ what: `the check '${message}'`, place: undefined, reads: holds })),
  ]
  let first: Meeting | undefined
  stagesUnder(
    netlistOf(module),
    readers.map(({ reads }) => reads),
    steady,
    (meeting) => {
      first ??= meeting
    },
  )
  if (!first) return undefined
  const { at, early, late } = first
  const along = (stage: Stage): string => `${cyclesText(stage.cycles)} along ${pathOf(stage, linesIn(module))}`
  const reader =
    at.op === 'out'
      ? { what: `instance '${at.instance}'`, place: at.instance }
      : (readers.find(({ reads }) => dependsOn(module, reads, at)) ?? { what: 'a value', place: undefined })
  return {
    place: reader.place,
    sentence: `${reader.what} takes values of different delay, ${along(early)} and ${along(late)}; bring them together with balance(), or list what holds still while data passes under 'steady'`,
  }
}

const dependsOn = (module: Module, from: Node, wanted: Node): boolean => {
  const dependencies = dependenciesIn(module)
  const seen = new Set<Node>([from])
  const work = [from]
  for (let node = work.pop(); node; node = work.pop()) {
    if (node === wanted) return true
    for (const next of dependencies(node))
      if (!seen.has(next)) {
        seen.add(next)
        work.push(next)
      }
  }
  return false
}
