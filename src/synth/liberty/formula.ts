/**
 * Boolean functions as Liberty writes them: `!A` or `A'`, `A & B`, `A * B` or `A B`, `A | B` or `A + B`, `A ^ B`, 0 and 1.
 * Not binds strongest, then exclusive or, and, or (Liberty Reference Manual, function attribute).
 */

export type Formula =
  | { readonly kind: 'constant'; readonly value: 0 | 1 }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'not'; readonly of: Formula }
  | { readonly kind: 'and' | 'or' | 'xor'; readonly left: Formula; readonly right: Formula }

/** Longest function that is read, in characters, and parentheses within one another. */
const [longest, deepest] = [10_000, 100]

/** Reads a function; undefined where it is none. */
export const readFormula = (text: string): Formula | undefined => {
  if (text.length > longest) return undefined
  const tokens = text.match(/[A-Za-z_][\w.$]*(?:\[\d+\])?|\S/g) ?? []
  let at = 0
  let depth = 0
  const starts = (token: string | undefined): boolean => token !== undefined && /^[\w!(]/.test(token)

  const unit = (): Formula | undefined => {
    const token = tokens[at++]
    if (token === undefined) return undefined
    let found: Formula | undefined
    if (token === '!') {
      if (++depth > deepest) return undefined
      const of = unit()
      depth--
      found = of && { kind: 'not', of }
    } else if (token === '(') {
      if (++depth > deepest) return undefined
      found = sum()
      depth--
      if (tokens[at++] !== ')') return undefined
    } else if (token === '0' || token === '1') found = { kind: 'constant', value: token === '1' ? 1 : 0 }
    else if (/^[A-Za-z_]/.test(token)) found = { kind: 'name', name: token }
    // In pairs they mean nothing, and each would be a level of the formula.
    let inverted = false
    for (; tokens[at] === "'"; at++) inverted = !inverted
    return found && inverted ? { kind: 'not', of: found } : found
  }
  const joined = (
    kind: 'and' | 'or' | 'xor',
    part: () => Formula | undefined,
    operator: (token: string | undefined) => 'skip' | 'none' | undefined,
  ): Formula | undefined => {
    let left = part()
    for (let how = operator(tokens[at]); left && how !== undefined; how = operator(tokens[at])) {
      if (how === 'skip') at++
      const right = part()
      left = right && { kind, left, right }
    }
    return left
  }
  const exclusive = () => joined('xor', unit, (token) => (token === '^' ? 'skip' : undefined))
  const product = () =>
    joined('and', exclusive, (token) => (token === '&' || token === '*' ? 'skip' : starts(token) ? 'none' : undefined))
  const sum = (): Formula | undefined =>
    joined('or', product, (token) => (token === '|' || token === '+' ? 'skip' : undefined))

  const formula = sum()
  return at === tokens.length ? formula : undefined
}

/** The names in a formula, each once, in their order. */
export const namesIn = (formula: Formula): string[] => {
  const names = new Set<string>()
  const visit = (part: Formula): void => {
    if (part.kind === 'name') names.add(part.name)
    else if (part.kind === 'not') visit(part.of)
    else if (part.kind !== 'constant') {
      visit(part.left)
      visit(part.right)
    }
  }
  visit(formula)
  return [...names]
}

/** In the notation of `OutputPin.function`, every operation in parentheses; `rename` gives names their place in it. */
export const printFormula = (formula: Formula, rename: (name: string) => string = (name) => name): string => {
  const inner = (part: Formula): string => {
    if (part.kind === 'constant') return String(part.value)
    if (part.kind === 'name') return rename(part.name)
    if (part.kind === 'not') return `!${inner(part.of)}`
    const operator = { and: '&', or: '|', xor: '^' }[part.kind]
    return `(${inner(part.left)} ${operator} ${inner(part.right)})`
  }
  const text = inner(formula)
  return formula.kind === 'and' || formula.kind === 'or' || formula.kind === 'xor' ? text.slice(1, -1) : text
}

/** The value under an assignment. */
const evaluate = (formula: Formula, isTrue: (name: string) => boolean): boolean => {
  if (formula.kind === 'constant') return formula.value === 1
  if (formula.kind === 'name') return isTrue(formula.name)
  if (formula.kind === 'not') return !evaluate(formula.of, isTrue)
  const left = evaluate(formula.left, isTrue)
  const right = evaluate(formula.right, isTrue)
  return formula.kind === 'and' ? left && right : formula.kind === 'or' ? left || right : left !== right
}

/** Most names for which a truth table is made. */
const mostNames = 12

/** The truth table over `names`, the first name the lowest bit of the index; undefined where there are too many. */
export const truthTable = (formula: Formula, names: readonly string[]): boolean[] | undefined => {
  if (names.length > mostNames) return undefined
  return Array.from({ length: 2 ** names.length }, (_, row) =>
    evaluate(formula, (name) => ((row >> names.indexOf(name)) & 1) === 1),
  )
}

/** How an output follows an input: the way it moves when the input rises. */
export type Sense = 'positive' | 'negative' | 'both'

/** The sense of a function in one of its names; `both` where it is neither, or too large to tell. */
export const senseOf = (formula: Formula, name: string): Sense => {
  const names = [name, ...namesIn(formula).filter((each) => each !== name)]
  const table = truthTable(formula, names)
  if (!table) return 'both'
  let [rises, falls] = [false, false]
  for (let row = 0; row < table.length; row += 2) {
    rises ||= !table[row]! && table[row + 1]!
    falls ||= table[row]! && !table[row + 1]!
  }
  return rises === falls ? 'both' : rises ? 'positive' : 'negative'
}
