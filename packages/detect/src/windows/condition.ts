// A correlation's condition: what holds, what it says in words, and whether it asks for little,
// so that it can only be judged of a window that was watched from its beginning.

import { numberWords } from '../plain-words.ts'
import type { Comparison } from '../rule.ts'

export type Condition = {
  readonly holds: (value: number) => boolean
  /** An empty window would meet it: it says that something is missing. */
  readonly asksForLittle: boolean
  readonly words: string
}

const WORDS: { readonly [operator in Comparison['operator']]: (value: string) => string } = {
  gt: value => `more than ${value}`,
  gte: value => `${value} or more`,
  lt: value => `fewer than ${value}`,
  lte: value => `${value} or fewer`,
  eq: value => `exactly ${value}`,
  neq: value => `other than ${value}`,
}

/** All comparisons must hold; none at all never do. Less than `floor` is never unusual. */
export function compileCondition(parts: readonly Comparison[], floor: number): Condition {
  const holdsAll = (value: number) => parts.every(part => compares(value, part))
  const asksForLittle = parts.length > 0 && holdsAll(0)
  const least = asksForLittle ? 0 : floor
  return {
    holds: value => parts.length > 0 && value >= least && holdsAll(value),
    asksForLittle,
    words: parts.map(({ operator, value }) => WORDS[operator](numberWords(value))).join(' and '),
  }
}

function compares(found: number, { operator, value }: Comparison): boolean {
  switch (operator) {
    case 'gt':
      return found > value
    case 'gte':
      return found >= value
    case 'lt':
      return found < value
    case 'lte':
      return found <= value
    case 'eq':
      return found === value
    case 'neq':
      return found !== value
  }
}
