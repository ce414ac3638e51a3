// The investigation of an alert or an entity, built from the index: the chain from a person to what
// was reached, what came before and after, the same credential and address elsewhere, the hours it
// usually works, declared jobs, and what all of it reads like. It changes nothing and may be asked
// again; the same events give the same answer.

import type { EntityRef, Finding } from '@tocsin/detect/finding'
import { TocsinError } from '@tocsin/sdk/errors'
import type { SealedEvent } from '@tocsin/sdk/event'
import { OWN_VIA, type Query, type TimeRange } from '../query/query.ts'
import { questionFor } from './entity-question.ts'
import {
  type Activity,
  burstAround,
  type ChainPath,
  chainPaths,
  fetchActivity,
  foldRuns,
  type Run,
  targetOf,
} from './investigate-activity.ts'
import {
  type Elsewhere,
  elsewhere,
  type Habit,
  habitOf,
  knowsCountry,
  PAST_DAYS,
  type Session,
  sessionsIn,
  type Target,
  targetsIn,
  type Usual,
  usualTargets,
  usualWays,
  type Way,
  waysIn,
} from './investigate-history.ts'
import {
  type Change,
  type Evidence,
  type JobFit,
  type Reading,
  type ReadingName,
  readEvidence,
} from './investigate-reading.ts'
import { isScheduled, type Job, parseSchedule, readJobs } from './jobs.ts'

export type { Change, Elsewhere, Habit, JobFit, Reading, ReadingName, Run, Session }

export type Subject = {
  readonly alertId: string | null
  readonly entity: EntityRef
  readonly findings: readonly Finding[]
}

export type Investigation = {
  readonly alertId: string | null
  readonly entity: EntityRef
  /** Whose doing it was; null where no account is known. */
  readonly actor: string | null
  /** The stretch of activity that the findings lie in. */
  readonly fromMs: number
  readonly toMs: number
  readonly reading: ReadingName | 'unclear'
  readonly readings: readonly Reading[]
  readonly notes: readonly string[]
  readonly chain: readonly ChainPath[]
  readonly before: readonly Run[]
  readonly during: readonly Run[]
  readonly after: readonly Run[]
  /** Events of the time line that were left out, because there were too many. */
  readonly isCut: boolean
  readonly elsewhere: readonly Elsewhere[]
  readonly sessions: readonly Session[]
  readonly habit: Habit | null
  readonly jobs: readonly JobFit[]
  readonly changes: readonly Change[]
}

export type InvestigateDeps = { readonly query: Pick<Query, 'search' | 'summarise'> }

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const BEFORE_MS = 6 * HOUR_MS
const AFTER_MS = 6 * HOUR_MS
const CHANGES_MS = 48 * HOUR_MS
/** An investigation looks at the newest stretch of findings that is no longer. */
const FINDINGS_MS_MAX = DAY_MS
const EVENTS_MAX = { before: 1000, during: 4000, after: 2000 } as const
const CHAINS_MAX = 40
const CHANGES_MAX = 20

/** Throws `entity.unknown` where nothing of the entity can be found. */
export async function investigate(
  subject: Subject,
  { query }: InvestigateDeps,
): Promise<Investigation> {
  const text = questionFor(subject.entity)
  if (text === null) throw unknownEntity(subject.entity)
  const asked = `(${text}) not kind:tocsin.*`
  const span = await spanOf(subject, query, asked)
  const found = new Set(subject.findings.flatMap(({ eventIds }) => eventIds))
  const activity = await activityOf(query, asked, span)
  const burst = burstAround(activity.events, momentOf(subject, span))
  const inside = activity.events.filter(({ time }) => time >= burst.fromMs && time <= burst.toMs)
  const actor = actorOf(subject, inside, found)
  const known = actor === null ? null : await learn(query, { actor, burst, inside })
  const said = known ? readEvidence(known.evidence) : NOBODY
  return {
    alertId: subject.alertId,
    entity: subject.entity,
    actor,
    ...burst,
    ...said,
    chain: chainPaths(inside, found, CHAINS_MAX),
    before: foldRuns(
      activity.events.filter(({ time }) => time < burst.fromMs),
      found,
    ),
    during: foldRuns(inside, found),
    after: foldRuns(
      activity.events.filter(({ time }) => time > burst.toMs),
      found,
    ),
    isCut: activity.isCut,
    elsewhere: known?.elsewhere ?? [],
    sessions: known?.sessions ?? [],
    habit: known?.evidence.habit ?? null,
    jobs: known?.evidence.jobs ?? [],
    changes: known?.evidence.changes ?? [],
  }
}

