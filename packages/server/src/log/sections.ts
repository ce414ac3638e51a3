// An event as the sections it is sealed in, and back (docs/spec/log.md §3.1). Section 0 is the
// event; what has a retention class of its own (content) or names another person (delegation)
// stands in a section of its own, and null in its place, so that each can expire and be erased for
// itself.

import type { RetentionClass, SealedEvent } from '@tocsin/sdk/event'
import type { PlainSection } from './vault.ts'
import { contentDigest } from './vault.ts'

const CONTENT_RETENTION: RetentionClass = 'r30d'

export type SplitEvent = {
  readonly sections: readonly PlainSection[]
  /** The event without its content body, as followers and the index get it. */
  readonly followed: Buffer
  /** What the producer meant: the event without what the server adds. */
  readonly meant: Buffer
}

type ServerMembers = Pick<SealedEvent, 'v' | 'tenant' | 'observed' | 'via' | 'retention'>

/**
 * `event` in the order in which it is to be stored: the server's five members first, then the id.
 */
export function splitEvent(event: SealedEvent): SplitEvent {
  const { v, tenant, observed, via, retention, ...meant } = event
  const head = printHead({ v, tenant, observed, via, retention })
  const text = JSON.stringify(meant)
  const whole = Buffer.from(head + text.slice(1))
  const meantBytes = Buffer.from(text)
  const subject = event.actor.id
  const parts = takenOut(event)
  if (parts.length === 0) {
    const sections = [{ subject, retention, bytes: whole }]
    return { sections, followed: whole, meant: meantBytes }
  }
  const stripped = withNulls(meant, parts)
  const first = { subject, retention, bytes: Buffer.from(head + JSON.stringify(stripped).slice(1)) }
  const further = parts.map(({ at, value, ...scope }) => ({
    ...scope,
    bytes: Buffer.from(JSON.stringify({ at, value })),
  }))
  const followed = Buffer.from(
    head + JSON.stringify(withNulls(meant, parts.filter(isBody))).slice(1),
  )
  return { sections: [first, ...further], followed, meant: meantBytes }
}

function printHead({ v, tenant, observed, via, retention }: ServerMembers): string {
  return (
    `{"v":${v},"tenant":${JSON.stringify(tenant)},"observed":${observed},` +
    `"via":${JSON.stringify(via)},"retention":"${retention}",`
  )
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

type Meant = Omit<SealedEvent, keyof ServerMembers>

function withNulls(meant: Meant, parts: readonly Part[]): object {
  const taken = new Set(parts.map(part => part.at))
  const links = meant.onBehalfOf?.map((link, i) => (taken.has(`onBehalfOf.${i}`) ? null : link))
  return {
    ...meant,
    ...(taken.has(BODY) ? { content: { ...meant.content, body: null } } : {}),
    ...(links ? { onBehalfOf: links } : {}),
  }
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
  hashKey: Uint8Array,
  sections: readonly (Uint8Array | null)[],
): Uint8Array {
  const text = joinSections(sections, { withContent: true }) ?? ''
  // Quotes inside values are escaped, so the first `,"id":` is the member's.
  return contentDigest(hashKey, Buffer.from(`{${text.slice(text.indexOf(',"id":') + 1)}`))
}
