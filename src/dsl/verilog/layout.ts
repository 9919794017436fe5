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

/**
 * A text as a string of Verilog. What does not print and backticks are written as codes: preprocessors look for directives
 * even in the text of what they skip.
 */
export const quoted = (text: string): string => {
  const code = (character: string): string => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `"${escaped.replace(/[\p{Cc}`]/gu, code)}"`
}
