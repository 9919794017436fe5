/**
 * The nets of a netlist in a value change dump: which variable is which bit, and what they do. Names are those of the netlist,
 * hierarchy with dots, so that a dump of the netlist fits and so does one of the RTL for all names that synthesis kept.
 */
import { unknownName } from '../../base/suggestion.ts'
import { UserError } from '../../base/user-error.ts'
import { readVcd, type VcdVariable } from '../../sim/waves/read-vcd.ts'
import type { Bit, NamedNetlist, Netlist } from '../netlist.ts'
import type { Level } from './activity-counter.ts'

/** The dump in the words of the netlist. */
export interface VcdNets {
  /** Of the instance in the dump, e.g. `testbench.dut`. */
  readonly scope: string
  /** Nets that the dump has. */
  readonly seen: ReadonlySet<number>
}

export interface NetListener {
  /** What of the netlist is there, before any value. */
  found(nets: VcdNets): void
  /**
   * All that moves at one time, each net once, to its last level at that time. The first call has what the dump begins with.
   */
  moved(now_ps: number, nets: readonly number[], levels: readonly Level[]): void
  /** The last time of the dump. */
  end(now_ps: number): void
}

/** The names of a variable's bits, the highest first, with another for what may be written without its number. */
const bitNames = ({ name, width, range }: VcdVariable): (readonly string[])[] => {
  if (!range) {
    // A vector whose range the dump does not say ends with bit 0.
    return Array.from({ length: width }, (_, k) => (width === 1 ? [name, `${name}[0]`] : [`${name}[${width - 1 - k}]`]))
  }
  const [left, right] = range
  const down = left >= right ? -1 : 1
  return Array.from({ length: width }, (_, k) => {
    const full = `${name}[${left + down * k}]`
    return width === 1 && left === 0 ? [full, name] : [full]
  })
}

const lookUp = (bits: ReadonlyMap<string, Bit>, prefix: string, names: readonly string[]): Bit | undefined => {
  for (const name of names) {
    const found = bits.get(prefix + name)
    if (found !== undefined) return found
  }
  return undefined
}

/** Every variable below every scope is tried as below the instance; the scope with the most ports, then nets, is it. */
const findScope = (variables: readonly VcdVariable[], { netlist, bits }: NamedNetlist): string | undefined => {
  const portNames = new Set(netlist.ports.map(({ name }) => name))
  const ports = new Map<string, Set<string>>()
  const nets = new Map<string, number>()
  for (const variable of variables) {
    const names = bitNames(variable)
    for (let depth = 0; depth <= variable.scope.length; depth++) {
      const inner = variable.scope.slice(depth)
      const prefix = inner.map((name) => `${name}.`).join('')
      const found = names.filter((each) => lookUp(bits, prefix, each) !== undefined).length
      if (found === 0) continue
      const scope = variable.scope.slice(0, depth).join('.')
      nets.set(scope, (nets.get(scope) ?? 0) + found)
      if (inner.length === 0 && portNames.has(variable.name.replace(/\[\d+\]$/, '')))
        ports.set(scope, (ports.get(scope) ?? new Set()).add(variable.name))
    }
  }
  let best: string | undefined
  const better = (one: string, other: string): boolean => {
    const byPorts = (ports.get(one)?.size ?? 0) - (ports.get(other)?.size ?? 0)
    return byPorts !== 0 ? byPorts > 0 : nets.get(one)! > nets.get(other)!
  }
  for (const scope of nets.keys()) if (best === undefined || better(scope, best)) best = scope
  return best !== undefined && (ports.get(best)?.size ?? 0) > 0 ? best : undefined
}

/** The scope that the user named, or the one that looks like the netlist. */
const scopeOf = (
  variables: readonly VcdVariable[],
  named: NamedNetlist,
  wanted: string | undefined,
  file: string,
): string => {
  if (wanted !== undefined) {
    const scope = wanted.replaceAll('/', '.')
    const all = new Set(variables.flatMap((each) => each.scope.map((_, k) => each.scope.slice(0, k + 1).join('.'))))
    if (!all.has(scope)) throw unknownName('E-VCD-SCOPE', `scope of ${file}`, wanted, [...all].slice(0, 20))
    return scope
  }
  const found = findScope(variables, named)
  if (found !== undefined) return found
  const ports = named.netlist.ports.map(({ name }) => name)
  throw new UserError(
    'E-VCD-SCOPE',
    `${file} has no scope with ports of the netlist (${ports.slice(0, 5).join(', ')}${ports.length > 5 ? ', ...' : ''}); ` +
      'give a dump of the same design, or name its scope with --scope',
  )
}

const levelOf = (character: string): Level => (character === '0' ? 0 : character === '1' ? 1 : 2)

/** Reads a dump and tells what the nets do. `file` is for messages; so is the netlist's kind of `UserError`. */
export const readVcdNets = (
  pieces: Iterable<Uint8Array>,
  file: string,
  named: NamedNetlist,
  wantedScope: string | undefined,
  listener: NetListener,
): void => {
  /** By signal: the net of each bit, the highest first; -1 where it is none of the netlist's. */
  const nets = new Map<number, Int32Array>()
  let now: number | undefined
  let pending = new Map<number, Level>()
  const flush = (): void => {
    if (now === undefined || pending.size === 0) return
    listener.moved(now, [...pending.keys()], [...pending.values()])
    pending = new Map()
  }
  readVcd(pieces, file, {
    declared(variables) {
      const scope = scopeOf(variables, named, wantedScope, file)
      const path = scope === '' ? [] : scope.split('.')
      const seen = new Set<number>()
      for (const variable of variables) {
        const inside = variable.scope.join('.')
        if (scope !== '' && inside !== scope && !inside.startsWith(`${scope}.`)) continue
        const prefix = variable.scope.join('.').slice(scope.length).replace(/^\./, '')
        const own = bitNames(variable).map((names) => lookUp(named.bits, prefix === '' ? '' : `${prefix}.`, names))
        if (own.every((bit) => typeof bit !== 'number')) continue
        const before = nets.get(variable.signal)
        const list = Int32Array.from(own, (bit, k) => (typeof bit === 'number' ? bit : (before?.[k] ?? -1)))
        nets.set(variable.signal, list)
        for (const net of list) if (net >= 0) seen.add(net)
      }
      if (seen.size === 0)
        throw new UserError(
          'E-VCD-SCOPE',
          `scope ${path.join('.')} of ${file} has no net of the netlist; give the scope of its instance with --scope`,
        )
      listener.found({ scope, seen })
      return (signal) => nets.has(signal)
    },
    time(time) {
      flush()
      now = time
    },
    change(signal, value) {
      const list = nets.get(signal)!
      for (let k = 0; k < list.length; k++) if (list[k]! >= 0) pending.set(list[k]!, levelOf(value[k]!))
    },
  })
  flush()
  if (now === undefined) throw new UserError('E-VCD', `${file} holds no values; give a dump of a simulation that ran`)
  listener.end(now)
}

/** Nets that cells or ports of a netlist are on. */
export const connectedNets = ({ ports, instances }: Netlist): Set<number> => {
  const found = new Set<number>()
  const see = (bits: readonly Bit[]): void => {
    for (const bit of bits) if (typeof bit === 'number') found.add(bit)
  }
  for (const { bits } of ports) see(bits)
  for (const { connections } of instances) for (const bits of Object.values(connections)) see(bits)
  return found
}
