import { expect, test } from 'vitest'
import { openArena } from '../../../src/llm/cpu/memory.ts'

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
