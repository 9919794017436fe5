import type { Instance, Memory, Module } from './ir.ts'

/** What the implicit clock is called where a name is needed; no other can be called so. */
export const mainDomain = 'clk'

/** Verilog ports of a clock, and the input that says, in a simulation of several clocks, whether it has its edge. */
export interface ClockPorts {
  readonly clk: string
  readonly rst: string | undefined
  readonly tick: string
}

export const clockPorts = (domain: string): ClockPorts & { readonly rst: string } =>
  domain === mainDomain
    ? { clk: 'clk', rst: 'rst', tick: 'clk_tick' }
    : { clk: `${domain}_clk`, rst: `${domain}_rst`, tick: `${domain}_tick` }

/** Ports of a module for a clock: those of a black box are called as its Verilog calls them. */
export const clockPortsOf = (module: Module, domain: string): ClockPorts => {
  const usual = clockPorts(domain)
  const box = module.blackBox?.clock
  return box ? { clk: box.clk, rst: box.rst, tick: usual.tick } : usual
}

/** Clocks that move something in the module or under it, the implicit one first, then in order of appearance. */
export const domainsOf = (module: Module): readonly string[] => {
  const known = cache.get(module)
  if (known) return known
  const found = new Set([
    ...module.registers.map(({ node }) => node.clock ?? mainDomain),
    ...module.checks.flatMap(({ clock = mainDomain, meets = clock }) => [clock, meets]),
    ...module.instances.flatMap((instance) => domainsOf(instance.of).map((domain) => parentDomain(instance, domain))),
    ...(module.blackBox?.clock ? [mainDomain] : []),
    ...module.memories.flatMap(portDomainsOf),
  ])
  const domains = [...found].sort((a, b) => Number(b === mainDomain) - Number(a === mainDomain))
  cache.set(module, domains)
  return domains
}
const cache = new WeakMap<Module, readonly string[]>()

/** Clocks of a memory's ports. */
export const portDomainsOf = ({ writes, reads }: Pick<Memory, 'writes' | 'reads'>): readonly string[] => [
  ...new Set([...writes, ...reads.map(({ node }) => node)].map(({ clock = mainDomain }) => clock)),
]

/** The parent's clock that drives a clock of the instance's module. */
export const parentDomain = (instance: Pick<Instance, 'clocks'>, domain: string): string =>
  instance.clocks?.get(domain) ?? domain

/** Clocks that ports name. */
export const portDomains = (module: Module): readonly string[] => {
  const known = ofPorts.get(module)
  if (known) return known
  const named = [...module.inputs, ...module.outputs].flatMap(({ clock }) => clock ?? [])
  ofPorts.set(module, named)
  return named
}
const ofPorts = new WeakMap<Module, readonly string[]>()

/** True for pure logic whose ports name no clock: it belongs to whoever uses it. */
export const isDomainFree = (module: Module): boolean =>
  domainsOf(module).length === 0 && portDomains(module).length === 0

/** True where the module knows of the implicit clock only. */
export const isSingleClock = (module: Module): boolean =>
  domainsOf(module).every((domain) => domain === mainDomain) && portDomains(module).length === 0
