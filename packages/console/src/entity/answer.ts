// The answer to "is it as it used to be?" in a word and a sentence, from what the server found.
// Pure: it weighs nothing itself. Rules and baselines have decided; here their words are put in
// order.

export type Found = {
  readonly score: number
  readonly timeMs: number
  readonly level: string
  readonly sentence: string
}

export type Known = {
  readonly findings: readonly Found[]
  readonly hasOpenAlert: boolean
  /** null while nobody knows. */
  readonly learning: { readonly days: number; readonly of: number } | null
  readonly fromMs: number
  readonly toMs: number
  /** Something happened in the range; null while nobody knows. */
  readonly isActive: boolean | null
}

export type Answer = {
  readonly status: 'unlike' | 'like' | 'learning' | 'still'
  readonly word: string
  readonly sentence: string
}

/** From this part of its learning on, the usual is known well enough to be called so. */
const KNOWN_ENOUGH = 0.75

/** Findings below say little alone; those that weigh nothing are no answer. */
const TELLING: ReadonlySet<string> = new Set(['medium', 'high', 'critical'])

export function answerOf(known: Known): Answer {
  const { findings, hasOpenAlert, learning, fromMs, toMs, isActive } = known
  const inRange = findings.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs)
  const heaviest = heaviestOf(inRange)
  if (heaviest && (hasOpenAlert || TELLING.has(heaviest.level))) {
    return { status: 'unlike', word: 'Unlike itself', sentence: heaviest.sentence }
  }
  if (learning && learning.days < learning.of * KNOWN_ENOUGH) {
    return { status: 'learning', word: 'Still learning', sentence: learningWords(learning) }
  }
  if (isActive === false) {
    return { status: 'still', word: 'Still', sentence: 'It did nothing in this time range.' }
  }
  return { status: 'like', word: 'As it used to be', sentence: likeWords(inRange, findings) }
}

function likeWords(inRange: readonly Found[], all: readonly Found[]): string {
  if (inRange.length > 0) {
    const many = inRange.length === 1 ? 'One thing was' : `${inRange.length} things were`
    return `${many} noticed in this time range, and none of them weighs much.`
  }
  if (all.length > 0) return 'No rule found anything in this time range; earlier ones are below.'
  return 'No rule ever found anything about it.'
}

export function learningWords({
  days,
  of,
}: {
  readonly days: number
  readonly of: number
}): string {
  const known = Math.floor(Math.min(days, of))
  return `Learning: ${known} of ${of} days are known; rules already act.`
}

function heaviestOf(findings: readonly Found[]): Found | null {
  const heavier = (a: Found | null, b: Found) => (a === null || b.score > a.score ? b : a)
  return findings.reduce(heavier, null)
}

export const METRICS = [
  'requests',
  'rows',
  'bytes',
  'tokens',
  'cost',
  'failures',
  'denied',
] as const
export type Metric = (typeof METRICS)[number]

/** What a rule calls what it measured, in the order in which words are looked for. */
const MEASURED: readonly (readonly [words: RegExp, metric: Metric])[] = [
  [/\brows?\b/, 'rows'],
  [/\bbytes?\b/, 'bytes'],
  [/\btokens?\b|\boutput\b/, 'tokens'],
  [/\bcosts?\b|\bspent\b|\bspend\b/, 'cost'],
  [/\brefus\w+\b|\bdenied\b/, 'denied'],
  [/\bfail\w*\b|\berrors?\b/, 'failures'],
]

export function metricNamed(name: string | undefined): Metric | null {
  return METRICS.find(metric => metric === name) ?? null
}

type Measured = Pick<Found, 'score' | 'timeMs'> & {
  readonly features: readonly { readonly name: string }[]
}

/** What the heaviest finding of the newest ones measured; requests where it measured nothing. */
export function metricOf(findings: readonly Measured[]): Metric {
  const heaviest = findings.reduce<Measured | null>(
    (a, b) => (a === null || b.score > a.score ? b : a),
    null,
  )
  const [first] = heaviest?.features ?? []
  if (!first) return 'requests'
  const name = first.name.toLowerCase()
  return MEASURED.find(([words]) => words.test(name))?.[1] ?? 'requests'
}

/** What a week needs: whoever was there for less has no usual yet. */
const WEEK_DAYS = 7

/** Of its baselines; of its hours where the detectors keep none of such an entity. */
export function learningOf(
  ofBaselines: Known['learning'],
  ofHours: Known['learning'],
): Known['learning'] {
  if (ofBaselines || !ofHours) return ofBaselines
  return { days: Math.min(ofHours.days, WEEK_DAYS), of: WEEK_DAYS }
}
