import { type Assembly, type Call, many, type Value } from './assembly.ts'
import { exponential } from './exponential.ts'
import { acrossLanes } from './lanes.ts'
import { activations, stepAddress, words } from './step.ts'

const reader =
  <K extends string>({ load, v }: Assembly, places: Readonly<Record<K, number>>) =>
  (name: K, as: 'word' | 'float' | 'four' = 'word'): Value => {
    const address = stepAddress + 4 * places[name]
    if (as === 'four') return v.load('splat', 0, address)
    return load(as === 'word' ? 'load' : 'loadFloat', 0, address)
  }

/** RMSNorm, or LayerNorm where there is a bias. */
export const normPiece = (asm: Assembly): Call => {
  const { define, i, v, load, set, locals, move, when, times } = asm
  const step = reader(asm, words.norm)
  return define(['i32'], (piece) => {
    const [x, y, weight, bias, left, at] = locals(many(6, 'i32'))
    const [sum, mean, scale, value, kept] = locals(many(5, 'v128'))
    const row = load('load', i.add(step('rows'), i.shiftLeft(piece, 2)))
    const total = (): Value =>
      acrossLanes(asm, sum, v.add, (halves) => {
        set(kept, halves)
        return kept
      })
    const eachFour = (body: () => void): void => {
      set(x, i.add(step('x'), i.mul(row, step('xStride'))))
      set(left, step('fours'))
      times(left, () => {
        set(value, v.load('vector', x))
        body()
        move(x, 16)
      })
    }
    set(bias, step('bias'))
    set(mean, v.zero)
    when(bias, () => {
      set(sum, v.zero)
      eachFour(() => set(sum, v.add(sum, value)))
      set(mean, v.divide(total(), v.floats(v.splatInteger(step('width')))))
    })
    set(sum, v.zero)
    set(at, 0)
    eachFour(() => {
      // What lies behind the end of a row is 0, which is not the mean.
      const inside = v.isLessInteger(
        v.addIntegers(v.splatInteger(at), v.words(0, 1, 2, 3)),
        v.splatInteger(step('width')),
      )
      set(value, v.and(v.sub(value, mean), inside))
      set(sum, v.add(sum, v.mul(value, value)))
      move(at, 4)
    })
    const square = v.lane(v.add(v.divide(total(), v.floats(v.splatInteger(step('width')))), step('epsilon', 'four')), 0)
    set(scale, v.splat(i.floatDivide(asm.float(1), i.floatRoot(square))))
    set(y, i.add(step('y'), i.mul(piece, step('yStride'))))
    set(weight, step('weight'))
    eachFour(() => {
      set(value, v.mul(v.load('vector', weight), v.mul(scale, v.sub(value, mean))))
      when(bias, () => {
        set(value, v.add(value, v.load('vector', bias)))
        move(bias, 16)
      })
      v.store(y, value)
      move(y, 16)
      move(weight, 16)
    })
  })
}

/** What stands between the two linear layers of a feed-forward block, in place. */
export const activatePiece = (asm: Assembly): Call => {
  const { define, i, v, set, local, move, when, times } = asm
  const step = reader(asm, words.activate)
  return define(['i32'], (piece) => {
    const [x, up, left] = [local('i32'), local('i32'), local('i32')]
    const value = local('v128')
    const power = exponential(asm)
    const offset = i.mul(piece, step('stride'))
    /** x / (1 + e^-by) */
    const gated = (by: Value): Value => v.divide(value, v.add(v.four(1), power(v.negate(by))))
    const inner = v.mul(
      v.four(2 * Math.sqrt(2 / Math.PI)),
      v.add(value, v.mul(v.four(0.044715), v.mul(value, v.mul(value, value)))),
    )
    // 1 + tanh(z) is 2 / (1 + e^-2z).
    const results = {
      'gated-silu': () => v.mul(gated(value), v.load('vector', up)),
      relu: () => v.larger(value, v.zero),
      'gelu-tanh': () => gated(inner),
    }
    activations.forEach((kind, at) => {
      when(i.equal(step('kind'), at), () => {
        set(x, i.add(step('x'), offset))
        set(up, i.add(step('up'), offset))
        set(left, step('fours'))
        times(left, () => {
          set(value, v.load('vector', x))
          v.store(x, results[kind]())
          move(x, 16)
          move(up, 16)
        })
      })
    })
  })
}
