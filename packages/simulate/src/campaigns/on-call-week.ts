// One of the platform team is on call each week and is woken in some nights: logs in from home at
// an hour never seen of them, looks around, changes a route. Looks like a stolen account.

import { changeSetting, openPage, searchIndex } from '../accesses.ts'
import { dayStartMs, HOUR_MS, weekOf } from '../calendar.ts'
import { asPerson, type Draft } from '../draft.ts'
import { logon } from '../person-day.ts'
import { onCall } from '../presence.ts'
import { randomOf } from '../random.ts'
import type { Campaign } from './campaign.ts'

const NIGHT_SHARE = 0.3
const PAGES = ['GET /admin/health', 'GET /admin/routes', 'GET /admin/quotas'] as const

export const onCallWeek: Campaign = {
  name: 'benign:on-call-week',
  kind: '',
  strength: 0.4,
  episodeOf: weekOf,
  events({ stage, day }) {
    const person = onCall(stage, day)
    const random = randomOf(stage.seed, 'on-call night', day)
    // One night of each week at least, so that every week on call can be seen.
    const isWoken = random.chance(NIGHT_SHARE) || day % 7 === weekOf(day) % 7
    if (!isWoken) return []
    const startMs = dayStartMs(person.country, day) + (1 + 3 * random.next()) * HOUR_MS
    const place = person.usesVpn && random.chance(0.7) ? person.vpn : person.home
    const id = `sess-${random.hex(16)}`
    const logonMs = Math.round(startMs)
    const session = { person, id, place, userAgent: person.browser, logonMs }
    const who = asPerson(session)
    const drafts: Draft[] = [...logon(session, random)]
    let timeMs = logonMs + 12_000
    for (let left = random.int(8, 26); left > 0; left--) {
      timeMs += random.logNormal(35_000, 0.9)
      const isLog = random.chance(0.3)
      const moment = { who, timeMs, random }
      drafts.push(isLog ? searchIndex(moment, 'logs') : openPage(moment, random.pick(PAGES)))
    }
    const setting = random.pick(['route.update', 'quota.update'])
    const changed = { who, timeMs: timeMs + 20_000, random }
    return [...drafts, changeSetting(changed, setting, random.pick(stage.cast.models).name)]
  },
}
