// Labels of campaigns: what is known about a file of events. A label that is not one is refused
// with its place, for a label that is passed over would quietly better the figures.

import { readFileSync } from 'node:fs'
import { TocsinError } from '@tocsin/sdk/errors'
import { hasCode } from '../../base/durable.ts'

/** docs/spec/simulation.md, "Labels". */
export type Label = {
  readonly campaign: string
  /** Empty for what is benign. */
  readonly kind: string
  readonly strength: number | null
  /** Ids of actors, credentials, sessions, addresses …, without a type. */
  readonly entities: readonly string[]
  readonly eventIds: readonly string[]
  /** First and last event, ms; null when they follow from the events. */
  readonly start: number | null
  readonly end: number | null
}

/** Looks like an attack and is none. */
export function isLookAlike({ campaign, kind }: Pick<Label, 'campaign' | 'kind'>): boolean {
  return kind === '' || campaign.startsWith('benign:')
}

/** Throws `cli.not_found` without the file, `cli.usage` with the place of what is no label. */
export function readLabels(path: string): readonly Label[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT') && !hasCode(cause, 'EISDIR')) throw cause
    throw new TocsinError('cli.not_found', { public: `there is no file ${path}`, cause })
  }
  const labels = parseLabels(text, path)
  if (labels.length > 0) return labels
  throw new TocsinError('cli.usage', { public: `${path} has no labels; there is nothing to find` })
}

/** One JSON object per line, or one array of them. */
export function parseLabels(text: string, path: string): readonly Label[] {
  if (text.trimStart().startsWith('[')) {
    const all = parseJson(text, path)
    const items: readonly unknown[] = Array.isArray(all) ? all : []
    return items.map((one, i) => parseLabel(one, `label ${i + 1} of ${path}`))
  }
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return []
    const place = `line ${i + 1} of ${path}`
    return [parseLabel(parseJson(line, place), place)]
  })
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw notLabel(place, `is not JSON (${why})`)
  }
}

function parseLabel(value: unknown, place: string): Label {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw notLabel(place, 'is not an object')
  }
  const members = new Map<string, unknown>(Object.entries(value))
  const campaign = members.get('campaign')
  if (typeof campaign !== 'string' || campaign === '') throw notLabel(place, 'has no `campaign`')
  const kind = members.get('kind') ?? ''
  if (typeof kind !== 'string') throw notLabel(place, 'has a `kind` that is not text')
  if (kind === '' && !members.has('kind')) {
    throw notLabel(place, 'has no `kind`, which is empty for what is benign')
  }
  const strength = members.get('strength') ?? null
  if (strength !== null && typeof strength !== 'number') {
    throw notLabel(place, 'has a `strength` that is not a number')
  }
  const entities = parseTexts(members.get('entities'), 'entities', place)
  if (entities.length === 0) throw notLabel(place, 'names no `entities`')
  const eventIds = parseTexts(members.get('eventIds') ?? [], 'eventIds', place).map(parseId)
  const start = parseTime(members.get('start'), 'start', place)
  const end = parseTime(members.get('end'), 'end', place)
  if ((start === null || end === null) && eventIds.length === 0) {
    throw notLabel(place, 'has neither `start` and `end` nor `eventIds`')
  }
  if (start !== null && end !== null && end < start) throw notLabel(place, 'ends before it starts')
  return { campaign, kind, strength, entities, eventIds, start, end }
}

/** Events' ids are kept in lower case. */
function parseId(id: string): string {
  return id.toLowerCase()
}

function parseTexts(value: unknown, name: string, place: string): readonly string[] {
  const items: readonly unknown[] | null = Array.isArray(value) ? value : null
  const texts = items?.filter(one => typeof one === 'string')
  if (texts && texts.length === items?.length) return texts
  throw notLabel(place, `has no list of texts \`${name}\``)
}

/** An earlier time than this in milliseconds is one in seconds. */
const TIME_MIN_MS = 946_684_800_000

function parseTime(value: unknown, name: string, place: string): number | null {
  if (value === undefined || value === null) return null
  const timeMs = typeof value === 'string' ? Date.parse(value) : value
  if (typeof timeMs === 'number' && timeMs >= TIME_MIN_MS) return timeMs
  throw notLabel(place, `has a \`${name}\` that is neither milliseconds since 1970 nor RFC 3339`)
}

function notLabel(place: string, why: string): TocsinError {
  return new TocsinError('cli.usage', {
    public: `${place} ${why}; docs/spec/simulation.md says what a label is`,
  })
}
