// What stands behind all events of a world: the cast, which version of a model answers at a moment,
// and when a provider is in trouble. All of it is computed from the seed and kept for speed.

import { DAY_MS, dateText, HOUR_MS, MINUTE_MS, weekday, weekOf } from './calendar.ts'
import type { Model, Person, Setting } from './cast.ts'
import { makeCast, OWN_MODELS } from './casting.ts'
import { isWithin, staysOf } from './presence.ts'
import { randomOf } from './random.ts'

export type Release = {
  readonly model: Model
  readonly timeMs: number
  /** The day's date: what the company's own models call their versions. */
  readonly version: string
  readonly digest: string
  /** Who promotes it; null where nobody is there and the pipeline does. */
  readonly manager: Person | null
}

/** Hours in which a provider fails or throttles more than usual. */
export type Trouble = {
  readonly startMs: number
  readonly endMs: number
  readonly kind: 'outage' | 'throttling'
}

export interface Stage extends Setting {
  /** Releases of this day, in the order of time; none on most days. */
  releasesOn(day: number): readonly Release[]
  /** The release that answers at a moment. */
  releaseAt(model: Model, timeMs: number): Pick<Release, 'version' | 'digest'>
  /** null nearly always. */
  troubleAt(provider: string, timeMs: number): Trouble | null
}

export function makeStage(seed: number): Stage {
  const setting = { seed, cast: makeCast(seed) }
  const releasesOn = keep((day: number) => releasesOf(setting, day))
  const newest = keep((key: string) => {
    const [name, day] = key.split('@')
    return newestBefore(releasesOn, String(name), Number(day))
  })
  const troubles = keep((key: string) => {
    const [provider, day] = key.split('@')
    return troubleOf(seed, String(provider), Number(day))
  })
  return {
    ...setting,
    releasesOn,
    releaseAt(model, timeMs) {
      const day = Math.floor(timeMs / DAY_MS)
      const today = releasesOn(day).findLast(r => r.model === model && r.timeMs <= timeMs)
      return today ?? newest(`${model.name}@${day}`)
    },
    troubleAt(provider, timeMs) {
      const trouble = troubles(`${provider}@${Math.floor(timeMs / DAY_MS)}`)
      return trouble && isWithin(trouble, timeMs) ? trouble : null
    },
  }
}

/** Results of a pure function, bounded so that a stream may go on for ever. */
const RESULTS_KEPT = 2000

function keep<K, T>(make: (key: K) => T): (key: K) => T {
  const kept = new Map<K, T>()
  return key => {
    const found = kept.get(key)
    if (found !== undefined) return found
    if (kept.size >= RESULTS_KEPT) kept.clear()
    const made = make(key)
    kept.set(key, made)
    return made
  }
}

/** Every second Tuesday. */
export function isReleaseDay(day: number): boolean {
  return weekday(day) === 2 && weekOf(day) % 2 === 0
}

/** Two thirds of the company's own models have a new version on a release day. */
function releasesOf(setting: Setting, day: number): readonly Release[] {
  if (!isReleaseDay(day)) return []
  const random = randomOf(setting.seed, 'release', day)
  const startMs = day * DAY_MS + 9.5 * HOUR_MS + random.int(0, 25) * MINUTE_MS
  const models = OWN_MODELS.filter(() => random.chance(0.66))
  const endMs = startMs + models.length * 40 * MINUTE_MS
  const manager = managerOf(setting, day, { startMs, endMs })
  return models.map((model, i) => ({
    model,
    timeMs: Math.round(startMs + i * 35 * MINUTE_MS + random.int(0, 4 * MINUTE_MS)),
    version: dateText(day).replaceAll('-', '.'),
    digest: `sha256:${random.digest()}`,
    manager,
  }))
}

type Hours = { readonly startMs: number; readonly endMs: number }

function managerOf(setting: Setting, day: number, { startMs, endMs }: Hours): Person | null {
  const platform = setting.cast.people.filter(p => p.team === 'platform' && p.country === 'DE')
  const isThere = (person: Person) =>
    staysOf({ stage: setting, person, day }).some(
      stay => stay.kind === 'work' && stay.startMs < startMs && stay.endMs > endMs,
    )
  return platform.find(isThere) ?? null
}

const RELEASES_BACK_MAX = 20

function newestBefore(
  releasesOn: (day: number) => readonly Release[],
  name: string,
  day: number,
): Pick<Release, 'version' | 'digest'> {
  const tuesday = day - ((weekday(day) + 5) % 7)
  for (let at = tuesday, left = RELEASES_BACK_MAX * 2; left > 0; at -= 7, left--) {
    if (at >= day) continue
    const found = releasesOn(at).find(r => r.model.name === name)
    if (found) return found
  }
  return { version: '1', digest: `sha256:${randomOf(0, 'first', name).digest()}` }
}

/** About one day in nine, a quarter to one and a half hours. */
function troubleOf(seed: number, provider: string, day: number): Trouble | null {
  const random = randomOf(seed, 'trouble', provider, day)
  const share = provider === 'own' ? 0.03 : 0.11
  if (!random.chance(share)) return null
  const startMs = day * DAY_MS + random.next() * 22 * HOUR_MS
  const endMs = startMs + random.int(15, 90) * MINUTE_MS
  return { startMs, endMs, kind: random.chance(0.6) ? 'outage' : 'throttling' }
}