const NOBODY = {
  reading: 'unclear',
  readings: [],
  notes: ['no account is known behind it'],
} as const

function unknownEntity({ type, id }: EntityRef): TocsinError {
  const shown = JSON.stringify(id.slice(0, 60))
  return new TocsinError('entity.unknown', {
    public: `no event is known of ${type} ${shown}; \`tocsin entities list\` shows the riskiest`,
  })
}

/** From the first to the last finding; without findings the newest activity. */
async function spanOf(
  { entity, findings }: Subject,
  query: InvestigateDeps['query'],
  text: string,
): Promise<TimeRange> {
  if (findings.length > 0) {
    const toMs = Math.max(...findings.map(({ timeMs }) => timeMs))
    const near = findings.filter(({ timeMs }) => timeMs >= toMs - FINDINGS_MS_MAX)
    const fromMs = Math.max(toMs - FINDINGS_MS_MAX, Math.min(...near.map(f => f.startMs)))
    return { fromMs, toMs }
  }
  const range = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }
  const { events } = await fetchActivity(query, { text, range, most: 1 })
  const newest = events.at(-1)
  if (!newest) throw unknownEntity(entity)
  return { fromMs: newest.time, toMs: newest.time }
}

async function activityOf(
  query: InvestigateDeps['query'],
  text: string,
  { fromMs, toMs }: TimeRange,
): Promise<Activity> {
  const endMs = toMs + 1
  const parts: Activity[] = []
  for (const part of [
    { range: { fromMs: Math.max(0, fromMs - BEFORE_MS), toMs: fromMs }, most: EVENTS_MAX.before },
    { range: { fromMs, toMs: endMs }, most: EVENTS_MAX.during },
    { range: { fromMs: endMs, toMs: endMs + AFTER_MS }, most: EVENTS_MAX.after },
  ]) {
    parts.push(await fetchActivity(query, { text, ...part }))
  }
  return { events: parts.flatMap(({ events }) => events), isCut: parts.some(p => p.isCut) }
}

/** The moment of the heaviest finding: its window begins before, and others may be hours away. */
function momentOf({ findings }: Subject, { toMs }: TimeRange): TimeRange {
  const heaviest = findings.toSorted((a, b) => b.score - a.score || b.timeMs - a.timeMs)
  const timeMs = heaviest.find(finding => finding.timeMs >= toMs - FINDINGS_MS_MAX)?.timeMs ?? toMs
  return { fromMs: timeMs, toMs: timeMs }
}

/** The account behind an entity that is none itself. */
function actorOf(
  { entity, findings }: Subject,
  inside: readonly SealedEvent[],
  found: ReadonlySet<string>,
): string | null {
  if (entity.type === 'actor') return entity.id
  const heaviest = [...findings].sort((a, b) => b.score - a.score)[0]
  const [path] = chainPaths(inside, found, 1)
  const id = heaviest?.actor.id ?? path?.actor ?? ''
  return id === '' || id === OWN_VIA ? null : id
}

type Doing = {
  readonly actor: string
  readonly burst: TimeRange
  readonly inside: readonly SealedEvent[]
}

type Known = {
  readonly evidence: Evidence
  readonly elsewhere: readonly Elsewhere[]
  readonly sessions: readonly Session[]
}

async function learn(query: InvestigateDeps['query'], doing: Doing): Promise<Known | null> {
  const { actor, burst, inside } = doing
  const question = questionFor({ type: 'actor', id: actor })
  if (question === null) return null
  const text = `(${question}) not kind:tocsin.*`
  // Who tried and failed was not there.
  const past = pastOf(burst)
  const own = inside.filter(event => event.actor.id === actor)
  const usual = await usualWays(query, `${text} not kind:auth.failed`, past)
  const ways = compareWays(usual, waysIn(own.filter(({ kind }) => kind !== 'auth.failed')))
  const targets = compareTargets(await usualTargets(query, text, past), targetsIn(own))
  const places = placesOf(ways, own)
  const range = { past, burst }
  const others = [
    ...(await elsewhere(query, { kind: 'credential', values: places.credentials }, range)),
    ...(await elsewhere(query, { kind: 'address', values: places.addresses }, range)),
  ]
  const evidence: Evidence = {
    ...whoIs(doing),
    pastRequests: usual.requests,
    pastDays: usual.firstMs === null ? 0 : (burst.fromMs - usual.firstMs) / DAY_MS,
    ...ways,
    newCountries: await newCountries(query, { text, own, ways }, past),
    sharedCredential: sharedCredential(waysIn(own), ways),
    othersThere: othersAt(others, ways.newAddresses, actor),
    failedLogons: await failedLogons(query, doing, ways.newAddresses),
    ...targets,
    ...outcomesOf(own),
    habit: await habitOf(query, text, burst, usual.requests),
    jobs: await jobsOf(query, doing),
    changes: await changesBefore(query, doing),
    ownChanges: ownChanges(doing),
  }
  return { evidence, elsewhere: others, sessions: sessionsIn(own) }
}

