// The question that finds an entity's events, in the query language.

import { ENTITY_TYPES, type EntityRef } from '@tocsin/detect/finding'

/** Longest value that an event can have in a field, and the query language in a question. */
const VALUE_BYTES_MAX = 1024

/** null for an id that no event can have. */
export function questionFor({ type, id }: EntityRef): string | null {
  const found = Object.entries(ENTITY_TYPES).find(([, name]) => name === type)
  if (!found || id === '' || Buffer.byteLength(id) > VALUE_BYTES_MAX) return null
  return `${found[0]}:${quoted(id)}`
}

/** A value of the query language that stands for itself alone. */
export function quoted(text: string): string {
  return /^[\w.@/-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
