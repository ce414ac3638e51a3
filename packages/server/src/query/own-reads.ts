// Reads of the record are in it too. In a search for what others did they would be noise that grows
// with every look, so a question finds them only where it names Tocsin's own kinds.

import { FIELDS } from '@tocsin/sdk/event'
import { type Checked, checkQuery, parseQuery } from '@tocsin/sdk/query'

const KIND = 'tocsin.read'
/** Tocsin's own kinds have one spelling, so the test is a plain comparison. */
const OWN_FIELDS = FIELDS.map(f => (f.path === 'kind' ? { ...f, values: [KIND] } : f))
const OWN_READS = checkQuery(parseQuery(`kind:${KIND}`), OWN_FIELDS, 0)

/**
 * The question without `tocsin.read`, or as it is where it asks for a kind that begins with
 * `tocsin` (`kind:tocsin.read`, `kind:tocsin*`). Takes what was checked, not its text: the caller's
 * text stays whole, so that no parenthesis in it gets out of the filter.
 */
export function hideOwnReads(asked: Checked): Checked {
  if (namesOwnKinds(asked)) return asked
  return { kind: 'and', items: [asked, { kind: 'not', item: OWN_READS }] }
}

/** True where the question would find reads of the record. */
export function namesOwnKinds(asked: Checked): boolean {
  if (asked.kind === 'and' || asked.kind === 'or') return asked.items.some(namesOwnKinds)
  if (asked.kind === 'not') return namesOwnKinds(asked.item)
  if (asked.kind !== 'text' || asked.field.path !== 'kind') return false
  return asked.pattern[0]?.toLowerCase().startsWith('tocsin') ?? false
}
