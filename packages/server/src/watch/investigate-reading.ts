// What the evidence of an investigation reads like: a compromised account, a misconfigured batch
// job, or an insider's misuse. Each piece of evidence speaks for or against a reading with so many
// points; the points are shown, add up, and decide nothing: a person does.

import type { Habit } from './investigate-history.ts'
import type { Job } from './jobs.ts'

export const READINGS = [
  'compromised account',
  'misconfigured batch job',
  'insider or misuse',
] as const
export type ReadingName = (typeof READINGS)[number]

export type Reason = {
  /** Above 0 it speaks for the reading, below against it. */
  readonly points: number
  readonly text: string
}

export type Reading = {
  readonly name: ReadingName
  /** The sum of its reasons. */
  readonly points: number
  readonly reasons: readonly Reason[]
}

export type Evidence = {
  readonly actorType: string
  /** How the identity was proved; `none` for a name that was merely stated. */
  readonly verified: string
  /** Requests in the weeks before: without a past nothing is new. */
  readonly pastRequests: number
  /** Since its first request of that time. */
  readonly pastDays: number
  readonly newAddresses: readonly string[]
  readonly newCountries: readonly string[]
  readonly newPrograms: readonly string[]
  /** Used before and now. */
  readonly knownAddresses: readonly string[]
  /** A credential that was used from a new address while it was used from a known one. */
  readonly sharedCredential: string | null
  /** Other accounts that came from the new addresses. */
  readonly othersThere: readonly string[]
  readonly failedLogons: number
  readonly newTargets: readonly string[]
  readonly newExports: readonly string[]
  /** Kinds of access that it never had before. */
  readonly newKinds: readonly string[]
  readonly denied: number
  readonly requests: number
  readonly failures: number
  readonly habit: Habit
  readonly jobs: readonly JobFit[]
  readonly changes: readonly Change[]
  /** What it changed itself: settings, guardrails, models. */
  readonly ownChanges: readonly string[]
}

/** A declared job of the account, and how it fits. */
export type JobFit = {
  readonly job: Job
  readonly isTime: boolean
  readonly isResource: boolean
  /** Rows that were read; null where the job names none. */
  readonly rows: { readonly seen: number; readonly most: number } | null
  readonly isOver: boolean
}

/** A release or a change of settings shortly before. */
export type Change = {
  readonly timeMs: number
  readonly by: string
  readonly kind: string
  readonly operation: string
  readonly target: string
  /** It touched what the account uses. */
  readonly isRelated: boolean
}

type Points = readonly [compromised: number, batch: number, misuse: number]
type Piece = { readonly points: Points; readonly text: string }

/** Fewer requests than these, or fewer days, are no past. */
const PAST_MIN = 20
const PAST_DAYS_MIN = 7
const CERTAIN_MIN = 3
const LEAD_MIN = 1
const DENIED_MIN = 3
const DENIED_MANY = 20
const GROWTH_MIN = 1.5
/** So many times the requests or bytes of other days at this hour are more than a busy day. */
const GROWTH_LARGE = 5
const GROWTH_HUGE = 20

export function readEvidence(evidence: Evidence): {
  readonly reading: ReadingName | 'unclear'
  /** Most points first. */
  readonly readings: readonly Reading[]
  /** What speaks for nothing and should be known. */
  readonly notes: readonly string[]
} {
  const pieces = [
    ...whereFrom(evidence),
    ...whatFor(evidence),
    ...whenUsually(evidence),
    ...whatExplains(evidence),
  ]
  const readings = READINGS.map((name, i) => {
    const reasons = pieces
      .map(({ points, text }) => ({ points: points[i] ?? 0, text }))
      .filter(({ points }) => points !== 0)
      .sort((a, b) => b.points - a.points)
    return { name, points: reasons.reduce((sum, { points }) => sum + points, 0), reasons }
  }).sort((a, b) => b.points - a.points)
  const [first, second] = readings
  const isClear =
    first !== undefined &&
    first.points >= CERTAIN_MIN &&
    first.points - (second?.points ?? 0) >= LEAD_MIN
  const notes = pieces.filter(({ points }) => points.every(p => p === 0)).map(({ text }) => text)
  return { reading: isClear ? first.name : 'unclear', readings, notes }
}

function hasPast({ pastRequests, pastDays }: Evidence): boolean {
  return pastRequests >= PAST_MIN && pastDays >= PAST_DAYS_MIN
}

function whereFrom(evidence: Evidence): readonly Piece[] {
  const { pastRequests, newAddresses, newCountries, newPrograms, knownAddresses } = evidence
  const { sharedCredential, othersThere, failedLogons, verified, actorType } = evidence
  const pieces: Piece[] = []
  const add = (points: Points, text: string) => pieces.push({ points, text })
  if (verified === 'none') add([1, -1, 0], 'the identity was stated, not proved')
  if (actorType === 'human') add([0, -3, 0], 'it is a person, not a job')
  if (failedLogons > 0) add([1, 0, 0], `${failedLogons} logins failed shortly before`)
  if (!hasPast(evidence)) {
    const known = `${pastRequests} requests in ${Math.floor(evidence.pastDays)} days`
    add([0, 0, 0], `the account has hardly a past (${known}): what is new says nothing`)
    return pieces
  }
  if (newCountries.length > 0) {
    add([3, -1, -1], `it came from ${list(newCountries)}, never seen of it in four weeks`)
  }
  if (newAddresses.length > 0) {
    add([2, -2, -2], `the address ${list(newAddresses)} was never seen of it`)
  }
  if (newPrograms.length > 0)
    add([1, -1, 0], `the program ${list(newPrograms)} was never seen of it`)
  if (sharedCredential !== null) {
    const text = `its credential ${sharedCredential} was used from a known and a new address at once`
    add([2, 0, 0], text)
  }
  if (newAddresses.length > 0 && othersThere.length > 0) {
    add([1, 0, 0], `from there others were used too: ${list(othersThere)}`)
  }
  if (newAddresses.length === 0 && knownAddresses.length > 0) {
    add([-2, 1, 1], `it came from its own address ${list(knownAddresses)}`)
  }
  return pieces
}

