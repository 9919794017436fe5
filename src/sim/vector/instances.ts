import type { Group } from './groups.ts'

/** An instance: its lane of a group, and which of the group's inlined modules it is. */
export interface Located {
  readonly group: Group
  readonly lane: number
  /** Path within the group's body, `core.`; '' for the body itself. */
  readonly part: string
}

/** The instances that are lanes of groups, by path with a dot behind it; '' the top. */
export const instancesOf = (groups: readonly Group[]): ReadonlyMap<string, Omit<Located, 'part'>> => {
  const found = new Map<string, Omit<Located, 'part'>>()
  const visit = (group: Group, lane: number, path: string): void => {
    found.set(path, { group, lane })
    group.body.instances.forEach((instance, k) => {
      visit(group.children[k]!, group.bases[k]! + lane, `${path}${instance.path}.`)
    })
  }
  visit(groups[0]!, 0, '')
  return found
}

/** All instances of the design, each before its children, in the order in which they are written; paths without a last dot. */
export const inOrder = (top: Group): readonly (Located & { readonly path: string })[] => {
  const found: (Located & { path: string })[] = []
  const visit = (at: Located, path: string): void => {
    found.push({ ...at, path: path.slice(0, -1) })
    const { group, lane, part } = at
    const { parts, instances } = group.body
    for (const { name } of parts.get(part)!.module.instances) {
      const inside = `${part}${name}.`
      if (parts.has(inside)) visit({ group, lane, part: inside }, `${path}${name}.`)
      else {
        const k = instances.findIndex((instance) => instance.path === part + name)
        visit({ group: group.children[k]!, lane: group.bases[k]! + lane, part: '' }, `${path}${name}.`)
      }
    }
  }
  visit({ group: top, lane: 0, part: '' }, '')
  return found
}
