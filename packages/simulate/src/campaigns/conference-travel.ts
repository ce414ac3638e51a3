// Two of the research team travel to a conference for three days a month: they log in from a
// country and a network never seen of them, in the evenings of another time zone. Looks like a
// stolen session.

import { DAY_MS, dateOf, HOUR_MS } from '../calendar.ts'
import { asPerson, type Draft, modelCall, plainEvent } from '../draft.ts'
import { randomOf } from '../random.ts'
import type { Campaign } from './campaign.ts'

export const conferenceTravel: Campaign = {
  name: 'benign:conference-travel',
  kind: '',
  strength: 0.6,
  events({ seed, cast, day }) {
    const { year, month, date } = dateOf(day)
    const trip = randomOf(seed, 'trip', year, month)
    const first = trip.int(4, 24)
    if (date < first || date > first + 2) return []
    const researchers = cast.people.filter(p => p.team === 'research')
    const travellers = [trip.pick(researchers.slice(0, 4)), trip.pick(researchers.slice(4))]
    return travellers.flatMap(person => {
      const random = randomOf(seed, 'trip', day, person.id)
      const away = asPerson({
        person,
        session: `s-${random.hex(16)}`,
        ip: `203.0.113.${random.int(2, 250)}`,
      })
      const who = { ...away, source: { ...away.source, geo: { country: 'SG', city: 'Singapore' } } }
      const startMs = day * DAY_MS + 13 * HOUR_MS + random.int(0, 3_000_000)
      const login = {
        kind: 'auth.logon',
        operation: 'logon',
        system: 'identity',
        producer: 'identity',
      }
      const drafts: Draft[] = [plainEvent(login, who, startMs)]
      for (let i = 0; i < 12; i++) {
        drafts.push(
          modelCall(
            random.pick(cast.models.slice(0, 4)),
            who,
            startMs + 60_000 + i * 150_000,
            random,
          ),
        )
      }
      return drafts
    })
  },
}