function whatFor(evidence: Evidence): readonly Piece[] {
  const { newTargets, newExports, denied, failures, requests } = evidence
  const pieces: Piece[] = []
  const add = (points: Points, text: string) => pieces.push({ points, text })
  if (newExports.length > 0 && hasPast(evidence)) {
    add([1, -2, 2], `it wrote to ${list(newExports)}, where it never wrote before`)
  }
  if (hasPast(evidence)) {
    if (newTargets.length > 0) add([0, -1, 1], `it never reached ${list(newTargets)} before`)
    else add([0, 1, 0], 'it reached only what it always reaches')
  }
  if (evidence.newKinds.length > 0 && hasPast(evidence)) {
    add([0, -1, 1], `it never did anything like ${list(evidence.newKinds)} before`)
  }
  if (denied >= DENIED_MIN) {
    const points: Points = denied >= DENIED_MANY ? [1, 0, 2] : [1, 0, 1]
    add(points, `it was refused ${denied} times`)
  }
  if (failures - denied > requests / 3 && failures - denied >= DENIED_MIN) {
    add([0, 1, 0], `${failures - denied} of ${requests} requests failed: it may be trying again`)
  }
  if (evidence.ownChanges.length > 0) {
    add([0, -1, 2], `it changed settings itself: ${list(evidence.ownChanges)}`)
  }
  return pieces
}

function whenUsually(evidence: Evidence): readonly Piece[] {
  const { habit, actorType } = evidence
  if (!hasPast(evidence)) return []
  const { kind, days, weeks, usual, now } = habit
  const at = `at this hour on ${days} of 28 days before`
  if (kind === 'none') {
    return [{ points: [1, -2, 2], text: 'it was never at work at this hour before' }]
  }
  const growth = usual && usual.requests > 0 ? now.requests / usual.requests : 1
  const more = growth >= GROWTH_MIN ? `, now with ${growth.toFixed(1)} times the requests` : ''
  const pieces: Piece[] = [...tooMuch(evidence)]
  const add = (points: Points, text: string) => pieces.push({ points, text })
  const rhythm = kind === 'weekly' ? `at this hour in ${weeks} of 4 weeks before` : at
  if (kind === 'sometimes') add([0, -1, 1], `it was at work ${at}`)
  else if (kind === 'always') add([0, 0, 0], `it works around the clock: ${at}${more}`)
  else if (actorType !== 'human') {
    add([0, 2, -1], `it is its schedule: it was at work ${rhythm}${more}`)
  } else if (growth >= GROWTH_LARGE) add([0, 0, 2], `it was at work ${rhythm}${more}`)
  else add([0, 0, 0], `it was at work ${rhythm}${more}`)
  return pieces
}

/** Bytes out of all proportion, of something that it never reached before. */
function tooMuch({ habit: { usual, now }, newTargets }: Evidence): readonly Piece[] {
  if (!usual || usual.bytesOut <= 0 || newTargets.length === 0) return []
  const growth = now.bytesOut / usual.bytesOut
  if (growth < GROWTH_HUGE) return []
  const text = `it took ${Math.round(growth)} times the bytes of other days at this hour`
  return [{ points: [0, -1, 2], text }]
}

function whatExplains({ jobs, changes, actorType }: Evidence): readonly Piece[] {
  const pieces: Piece[] = []
  const fit = jobs.find(({ isTime, isResource }) => isTime && isResource)
  if (fit && !fit.isOver) {
    pieces.push({
      points: [-1, 3, -2],
      text: `the job ${fit.job.id} was declared: ${jobWords(fit)}`,
    })
  } else if (fit) {
    const text = `the job ${fit.job.id} was declared, but not for so much: ${jobWords(fit)}`
    pieces.push({ points: [0, 2, 0], text })
  }
  if (actorType === 'human') return pieces
  const related = changes.find(({ isRelated }) => isRelated)
  const change = related ?? changes.find(({ kind }) => kind === 'model.change')
  if (change) {
    const what = `${change.operation} of ${change.target || change.kind} by ${change.by}`
    const where = related ? 'what it uses was changed' : 'there was a release'
    pieces.push({
      points: [0, related ? 2 : 1, 0],
      text: `within two days before, ${where}: ${what}`,
    })
  }
  return pieces
}

function jobWords({ job, rows }: JobFit): string {
  const most = rows === null ? '' : `, ${rows.seen} rows of at most ${rows.most}`
  return `${job.schedule}${most}, by ${job.by}`
}

const LISTED_MAX = 3

function list(values: readonly string[]): string {
  const shown = values.slice(0, LISTED_MAX).map(value => value.slice(0, 80))
  const rest = values.length - shown.length
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
}
