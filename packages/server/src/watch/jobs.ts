// Declared jobs: what somebody announced that an account will do, when and how much, so that an
// alert about it can be read in that light. A declaration excuses nothing by itself. Each is an
// event in the log (`tocsin.rule`, `job.declare`, `job.remove`); the list is read out of the index.

import { hash } from 'node:crypto'
import { TocsinError } from '@tocsin/sdk/errors'
import type { SealedEvent, WireEvent } from '@tocsin/sdk/event'
import { OWN_VIA, type PageCursor, type Query } from '../query/query.ts'
import type { Decider } from './dispositions.ts'

export type JobPlan = {
  readonly actor: string
  /** null for anything that the account reaches. */
  readonly resource: string | null
  /** `Sat 02:00-04:00 UTC`. */
  readonly schedule: string
  /** Rows a run; null where nobody says. */
  readonly maxRows: number | null
  /** null for as long as nobody removes it. */
  readonly untilMs: number | null
}

export type Job = JobPlan & {
  readonly id: string
  readonly by: string
  readonly declaredMs: number
}

/** Minutes of the day, UTC; `to` before `from` is on the next day. */
export type Schedule = {
  /** Monday is 0. */
  readonly days: readonly number[]
  readonly fromMinute: number
  readonly toMinute: number
}

const DAYS: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const MINUTE_MS = 60_000
const DAY_MINUTES = 1440
const NAME_CHARS_MAX = 1024
const PAGE = 1000

/** Throws `jobs.malformed`, saying how a schedule is written. */
export function parseSchedule(text: string): Schedule {
  const match =
    /^([a-z]{3,5}(?:[-,][a-z]{3})*) +(\d\d?):(\d\d) *- *(\d\d?):(\d\d)(?: +utc)?$/i.exec(
      text.trim(),
    )
  if (!match || text.length > 100) throw malformed(text)
  const [, days = '', ...clock] = match
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = clock.map(Number)
  if (fromHour > 23 || toHour > 24 || fromMinute > 59 || toMinute > 59) throw malformed(text)
  const from = fromHour * 60 + fromMinute
  const to = toHour * 60 + toMinute
  if (to > DAY_MINUTES || from === to) throw malformed(text)
  return { days: parseDays(days.toLowerCase(), text), fromMinute: from, toMinute: to }
}

function parseDays(days: string, text: string): readonly number[] {
  if (days === 'daily') return DAYS.map((_, i) => i)
  const found = days.split(',').flatMap(part => {
    const [first = '', last = first] = part.split('-')
    const from = DAYS.indexOf(first)
    const to = DAYS.indexOf(last)
    if (from < 0 || to < 0) throw malformed(text)
    return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, i) => (from + i) % 7)
  })
  return [...new Set(found)].sort((a, b) => a - b)
}

function malformed(text: string): TocsinError {
  return new TocsinError('jobs.malformed', {
    public: `${JSON.stringify(text.slice(0, 60))} is no schedule; write "Sat 02:00-04:00 UTC"`,
    field: 'schedule',
  })
}

/** True when a moment lies in the schedule, or at most `slackMs` beside it. */
export function isScheduled(schedule: Schedule, timeMs: number, slackMs = 0): boolean {
  const { days, fromMinute, toMinute } = schedule
  const lengthMs = ((toMinute - fromMinute + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES) * MINUTE_MS
  const dayMs = DAY_MINUTES * MINUTE_MS
  const today = Math.floor(timeMs / dayMs)
  // A run may have begun on the day before, and slack reaches over midnight either way.
  return [today - 1, today, today + 1].some(day => {
    // 1970 began on a Thursday.
    if (!days.includes((((day + 3) % 7) + 7) % 7)) return false
    const startMs = day * dayMs + fromMinute * MINUTE_MS
    return timeMs >= startMs - slackMs && timeMs <= startMs + lengthMs + slackMs
  })
}

/** Throws `jobs.malformed`. */
export function declareJob(plan: JobPlan, nowMs: number): Job {
  parseSchedule(plan.schedule)
  const names = [plan.actor, plan.resource ?? 'any']
  if (names.some(name => name === '' || name.length > NAME_CHARS_MAX)) {
    throw new TocsinError('jobs.malformed', {
      public: `actor and resource have 1 to ${NAME_CHARS_MAX} characters`,
      field: 'actor',
    })
  }
  const id = `j_${hash('sha256', JSON.stringify([plan, nowMs])).slice(0, 12)}`
  return { ...plan, id, by: '', declaredMs: nowMs }
}

export function jobEvent(
  action: 'declare' | 'remove',
  { by: _, ...job }: Job,
  at: { readonly by: Decider; readonly timeMs: number },
): WireEvent {
  return {
    kind: 'tocsin.rule',
    time: at.timeMs,
    outcome: 'success',
    actor: { type: 'human', id: at.by.principal, credential: at.by.keyId },
    operation: `job.${action}`,
    system: 'tocsin',
    ext: { tocsin: { job } },
  }
}

/** Those that were not removed, oldest first; also those whose time is over. */
export async function readJobs(query: Pick<Query, 'search'>): Promise<readonly Job[]> {
  const jobs = new Map<string, Job>()
  const events = await ownRuleEvents(query)
  for (const event of events.toReversed()) {
    const job = parseJob(event)
    if (!job) continue
    if (event.operation === 'job.remove') jobs.delete(job.id)
    else jobs.set(job.id, job)
  }
  return [...jobs.values()]
}

/** Newest first. */
async function ownRuleEvents(query: Pick<Query, 'search'>): Promise<readonly SealedEvent[]> {
  const range = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }
  const found: SealedEvent[] = []
  let after: PageCursor | null = null
  do {
    const text = 'kind:tocsin.rule operation:(job.declare or job.remove)'
    const page = await query.search({ text, range, limit: PAGE, ...(after ? { after } : {}) })
    found.push(...page.events.map(({ json }) => parseSealed(json)))
    after = page.next
  } while (after)
  return found
}

/** What the index holds was checked before it was sealed. */
function parseSealed(text: string): SealedEvent {
  return JSON.parse(text) as SealedEvent
}

/** null unless the server itself wrote the event: `via` is set by nobody else. */
export function parseJob(event: SealedEvent): Job | null {
  if (event.via !== OWN_VIA) return null
  const carried = event.ext?.tocsin as unknown as { job?: Omit<Job, 'by'> } | undefined
  return carried?.job ? { ...carried.job, by: event.actor.id } : null
}
