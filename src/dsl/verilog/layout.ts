import { mainDomain } from '../domains.ts'

/** Every line that is not empty, moved to the right. */
export const indent = (text: string, by = 2): string => text.replace(/^(?=.)/gm, ' '.repeat(by))

/** Things clock by clock, in the order in which their clocks first appear. */
export const byClock = <T>(things: readonly T[], clockOf: (thing: T) => string | undefined): [string, T[]][] => {
  const groups = new Map<string, T[]>()
  for (const thing of things) {
    const domain = clockOf(thing) ?? mainDomain
    const group = groups.get(domain)
    if (group) group.push(thing)
    else groups.set(domain, [thing])
  }
  return [...groups]
}