/** What began within a day before belongs to what is looked at, not to the past. */
function pastOf({ fromMs }: TimeRange): TimeRange {
  const toMs = Math.max(0, fromMs - DAY_MS)
  return { fromMs: Math.max(0, fromMs - PAST_DAYS * DAY_MS), toMs }
}

function whoIs({ actor, inside }: Doing): Pick<Evidence, 'actorType' | 'verified'> {
  const event = inside.findLast(one => one.actor.id === actor)
  return { actorType: event?.actor.type ?? 'unknown', verified: event?.actor.verified ?? 'unknown' }
}

type Ways = Pick<Evidence, 'newAddresses' | 'newPrograms' | 'knownAddresses'>

function compareWays({ addresses, programs }: Usual, now: readonly Way[]): Ways {
  const seen = (of: (way: Way) => string) => [...new Set(now.map(of))].filter(one => one !== '')
  const seenAddresses = seen(({ address }) => address)
  return {
    newAddresses: seenAddresses.filter(one => !addresses.has(one)),
    newPrograms: seen(({ program }) => program).filter(one => !programs.has(one)),
    knownAddresses: seenAddresses.filter(one => addresses.has(one)),
  }
}

const COUNTRIES_MAX = 3

/** An address that is known was in its country before. */
async function newCountries(
  query: InvestigateDeps['query'],
  { text, own, ways }: { text: string; own: readonly SealedEvent[]; ways: Ways },
  past: TimeRange,
): Promise<readonly string[]> {
  const fresh = waysIn(own).filter(({ address }) => ways.newAddresses.includes(address))
  const countries = new Set(fresh.map(({ country }) => country).filter(one => one !== ''))
  const found: string[] = []
  for (const country of [...countries].slice(0, COUNTRIES_MAX)) {
    if (!(await knowsCountry(query, { text, country }, past))) found.push(country)
  }
  return found
}

/** Whose ids change with every request always reaches something new. */
const TARGETS_KNOWN_MAX = 200

function compareTargets(
  before: readonly Target[],
  now: readonly Target[],
): Pick<Evidence, 'newTargets' | 'newExports' | 'newKinds'> {
  const known = new Set(before.map(({ kind, target }) => `${kind} ${target}`))
  const kinds = new Map<string, Set<string>>()
  for (const { kind, target } of before) {
    kinds.set(kind, (kinds.get(kind) ?? new Set()).add(target))
  }
  const isFresh = ({ kind, target }: Target) =>
    target !== '' &&
    !kind.startsWith('auth.') &&
    (kinds.get(kind)?.size ?? 0) <= TARGETS_KNOWN_MAX &&
    !known.has(`${kind} ${target}`)
  const isExport = ({ kind }: Target) => kind === 'data.write'
  const fresh = now.filter(isFresh)
  const namesOf = (targets: readonly Target[]) => [...new Set(targets.map(({ target }) => target))]
  const newKinds = fresh.filter(one => !isExport(one)).map(({ kind }) => kind)
  return {
    newTargets: namesOf(fresh.filter(one => !isExport(one))),
    newExports: namesOf(fresh.filter(isExport)),
    newKinds: [...new Set(newKinds)].filter(kind => !kinds.has(kind)),
  }
}

const PLACES_MAX = 4

/** Credentials and addresses that were used, new addresses first. */
function placesOf(ways: Ways, own: readonly SealedEvent[]) {
  const credentials = new Set(own.map(({ actor }) => actor.credential ?? ''))
  return {
    credentials: [...credentials].filter(one => one !== '').slice(0, PLACES_MAX),
    addresses: [...ways.newAddresses, ...ways.knownAddresses].slice(0, PLACES_MAX),
  }
}

function sharedCredential(now: readonly Way[], ways: Ways): string | null {
  const at = (addresses: readonly string[]) =>
    new Set(now.filter(way => addresses.includes(way.address)).map(way => way.credential))
  const known = at(ways.knownAddresses)
  const shared = [...at(ways.newAddresses)].find(one => one !== '' && known.has(one))
  return shared ?? null
}

