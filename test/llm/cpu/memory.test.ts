import { afterEach, expect, test, vi } from 'vitest'
import { cpuBackend } from '../../../src/llm/backend.ts'
import { openArena } from '../../../src/llm/cpu/memory.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { webAssembly } from '../../../src/sim/wasm/web-assembly.ts'

afterEach(() => vi.restoreAllMocks())

test('memory that is taken overlaps nothing, is all zeros, and is taken again when it was given back', () => {
  const arena = openArena()!
  const sizes = [1, 64, 65, 1000, 200_000, 3]
  const addresses = sizes.map((size) => arena.take(size)!)
  addresses.forEach((address, at) => {
    expect(address % 64).toBe(0)
    arena.bytes(address, sizes[at]!).fill(at + 1)
  })
  addresses.forEach((address, at) => {
    expect(arena.bytes(address, sizes[at]!).every((byte) => byte === at + 1)).toBe(true)
  })
  const size = arena.memory.buffer.byteLength
  // Three neighbours are one span again, whatever order they come back in.
  for (const at of [2, 4, 3]) arena.give(addresses[at]!)
  arena.give(addresses[3]!)
  const again = arena.take(201_000)!
  expect(again).toBe(addresses[2])
  expect(arena.bytes(again, 201_000).every((byte) => byte === 0)).toBe(true)
  expect(arena.memory.buffer.byteLength).toBe(size)
  const rest = arena.take(64)!
  expect(rest).toBe(again + 64 * Math.ceil(201_000 / 64))
  for (const [at, address] of addresses.entries())
    if (![2, 3, 4].includes(at)) expect(arena.bytes(address, sizes[at]!).every((byte) => byte === at + 1)).toBe(true)
})

test('more than 4 GiB are refused and leave what is there', () => {
  const arena = openArena()!
  const address = arena.take(100)!
  arena.bytes(address, 100).fill(7)
  expect(arena.take(2 ** 32)).toBeUndefined()
  expect(arena.take(2 ** 40)).toBeUndefined()
  expect(arena.take(100)).toBe(address + 128)
  expect(arena.bytes(address, 100).every((byte) => byte === 7)).toBe(true)
})

/** As engines say it where the address space of a process is limited, with `ulimit -v` for example. */
function noRoom(): never {
  throw new RangeError('WebAssembly.Memory(): could not allocate memory')
}
function another(): never {
  throw new TypeError('another')
}

test('a machine with too little address space has no memory to share, and the model runs in JavaScript', async () => {
  const shape = { dimension: 8, hidden: 8, layers: 1, heads: 2, keyValueHeads: 1, vocabulary: 9, sequence: 4 }
  const model = randomModel({ ...shape, sharedClassifier: true }, 1)
  const memory = vi.spyOn(webAssembly!, 'Memory').mockImplementation(noRoom)
  expect(openArena()).toBeUndefined()
  const found = await cpuBackend(model).open(2).next([1])
  // The arena twice, and once the kernel of one product: nobody asks for each product again.
  expect(memory).toHaveBeenCalledTimes(3)
  memory.mockImplementation(another)
  expect(() => openArena()).toThrow(TypeError)
  vi.restoreAllMocks()
  const wanted = await cpuBackend(model).open(2).next([1])
  found.forEach((value, at) => {
    expect(value).toBeCloseTo(wanted[at]!, 5)
  })
})

test('memory that cannot grow takes no more, and gives what it has', () => {
  const arena = openArena()!
  const first = arena.take(100)!
  const grow = vi.spyOn(arena.memory, 'grow').mockImplementation(noRoom)
  expect(arena.take(200_000)).toBeUndefined()
  expect(arena.take(100)).toBe(first + 128)
  grow.mockImplementation(another)
  expect(() => arena.take(200_000)).toThrow(TypeError)
})
