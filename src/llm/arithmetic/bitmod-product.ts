import { type Arithmetic, activationFields, isNoNumber } from '../../pe/bitmod/golden.ts'
import {
  paperSpecialValues,
  specialValueCount,
  termsOf,
  type WeightName,
  type WeightType,
  weightTypes,
} from '../../pe/bitmod/terms.ts'
import type { TiledElement } from '../../pe/tile.ts'
import {
  activationScale,
  type BitmodKernel,
  bitmodModule,
  bitmodScratchBytes,
  bitmodWords,
  elementWidthOf,
} from './bitmod-kernel.ts'
import { moduleMaker } from './module-maker.ts'
import { groupsOf, type HardwareArithmetic } from './product.ts'
import { growing, openKernels, stepOf } from './team.ts'

/** How a BitMoD tile adds up, from its parameters. */
export const bitmodKernelOf = ({ parameters, operands }: TiledElement): BitmodKernel => ({
  type: weightTypes[parameters.w as WeightName],
  arithmetic: {
    lanes: operands.lanes,
    guard: Number(parameters.guard),
    magnitude: Number(parameters.magnitude),
    significance: parameters.significance === 'shift' ? 'shift' : 'exponent',
    alignment: parameters.inputs === 'aligned' ? 'activations' : 'terms',
  },
})

type Floats = Float32Array | Float64Array

/** The terms of each code, by selector, cycle and code: `+-2^exponent`, 0 where there is none. */
export const termTable = (type: WeightType): Float64Array => {
  const codes = 2 ** type.bits
  const specials = paperSpecialValues(type)
  const table = new Float64Array(specialValueCount * type.cycles * codes)
  for (let selector = 0; selector < specialValueCount; selector++)
    for (let code = 0; code < codes; code++)
      termsOf(type, code, specials[selector] ?? 0).forEach(({ negative, exponent, present }, cycle) => {
        table[(selector * type.cycles + cycle) * codes + code] = present ? (negative ? -1 : 1) * 2 ** exponent : 0
      })
  return table
}

/** Activations of a token as the kernel takes them: group by group, step by step, numbers of all lanes and powers of two of exponents. */
const writeActivations = (
  p: Arithmetic,
  codes: ArrayLike<number>,
  from: number,
  { inputs, group }: { readonly inputs: number; readonly group: number },
  to: Floats,
  place: number,
): void => {
  const factor = activationScale(p)
  let at = place
  for (let start = 0; start < inputs; start += group) {
    const end = Math.min(inputs, start + group)
    for (let first = start; first < end; first += p.lanes, at += 2 * p.lanes) {
      const last = Math.min(end, first + p.lanes)
      let largest = 0
      for (let k = first; k < last; k++) largest = Math.max(largest, Math.max((codes[from + k]! >> 10) & 31, 1))
      if (p.alignment === 'activations') to[at + p.lanes] = 2 ** largest
      for (let k = first; k < last; k++) {
        const code = codes[from + k]!
        const lane = k - first
        const { negative, exponent, significand } = activationFields(code)
        const sign = isNoNumber(code) ? Number.NaN : negative ? -1 : 1
        if (p.alignment === 'terms') {
          to[at + lane] = sign * significand * 2 ** exponent * factor
          to[at + p.lanes + lane] = 2 ** exponent
        } else to[at + lane] = sign * Math.floor((significand * 2 ** p.guard) / 2 ** (largest - exponent))
      }
    }
  }
}

/** FP32's one NaN code. */
const nan = 0x7fc0_0000

/** BitMoD's arithmetic on the CPU, its FP32 sums over the groups of an output included. */
export const bitmodProducts = (pe: TiledElement, threads: number): HardwareArithmetic => {
  const kernel = bitmodKernelOf(pe)
  const { arithmetic: p, type } = kernel
  const width = elementWidthOf(kernel)
  const [bytes, count] = [width / 8, 128 / width]
  const kernels = openKernels(
    threads,
    bitmodScratchBytes(kernel, pe.operands.group),
    moduleMaker(bitmodModule, kernel, pe.spec),
  )
  const { arena, team, take } = kernels
  const [roomForActivations, roomForResults] = [growing(kernels), growing(kernels)]
  const floatsAt = (address: number, length: number): Floats =>
    width === 32
      ? new Float32Array(arena.memory.buffer, address, length)
      : new Float64Array(arena.memory.buffer, address, length)
  const table = termTable(type)
  const terms = take(bytes * table.length)
  floatsAt(terms, table.length).set(table)
  return {
    words: 1,
    load: (weights) => {
      const { outputs, inputs, group, codes, selectors, scales } = weights
      const groups = groupsOf(weights)
      if (!scales) throw new RangeError(`${pe.spec} scales a group's sum, and there are no scales`)
      if (group > pe.operands.group)
        throw new RangeError(`a group of ${pe.spec} has at most ${pe.operands.group} numbers, got ${group}`)
      const padded = count * Math.ceil(outputs / count)
      const copied = (numbers: ArrayLike<number> | undefined, length: number): number => {
        const address = take(padded * length)
        if (numbers) arena.bytes(address, outputs * length).set(numbers)
        return address
      }
      const places = {
        codes: copied(codes, inputs),
        selectors: copied(selectors, groups),
        scales: copied(scales, groups),
      }
      const steps = (groups - 1) * Math.ceil(group / p.lanes) + Math.ceil((inputs - (groups - 1) * group) / p.lanes)
      const perToken = 2 * p.lanes * steps
      return {
        groups,
        run: async (activations, tokens) => {
          const x = roomForActivations(bytes * tokens * perToken)
          const y = roomForResults(4 * tokens * padded)
          const floats = floatsAt(x, tokens * perToken)
          floats.fill(0)
          for (let token = 0; token < tokens; token++)
            writeActivations(p, activations, token * inputs, { inputs, group }, floats, token * perToken)
          const step = stepOf(bitmodWords, {
            ...{ x, xStride: bytes * perToken, tokens, inputs, group, groups, terms, y, yStride: 4 * padded },
            ...places,
          })
          arena.words(y, tokens * padded).fill(0)
          team.step(step, padded / count, tokens * padded * inputs * type.cycles)
          const sums = arena.words(y, tokens * padded)
          const results = new Int32Array(tokens * outputs)
          for (let token = 0; token < tokens; token++)
            for (let row = 0; row < outputs; row++) {
              const word = sums[token * padded + row]!
              results[token * outputs + row] = (word & 0x7fff_ffff) > 0x7f80_0000 ? nan : word
            }
          return results
        },
      }
    },
    close: team.close,
  }
}