function othersAt(
  others: readonly Elsewhere[],
  addresses: readonly string[],
  actor: string,
): readonly string[] {
  const there = others.filter(({ kind, value }) => kind === 'address' && addresses.includes(value))
  const names = there.flatMap(({ uses }) => uses.map(use => use.actor))
  return [...new Set(names)].filter(name => name !== actor)
}

async function failedLogons(
  query: InvestigateDeps['query'],
  { actor, burst }: Doing,
  addresses: readonly string[],
): Promise<number> {
  const who = [{ type: 'actor', id: actor } as const, ...addresses.map(sourceOf)]
  const text = who.map(questionFor).filter(one => one !== null)
  const groups = await query.summarise({
    text: `kind:auth.failed (${text.join(' or ')})`,
    range: { fromMs: Math.max(0, burst.fromMs - DAY_MS), toMs: burst.toMs + 1 },
    by: ['kind'],
    limit: 1,
  })
  return groups[0]?.requests ?? 0
}

function sourceOf(id: string): EntityRef {
  return { type: 'source', id }
}

function outcomesOf(
  events: readonly SealedEvent[],
): Pick<Evidence, 'denied' | 'requests' | 'failures'> {
  const failures = events.filter(({ outcome }) => outcome !== 'success')
  const denied = failures.filter(({ outcome }) => outcome === 'denied')
  return { requests: events.length, failures: failures.length, denied: denied.length }
}

async function jobsOf(
  query: InvestigateDeps['query'],
  { actor, burst, inside }: Doing,
): Promise<readonly JobFit[]> {
  const jobs = await readJobs(query)
  const own = inside.filter(event => event.actor.id === actor)
  return jobs.filter(job => job.actor === actor).map(job => fitOf(job, own, burst))
}

/** A run may begin a little early and end a little late. */
const JOB_SLACK_MS = 15 * 60_000

function fitOf(job: Job, events: readonly SealedEvent[], burst: TimeRange): JobFit {
  const { schedule, resource, untilMs, maxRows } = job
  const isOn = untilMs === null || burst.fromMs <= untilMs
  const times = parseSchedule(schedule)
  const isThen = (ms: number) => isScheduled(times, ms, JOB_SLACK_MS)
  const touches = (event: SealedEvent) => event.resource?.some(({ id }) => id === resource) ?? false
  const seen = events
    .filter(event => resource === null || touches(event))
    .reduce((sum, { rows = 0 }) => sum + rows, 0)
  return {
    job,
    isTime: isOn && isThen(burst.fromMs) && isThen(burst.toMs),
    isResource: resource === null || events.some(touches),
    rows: maxRows === null ? null : { seen, most: maxRows },
    isOver: maxRows !== null && seen > maxRows,
  }
}

/** Releases and settings of the two days before, those that touch what it uses first. */
async function changesBefore(
  query: InvestigateDeps['query'],
  { actor, burst, inside }: Doing,
): Promise<readonly Change[]> {
  const { events } = await fetchActivity(query, {
    text: 'kind:(model.change or ai.admin)',
    range: { fromMs: Math.max(0, burst.fromMs - CHANGES_MS), toMs: burst.fromMs },
    most: CHANGES_MAX,
  })
  const used = new Set(inside.flatMap(thingsOf))
  const changes = events.map(event => ({
    timeMs: event.time,
    by: event.actor.id,
    kind: event.kind,
    operation: event.operation,
    target: targetOf(event),
    isRelated: event.actor.id === actor || thingsOf(event).some(thing => used.has(thing)),
  }))
  return changes.toSorted(
    (a, b) => Number(b.isRelated) - Number(a.isRelated) || b.timeMs - a.timeMs,
  )
}

/** Not the system: everything behind one gateway would be one. */
function thingsOf({ model, resource }: SealedEvent): readonly string[] {
  const resources = (resource ?? []).map(({ id }) => id)
  const things = [model?.served, model?.requested, ...resources]
  return things.flatMap(thing => (thing ? [thing] : []))
}

function ownChanges({ actor, inside }: Doing): readonly string[] {
  const own = inside.filter(
    ({ kind, actor: { id } }) => id === actor && (kind === 'ai.admin' || kind === 'model.change'),
  )
  return [...new Set(own.map(event => `${event.operation} ${targetOf(event)}`.trim()))]
}
