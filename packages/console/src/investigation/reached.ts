// What was reached, as the server puts it in a few words (a dataset, two of them, one `and 5 more`,
// an endpoint), as a question and, where it is one thing, as an entity. Pure.

import { fieldIs, fieldIsOneOf } from '../question/question.ts'

export type Reached = {
  readonly question: string
  /** The one dataset it is; null for several and for endpoints. */
  readonly resource: string | null
}

export function reachedOf(target: string): Reached {
  const [, first] = /^(.+) and \d+ more$/s.exec(target) ?? []
  if (first !== undefined) return { question: fieldIs('resource.id', first), resource: null }
  if (/^(?:[A-Z]+ )?\//.test(target))
    return { question: fieldIs('endpoint', target), resource: null }
  const names = target.split(', ')
  if (names.length === 2) return { question: fieldIsOneOf('resource.id', names), resource: null }
  return { question: fieldIs('resource.id', target), resource: target }
}
