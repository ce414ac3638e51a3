// The answer to "is anything wrong, and is data arriving?" in one word and one sentence, from what
// the server says. Pure. What is not known is said to be unknown, never taken for well.

export type Level = 'informational' | 'low' | 'medium' | 'high' | 'critical'
export type SourceState = 'ok' | 'late' | 'silent' | 'loss'

export type Vitals = {
  readonly openAlerts: number | null
  /** Of the open alerts; null when none is open or nobody knows. */
  readonly worst: Level | null
  readonly sources: readonly { readonly via: string; readonly state: SourceState }[] | null
  readonly seal: { readonly timeMs: number | null; readonly waitingSinceMs: number | null } | null
  /** Nothing ever arrived. */
  readonly isFirst: boolean
  readonly nowMs: number
}

export type Status = 'act' | 'look' | 'missing' | 'waiting' | 'quiet' | 'unknown'

export type Verdict = { readonly status: Status; readonly sentence: string }

/** How a number, an age and a name of a stranger are written. */
export type Writing = {
  count(value: number): string
  ago(ms: number, nowMs: number): string
  span(ms: number): string
  visible(text: string): string
}

/** The log is sealed every second; what waits for a minute waits for somebody. */
const SEAL_LATE_MS = 60_000
const NAMED_MAX = 2
const NAME_CHARS_MAX = 40

export function verdictOf(vitals: Vitals, write: Writing): Verdict {
  const words = [alertWords(vitals, write), sourceWords(vitals, write), sealWords(vitals, write)]
  const [first = '', ...rest] = words
  const sentence = [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join('; ')
  return { status: statusOf(vitals), sentence: `${sentence}.` }
}

function statusOf(vitals: Vitals): Status {
  const { openAlerts, worst, sources, seal, isFirst, nowMs } = vitals
  if (worst === 'critical' || worst === 'high') return 'act'
  const isLossy = sources?.some(({ state }) => state === 'silent' || state === 'loss')
  if (isLossy || (seal && isLate(seal, nowMs))) return 'missing'
  if ((openAlerts ?? 0) > 0 || sources?.some(({ state }) => state === 'late')) return 'look'
  if (openAlerts === null || sources === null || seal === null) return 'unknown'
  if (sources.length > 0) return 'quiet'
  return isFirst ? 'waiting' : 'missing'
}

function alertWords({ openAlerts }: Vitals, { count }: Writing): string {
  if (openAlerts === null) return 'how many alerts are open is not known'
  if (openAlerts === 0) return 'no open alerts'
  return openAlerts === 1 ? '1 open alert' : `${count(openAlerts)} open alerts`
}

function sourceWords({ sources, isFirst }: Vitals, { visible }: Writing): string {
  if (sources === null) return 'whether data arrives is not known'
  if (sources.length === 0 && isFirst) return 'nothing has arrived yet'
  if (sources.length === 0) return 'no data arrived in the last 24 h'
  const ill = sources.filter(({ state }) => state !== 'ok')
  const well = sources.length - ill.length
  const arriving = `data arrives from ${well} of ${sources.length} sources`
  if (ill.length === 0) return sources.length === 1 ? 'data arrives from its one source' : arriving
  const named = ill.slice(0, NAMED_MAX).map(({ via, state }) => {
    const name = visible(via.slice(0, NAME_CHARS_MAX))
    return `${name} ${STATE_WORDS[state]}`
  })
  const more = ill.length - named.length
  return `${arriving} (${named.join(', ')}${more > 0 ? `, and ${more} more` : ''})`
}

const STATE_WORDS: { readonly [state in SourceState]: string } = {
  ok: 'is well',
  late: 'is late',
  silent: 'is silent',
  loss: 'lost events',
}

function sealWords({ seal, nowMs }: Vitals, { ago, span }: Writing): string {
  if (seal === null) return 'when the log was sealed is not known'
  if (isLate(seal, nowMs)) {
    return `new entries wait for their seal since ${span(nowMs - (seal.waitingSinceMs ?? nowMs))}`
  }
  return seal.timeMs === null ? 'nothing is sealed yet' : `sealed ${ago(seal.timeMs, nowMs)}`
}

function isLate({ waitingSinceMs }: NonNullable<Vitals['seal']>, nowMs: number): boolean {
  return waitingSinceMs !== null && nowMs - waitingSinceMs > SEAL_LATE_MS
}

const LEVELS: readonly Level[] = ['critical', 'high', 'medium', 'low', 'informational']

export function worstOf(levels: readonly Level[]): Level | null {
  return LEVELS.find(level => levels.includes(level)) ?? null
}
