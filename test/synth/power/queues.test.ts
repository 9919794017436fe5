import { expect, it } from 'vitest'
import { createRandom } from '../../../src/base/random.ts'
import { eventQueue } from '../../../src/synth/power/event-queue.ts'
import { leastFirst } from '../../../src/synth/power/least-first.ts'
import { seenByNet } from '../../../src/synth/power/seen-by.ts'

it('events come by time, those that were put in late as well, and more of them than the queue began with', () => {
  const random = createRandom(5)
  const queue = eventQueue()
  expect(queue.first()).toBe(Number.POSITIVE_INFINITY)
  const waiting: number[] = []
  const taken: number[] = []
  const takeFirst = (): void => {
    expect(queue.first()).toBe(Math.min(...waiting))
    const value = queue.pop()
    waiting.splice(waiting.indexOf(value), 1)
    taken.push(value)
  }
  for (let k = 0; k < 3000; k++) {
    // The value is the time, so that it tells where it belongs.
    const time = Math.floor(random() * 500)
    queue.push(time, time)
    waiting.push(time)
    if (random() < 0.4) takeFirst()
  }
  expect(waiting.length).toBeGreaterThan(1500)
  while (waiting.length > 0) takeFirst()
  expect(taken.length).toBe(3000)
  expect(queue.first()).toBe(Number.POSITIVE_INFINITY)
})

it.each([1, 32, 33, 1024, 5000])('of numbers below %i the least comes first, and each once', (count) => {
  const random = createRandom(count)
  const set = leastFirst(count)
  const wanted = new Set<number>()
  expect(set.isEmpty()).toBe(true)
  const take = (): void => {
    const least = Math.min(...wanted)
    expect(set.take()).toBe(least)
    wanted.delete(least)
  }
  const add = (number: number): void => {
    set.add(number)
    wanted.add(number)
  }
  for (const number of [count - 1, 0, count - 1]) add(number)
  for (let k = 0; k < 600; k++) {
    add(Math.floor(random() * count))
    if (random() < 0.5) take()
    if (wanted.size === 0) expect(set.isEmpty()).toBe(true)
  }
  while (wanted.size > 0) take()
  expect(set.isEmpty()).toBe(true)
})

it('what sees a net is in one row, in the order in which it was told, and none where nothing does', () => {
  const sight = (net: number, cell: number, mask: number, inverted = false) => ({ net, cell, mask, inverted })
  const { from, cells, masks, inverted } = seenByNet(4, [
    sight(3, 9, 1),
    sight(1, 7, 2, true),
    sight(3, 4, 8),
    sight(1, 7, 4),
  ])
  const of = (net: number) =>
    Array.from({ length: from[net + 1]! - from[net]! }, (_, k) => {
      const at = from[net]! + k
      return [cells[at], masks[at], inverted[at]]
    })
  expect([0, 1, 2, 3].map(of)).toEqual([
    [],
    [
      [7, 2, 1],
      [7, 4, 0],
    ],
    [],
    [
      [9, 1, 0],
      [4, 8, 0],
    ],
  ])
})
