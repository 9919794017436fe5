/** A pair of neighbours that the vocabulary can merge. `left` and `right` are places in the symbol list. */
interface Candidate {
  readonly score: number
  readonly left: number
  readonly right: number
  /** The two symbols as they were when the pair was found: a changed one makes the candidate stale. */
  readonly leftToken: number
  readonly rightToken: number
  readonly merged: number
}

const GONE = -1

/**
 * Byte-pair merging: again and again merges the neighbours whose merged token has the highest score, the leftmost of
 * equals, until none merges. A linked list and a heap make it n log n in the text, independent of the vocabulary.
 */
export const mergeBest = (
  symbols: readonly number[],
  merge: (left: number, right: number) => number | undefined,
  scores: Float32Array,
): number[] => {
  const tokens = [...symbols]
  const before = tokens.map((_, place) => place - 1)
  const after = tokens.map((_, place) => (place + 1 < tokens.length ? place + 1 : GONE))
  const heap: Candidate[] = []
  const consider = (left: number, right: number): void => {
    if (left === GONE || right === GONE) return
    const leftToken = tokens[left]!
    const rightToken = tokens[right]!
    const merged = merge(leftToken, rightToken)
    if (merged !== undefined) push(heap, { score: scores[merged]!, left, right, leftToken, rightToken, merged })
  }
  for (let place = 0; place + 1 < tokens.length; place++) consider(place, place + 1)
  for (let best = pop(heap); best; best = pop(heap)) {
    const { left, right, merged } = best
    if (tokens[left] !== best.leftToken || tokens[right] !== best.rightToken) continue
    tokens[left] = merged
    tokens[right] = GONE
    const next = after[right]!
    after[left] = next
    if (next !== GONE) before[next] = left
    consider(before[left]!, left)
    consider(left, next)
  }
  return tokens.filter((token) => token !== GONE)
}

const precedes = (a: Candidate, b: Candidate): boolean => a.score > b.score || (a.score === b.score && a.left < b.left)

const push = (heap: Candidate[], candidate: Candidate): void => {
  let place = heap.length
  heap.push(candidate)
  while (place > 0) {
    const parent = (place - 1) >> 1
    if (!precedes(candidate, heap[parent]!)) break
    heap[place] = heap[parent]!
    place = parent
  }
  heap[place] = candidate
}

const pop = (heap: Candidate[]): Candidate | undefined => {
  const best = heap[0]
  const last = heap.pop()
  if (heap.length === 0 || !last) return best
  let place = 0
  for (;;) {
    let child = 2 * place + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && precedes(heap[child + 1]!, heap[child]!)) child++
    if (!precedes(heap[child]!, last)) break
    heap[place] = heap[child]!
    place = child
  }
  heap[place] = last
  return best
}
