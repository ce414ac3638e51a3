// An event as the sections it is sealed in, and back (docs/spec/log.md §3.1). Section 0 is the
// event; what has a retention class of its own (content) or names another person (delegation)
// stands in a section of its own, and null in its place, so that each can expire and be erased for
// itself.

import type { RetentionClass, SealedEvent } from '@tocsin/sdk/event'
import type { HmacKey } from './hmac.ts'
import { contentDigest, type PlainSection } from './vault.ts'

const CONTENT_RETENTION: RetentionClass = 'r30d'

export type SplitEvent = {
  readonly sections: readonly PlainSection[]
  /** The event without its content body, as followers and the index get it. */
  readonly followed: Uint8Array
  /** What the producer meant: the event's text behind what the server adds, from the id on. */
  readonly meant: Uint8Array
}

/** The server's members stand first, then the id; quotes inside values are escaped. */
const MEANT_AT = ',"id":'

/**
 * `event` in the order in which it is to be stored: the server's five members first, then the id.
 * `followed` and `meant` may be views of the same bytes as a section.
 */
export function splitEvent(event: SealedEvent): SplitEvent {
  const whole = Buffer.from(JSON.stringify(event))
  const meant = whole.subarray(whole.indexOf(MEANT_AT) + 1)
  const subject = event.actor.id
  const { retention } = event
  const parts = takenOut(event)
  if (parts.length === 0) {
    return { sections: [{ subject, retention, bytes: whole }], followed: whole, meant }
  }
  const first = { subject, retention, bytes: printWithout(event, parts) }
  const further = parts.map(({ at, value, ...scope }) => ({
    ...scope,
    bytes: Buffer.from(JSON.stringify({ at, value })),
  }))
  const followed = printWithout(event, parts.filter(isBody))
  return { sections: [first, ...further], followed, meant }
}

type Part = {
  readonly at: string
  readonly value: unknown
  readonly subject: string
  readonly retention: RetentionClass
}

const BODY = 'content.body'

function isBody(part: Part): boolean {
  return part.at === BODY
}

function takenOut(event: SealedEvent): readonly Part[] {
  const { actor, content, onBehalfOf, retention } = event
  const parts: Part[] = []
  if (content?.body !== undefined) {
    parts.push({ at: BODY, value: content.body, subject: actor.id, retention: CONTENT_RETENTION })
  }
  onBehalfOf?.forEach((link, i) => {
    if (link.id === undefined || link.id === actor.id) return
    parts.push({ at: `onBehalfOf.${i}`, value: link, subject: link.id, retention })
  })
  return parts
}

/** The event's JSON with null in place of `parts`. */
function printWithout(event: SealedEvent, parts: readonly Part[]): Buffer {
  const taken = new Set(parts.map(part => part.at))
  const links = event.onBehalfOf?.map((link, i) => (taken.has(`onBehalfOf.${i}`) ? null : link))
  return Buffer.from(
    JSON.stringify({
      ...event,
      ...(taken.has(BODY) ? { content: { ...event.content, body: null } } : {}),
      ...(links ? { onBehalfOf: links } : {}),
    }),
  )
}

/**
 * The event's JSON text from its opened sections; what could not be opened stays null in its place.
 * null when the event itself (section 0) cannot be opened.
 */
export function joinSections(
  sections: readonly (Uint8Array | null)[],
  options: { readonly withContent: boolean },
): string | null {
  const [first, ...further] = sections
  if (!first) return null
  const text = Buffer.from(first).toString('utf8')
  if (further.length === 0) return text
  const event = parseStored(text)
  for (const bytes of further) if (bytes) putBack(event, bytes, options.withContent)
  return JSON.stringify(event)
}

function parseStored(text: string): { [member: string]: unknown } {
  return JSON.parse(text)
}

function putBack(event: { [member: string]: unknown }, bytes: Uint8Array, withContent: boolean) {
  const { at, value } = parseStored(Buffer.from(bytes).toString('utf8'))
  if (at === BODY) {
    if (withContent) event.content = { ...Object(event.content), body: value }
    return
  }
  const index = Number(String(at).slice('onBehalfOf.'.length))
  if (Array.isArray(event.onBehalfOf)) event.onBehalfOf[index] = value
}

/** The digest that tells a duplicate from a conflict, from what is stored; see `contentDigest`. */
export function digestOfStored(
  hashKey: HmacKey | Uint8Array,
  sections: readonly (Uint8Array | null)[],
): Uint8Array {
  const text = joinSections(sections, { withContent: true }) ?? ''
  return contentDigest(hashKey, Buffer.from(text.slice(text.indexOf(MEANT_AT) + 1)))
}
