import type { Port, PortLayout } from '../../engine.ts'
import { wordRanges } from './limbs.ts'

/** The same rows, each word of a port of more than 64 bits a port. */
export const portsInWords = (ports: PortLayout): PortLayout => {
  const each = ({ name, range, offset, words }: Port): readonly Port[] => {
    const ranges = wordRanges(range)
    return ranges.map((range, k) => ({ name, range, offset: offset + k, words: words / ranges.length }))
  }
  return { ...ports, inputs: ports.inputs.flatMap(each), outputs: ports.outputs.flatMap(each) }
}
