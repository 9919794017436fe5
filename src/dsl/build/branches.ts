import { type Arms, armsOf, match } from '../choice.ts'
import type { Enum } from '../enumeration.ts'
import type { Graph } from '../graph.ts'
import type { Node, Range } from '../ir.ts'
import { Bool, boolNode, type Int, own } from '../signal.ts'

/** A register or wire while its component is described, and what it has been assigned. */
export interface Assigned {
  readonly what: string
  value: Node | undefined
}

/** Assignments and the conditions around them. */
export interface Branches {
  assign(target: Assigned, value: Node): void
  /** True inside every condition around the present line; undefined outside all. */
  condition(): Bool | undefined
  when(condition: Bool, then: () => void, otherwise?: () => void): void
  match(value: Enum, arms: Arms<string, unknown>): unknown
}

export const branchesOf = (graph: Graph): Branches => {
  let around: Bool | undefined
  // What the innermost branch has assigned so far, with the value each target had before it.
  let branch: Map<Assigned, Node | undefined> | undefined

  const assign = (target: Assigned, value: Node): void => {
    if (branch && !branch.has(target)) branch.set(target, target.value)
    target.value = value
  }

  /** Runs one branch under a condition; gives what it assigned and leaves every target as it was. */
  const inBranch = (test: Bool, body: () => void): Map<Assigned, Node | undefined> => {
    const [outerCondition, outerBranch] = [around, branch]
    const before = new Map<Assigned, Node | undefined>()
    around = outerCondition ? outerCondition.and(test) : test
    branch = before
    try {
      body()
    } finally {
      around = outerCondition
      branch = outerBranch
    }
    const after = new Map<Assigned, Node | undefined>()
    for (const [target, value] of before) {
      after.set(target, target.value)
      target.value = value
    }
    return after
  }

  return {
    assign,
    condition: () => around,
    when(condition, then, otherwise) {
      const test = new Bool(graph, boolNode(graph, condition, 'when'))
      const yes = inBranch(test, then)
      const no = otherwise ? inBranch(test.not(), otherwise) : new Map<Assigned, Node | undefined>()
      for (const target of new Set([...yes.keys(), ...no.keys()])) {
        const whenTrue = yes.has(target) ? yes.get(target) : target.value
        const whenFalse = no.has(target) ? no.get(target) : target.value
        if (!whenTrue || !whenFalse) {
          graph.report(
            'E-UNDRIVEN',
            `${target.what} has no value where the condition is ${whenTrue ? 'false' : 'true'}; drive it in both branches or once before`,
          )
          assign(target, (whenTrue ?? whenFalse)!)
          continue
        }
        assign(target, graph.operation('mux', hull(whenTrue, whenFalse), [test.node, whenTrue, whenFalse]))
      }
    },
    match(value, arms) {
      if (!Object.values(arms).every((arm) => typeof arm === 'function')) return match(value, arms as Arms<string, Int>)
      const ways = armsOf(own(graph, value), arms as Arms<string, () => void>).map(([name, body]) => {
        const test = value.eq(name)
        return { name, test: test.node, assigned: inBranch(test, body) }
      })
      for (const target of new Set(ways.flatMap(({ assigned }) => [...assigned.keys()]))) {
        // Names are told apart by their codes alone: those that assign nothing need no test, nor does the last of all.
        const [some, none] = [
          ways.filter((way) => way.assigned.has(target)),
          ways.find((way) => !way.assigned.has(target)),
        ]
        const rest = none ? target.value : some.pop()!.assigned.get(target)
        const open = none && !rest ? none : some.find((way) => !way.assigned.get(target))
        if (!rest || open) {
          graph.report(
            'E-UNDRIVEN',
            `${target.what} has no value where it is '${open?.name}'; drive it in every arm or once before`,
          )
          assign(target, ways.map(({ assigned }) => assigned.get(target)).find((value) => value !== undefined)!)
          continue
        }
        const choice = some.reduceRight((otherwise: Node, way) => {
          const then = way.assigned.get(target)!
          return graph.operation('mux', hull(then, otherwise), [way.test, then, otherwise])
        }, rest)
        assign(target, choice)
      }
      return undefined
    },
  }
}

const hull = (a: Range, b: Range): Range => ({ min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max })
