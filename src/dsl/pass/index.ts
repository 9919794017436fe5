import { removeDead } from './dead.ts'
import { foldConstants } from './fold.ts'
import { narrowRanges } from './narrow.ts'
import { everywhere, type Pass } from './rebuild.ts'
import { shareEqual } from './share.ts'

export { everywhere, type Pass } from './rebuild.ts'
export { foldConstants, narrowRanges, removeDead, shareEqual }

/** Every pass by name. */
export const passes = { fold: foldConstants, narrow: narrowRanges, share: shareEqual, dead: removeDead } as const
export type PassName = keyof typeof passes

/** What narrowing finds constant is folded once more. */
const order: readonly PassName[] = ['fold', 'narrow', 'fold', 'share', 'dead']

/** All passes on a module and everything under it. Ports stay; registers that nobody needs are gone. */
export const optimise: Pass = everywhere((module) => order.reduce((now, name) => passes[name](now), module))
