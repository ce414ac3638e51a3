// The evening after a release: a data scientist checks the new versions from home, downloads their
// weights and calls them many times. Looks like somebody copying weights.

import { readWeights } from '../accesses.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../calendar.ts'
import type { Person } from '../cast.ts'
import { asPerson, asScript, type Draft } from '../draft.ts'
import { callModel } from '../model-call.ts'
import { logon } from '../person-day.ts'
import { staysOf } from '../presence.ts'
import { randomOf } from '../random.ts'
import type { Campaign, CampaignDay } from './campaign.ts'

const CHECKS_PER_MODEL = 14

export const releaseDay: Campaign = {
  name: 'benign:release-day',
  kind: '',
  strength: 0.5,
  episodeOf: day => day,
  events({ stage, day }) {
    const releases = stage.releasesOn(day)
    const checker = checkerOn({ stage, day })
    if (releases.length === 0 || !checker) return []
    const { person, freeMs } = checker
    const random = randomOf(stage.seed, 'release evening', day)
    const place = person.usesVpn ? person.vpn : person.home
    const logonMs = Math.round(
      Math.max(freeMs + 25 * MINUTE_MS, day * DAY_MS + 17.2 * HOUR_MS) + random.int(0, 900_000),
    )
    const id = `sess-${random.hex(16)}`
    const session = { person, id, place, userAgent: person.browser, logonMs }
    const who = asPerson(session)
    const script = asScript(session)
    const drafts: Draft[] = [...logon(session, random)]
    let timeMs = logonMs + 40_000
    for (const { model } of releases) {
      drafts.push(readWeights({ who, timeMs, random }, model, 'open'))
      timeMs += random.logNormal(35_000, 0.5)
      drafts.push(readWeights({ who: script, timeMs, random }, model, 'download'))
      for (let left = random.int(5, 2 * CHECKS_PER_MODEL - 5); left > 0; left--) {
        timeMs += random.logNormal(9000, 0.9)
        drafts.push(callModel(stage, { model, who: script, timeMs, rows: 1 }, random))
      }
      timeMs += random.logNormal(4 * MINUTE_MS, 0.4)
    }
    return drafts
  },
}

type Checker = { readonly person: Person; readonly freeMs: number }

/** Somebody of the data science team in Germany who was at work that day. */
export function checkerOn({ stage, day }: CampaignDay): Checker | null {
  const team = stage.cast.people.filter(p => p.team === 'data-science' && p.country === 'DE')
  const first = randomOf(stage.seed, 'release checker', day).int(0, team.length - 1)
  for (const person of [...team.slice(first), ...team.slice(0, first)]) {
    const work = staysOf({ stage, person, day }).find(stay => stay.kind === 'work')
    if (work) return { person, freeMs: work.endMs }
  }
  return null
}
