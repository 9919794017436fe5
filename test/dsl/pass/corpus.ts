import { outputStationaryArray } from '../../../src/accel/output-stationary.ts'
import { bool, component, type Module, modulesUnder, mux, range, s, u, vec } from '../../../src/dsl/index.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { maker } from '../maker.ts'

const Constant = component('constant', (_: object) => ({
  in: { a: u(3) },
  out: { five: u(4), a_again: u(3) },
  logic: ({ a }) => ({ five: 5, a_again: a }),
}))

/** Small modules, each with something for a pass to do, and modules of the catalogue. */
export const corpus = (): readonly (readonly [string, Module])[] => [
  [
    'a saturating counter that stops early',
    maker({ up: bool }, { y: u(8) }, ({ up }, { regs, when }) => {
      const r = regs({ count: u(8) })
      when(up.and(r.count.lt(9)), () => {
        r.count.next = r.count.add(1).sat(u(8))
      })
      return { y: r.count.add(3).sat(u(8)) }
    }),
  ],
  [
    'a clamp written by hand',
    maker({ a: s(8) }, { y: s(8) }, ({ a }) => ({
      y: mux(a.lt(-20), -20, mux(a.gt(20), 20, a))
        .mul(3)
        .add(60)
        .wrap(u(8))
        .sub(60)
        .sat(s(8)),
    })),
  ],
  [
    'bounds that are no whole bits',
    maker({ a: range(-5, 9), b: range(1, 3) }, { y: s(8), z: bool }, ({ a, b }, { regs }) => {
      const r = regs({ held: range(-5, 9), product: s(7) })
      r.held.next = mux(a.lt(0), a, a.sub(b).sat(range(-5, 9)))
      r.product.next = r.held.mul(b)
      return { y: r.product.shr(1), z: r.product.lt(-15) }
    }),
  ],
  [
    'wires, a frozen register and an instance with a constant in it',
    maker({ a: u(3) }, { y: u(8), z: u(4) }, ({ a }, { regs, wires, use }) => {
      const w = wires({ two: u(4), through: u(3) })
      const r = regs({ frozen: u(4), still: range(3, 7), idle: u(4) })
      w.two.value = 2
      w.through.value = a
      r.still.next = 3
      r.idle.next = a.add(1).wrap(u(4))
      const { five, a_again } = use('part', Constant({}), { a: w.through })
      return { y: w.two.mul(five).add(r.frozen).add(a_again), z: mux(r.still.eq(3), five, r.idle) }
    }),
  ],
  [
    'the same twice',
    maker({ a: s(4), b: s(4) }, { y: s(9), z: bool }, ({ a, b }, { regs }) => {
      const r = regs({ one: s(5), two: s(5), three: s(4), four: s(4) })
      r.one.next = a.add(b)
      r.two.next = b.add(a)
      r.three.next = r.one.wrap(s(4))
      r.four.next = r.two.wrap(s(4))
      return { y: r.three.mul(r.four).add(r.one), z: a.add(b).eq(b.add(a)).and(r.one.lt(r.two)) }
    }),
  ],
  [
    'fields whose width matters',
    maker({ a: u(4), b: u(6) }, { y: u(10), z: u(4) }, ({ a, b }) => {
      const small = mux(b.lt(20), b, 7).bits(6)
      return {
        y: a.sat(u(2)).bits(4).cat(small).unsigned(),
        z: small.not().slice(5, 2).unsigned(),
      }
    }),
  ],
  [
    'a promise that something fits',
    maker({ term: u(3), last: bool }, { y: range(0, 21) }, ({ term, last }, { regs, checked, check }) => {
      const r = regs({ sum: range(0, 21), unread: u(3) })
      r.unread.next = term
      r.sum.next = mux(last, 0, checked(r.sum.add(term), range(0, 21), 'three terms'))
      check(r.sum.lt(30), 'bounds say so already')
      return { y: r.sum }
    }),
  ],
  [
    'a memory with ports that do nothing, ports that do the same, and words that need few bits',
    maker({ at: u(2), from: u(2), go: bool, word: u(2) }, { y: u(5), z: u(6) }, ({ at, from, go, word }, builder) => {
      const { memory, regs, when } = builder
      const r = regs({ off: bool })
      const words = memory('words', { depth: 4, of: u(4), initial: [1, 0, 3], collide: 'old' })
      when(go, () => words.write(at, word))
      words.write(from, 15, { enable: r.off })
      const [one, two] = [words.read(from, { enable: go }), words.read(from, { enable: go })]
      const never = words.read(from, { enable: r.off })
      return { y: one.add(two).sat(u(5)), z: never.add(words.lookup(at)).add(words.lookup(at.sat(u(2)))) }
    }),
  ],
  [
    'tables at fixed places, and a memory nobody reads but for a promise',
    maker({ at: u(2), word: s(3) }, { y: s(9), z: s(7) }, ({ at, word }, { memory, rom, regs, when, check }) => {
      const r = regs({ three: u(2), unread: s(3) })
      r.three.next = r.three
      const table = rom('factors', { of: s(5), initial: [4, -3, 2, -1] })
      const zeros = rom('zeros', { of: s(5), depth: 4, initial: [0] })
      const idle = memory('idle', { depth: 4, of: s(3), collide: 'never' })
      when(at.lt(2), () => idle.write(at, word))
      r.unread.next = idle.read(at, { enable: at.gt(1) })
      const kept = memory('kept', { depth: 2, of: s(3), collide: 'new' })
      kept.write(0, word)
      check(kept.read(0).lt(3), 'no three is kept')
      return { y: table.lookup(r.three).add(table.lookup(1)), z: table.read(at).add(zeros.read(at)) }
    }),
  ],
  [
    'counts in a memory of one policy each, words passed on at the edge',
    maker({ at: u(1), go: bool }, { y: u(5), z: u(5) }, ({ at, go }, { memory, when }) => {
      const counts = memory('counts', { depth: 2, of: u(4), collide: 'new' })
      const seen = counts.lookup(at)
      when(go.and(seen.lt(5)), () => counts.write(at, seen.add(1).sat(u(4))))
      const last = memory('last', { depth: 2, of: u(4), initial: [2], collide: 'old' })
      last.write(at, counts.read(at), { enable: go })
      return { y: counts.read(at, { enable: go }).add(1), z: last.read(at).add(last.lookup(at)).sat(u(5)) }
    }),
  ],
  [
    'a memory of words that are written in part, one part of them never',
    maker({ at: u(1), go: bool, low: u(2), lanes: vec(3, bool) }, { y: u(3), z: u(4) }, (inputs, { memory, regs }) => {
      const { at, go, low, lanes } = inputs
      const r = regs({ off: bool })
      const words = memory('words', { depth: 2, of: vec(3, u(2)), initial: [[1, 0, 2]], collide: 'old' })
      words.write(at, [low, 3, 1], { enable: go, lanes: [lanes[0]!, lanes[1]!.and(lanes[2]!), r.off] })
      words.write(0, [low, low, low], { enable: go.not(), lanes: [r.off, r.off, r.off] })
      const [x, , w] = words.read(at, { enable: go })
      return { y: x!.add(w!), z: words.lookup(at).reduce((sum, each) => sum.add(each).sat(u(4)), x!) }
    }),
  ],
  ...['mixpe(w=int4, a=int8)', 'mixpe(w=int2, a=int8)'].flatMap((spec) =>
    modulesUnder(outputStationaryArray(processingElement(spec), { rows: 2, columns: 1 })).map(
      (module) => [`${module.name} of ${spec}`, module] as const,
    ),
  ),
]
