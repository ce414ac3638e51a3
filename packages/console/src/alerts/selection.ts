// What is selected in an inbox: alerts by their ids, or all that a question finds. Either way it
// is a question with a number, and that is what the server gets. Pure.

import { type Asked, byIds, wholeOf } from './question.ts'

export type Selection =
  | { readonly kind: 'ids'; readonly ids: ReadonlySet<string> }
  | { readonly kind: 'all'; readonly count: number }

export const NOTHING: Selection = { kind: 'ids', ids: new Set() }

/** With all selected, taking one out leaves the others that are loaded. */
export function toggled(selection: Selection, id: string, loaded: readonly string[]): Selection {
  const ids = new Set(selection.kind === 'ids' ? selection.ids : loaded)
  if (!ids.delete(id)) ids.add(id)
  return { kind: 'ids', ids }
}

export function isSelected(selection: Selection, id: string): boolean {
  return selection.kind === 'all' || selection.ids.has(id)
}

export function sizeOf(selection: Selection): number {
  return selection.kind === 'all' ? selection.count : selection.ids.size
}

export type BulkQuestion = {
  readonly q: string
  readonly from?: string
  readonly to?: string
  readonly expect: number
}

/** Ids are found whatever the time range; a question only within it. */
export function bulkQuestion(
  selection: Selection,
  asked: Asked & { readonly from: string; readonly to: string },
): BulkQuestion {
  const expect = sizeOf(selection)
  if (selection.kind === 'ids') return { q: byIds([...selection.ids]), expect }
  return { q: wholeOf(asked), from: asked.from, to: asked.to, expect }
}
