import { ownTime } from './sim.bench.ts'
import type { Timed } from './table.ts'

/** What running something took; processor time is that of all threads of this process. */
export const timed = async (run: () => void | Promise<void>): Promise<Timed> => {
  const [started, before] = [performance.now(), ownTime()]
  await run()
  return { wall: (performance.now() - started) / 1000, processor: ownTime() - before }
}
