import { declaredSignals } from '../signals.ts'
import type { Body } from './body.ts'
import type { WatchedNode } from './plan.ts'

/** Finds declared signals, named by paths that exist, in the bodies of a design. */
export const watchedNodes = (
  top: Body,
  signals: readonly { readonly path: string; readonly offset: number; readonly words: number }[],
): readonly WatchedNode[] =>
  signals.flatMap(({ path, offset, words }) => {
    const names = path.split('.')
    const signal = names.pop()!
    let body = top
    let outer = ''
    let part = ''
    for (const name of names) {
      const inside = `${part}${name}.`
      if (body.parts.has(inside)) part = inside
      else {
        body = body.instances.find((instance) => `${instance.path}.` === inside)!.of
        outer += inside
        part = ''
      }
    }
    const { module, nodesOf } = body.parts.get(part)!
    const nodes = nodesOf(declaredSignals(module).find(({ name }) => name === signal)!)
    return nodes.map((node, k) => ({ path: outer, node, offset: offset + k, words: words / nodes.length }))
  })
