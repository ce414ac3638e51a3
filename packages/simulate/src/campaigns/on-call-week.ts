// One of the platform team is on call each week and is woken in some nights: logs in from home at
// an hour never seen of them, looks around, changes a route. Looks like a stolen account.

import { dayStartMs, HOUR_MS } from '../calendar.ts'
import { asPerson, plainEvent } from '../draft.ts'
import { randomOf } from '../random.ts'
import type { Campaign } from './campaign.ts'

export const onCallWeek: Campaign = {
  name: 'benign:on-call-week',
  kind: '',
  strength: 0.4,
  events({ seed, cast, day }) {
    const week = Math.floor((day + 3) / 7)
    const person = randomOf(seed, 'on-call', week).pick(
      cast.people.filter(p => p.team === 'platform'),
    )
    const random = randomOf(seed, 'on-call', day)
    if (!random.chance(0.3)) return []
    const who = asPerson({ person, session: `s-${random.hex(16)}`, ip: person.homeIp })
    const startMs = Math.round(dayStartMs(person.country, day) + (1 + 3 * random.next()) * HOUR_MS)
    const login = {
      kind: 'auth.logon',
      operation: 'logon',
      system: 'identity',
      producer: 'identity',
    }
    const look = {
      kind: 'http.request',
      operation: 'read',
      system: 'portal',
      producer: 'portal',
      endpoint: 'GET /incidents',
      status: 200,
    }
    const change = {
      kind: 'ai.admin',
      operation: 'route.update',
      system: 'llm-gateway',
      producer: 'llm-gateway',
    }
    const looks = Array.from({ length: random.int(6, 20) }, (_, i) =>
      plainEvent(look, who, startMs + 30_000 + i * 40_000),
    )
    return [
      plainEvent(login, who, startMs),
      ...looks,
      plainEvent(change, who, startMs + 30_000 + looks.length * 40_000),
    ]
  },
}
