/** Parts made with the language: shift registers, and what is done with streams. */
export { arbiter, type Turn } from './arbiter.ts'
export { join, map } from './combine.ts'
export { delay, delays } from './delay.ts'
export { fork } from './fork.ts'
export { pipe } from './pipe.ts'
export { queue } from './queue.ts'
