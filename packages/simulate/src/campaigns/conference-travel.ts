// Two people travel to a conference: for three days they work some hours from a hotel, in a country
// and network never seen of them, by another clock. Looks like a stolen session.

import { DAY_MS, HOUR_MS, weekOf } from '../calendar.ts'
import { stayEvents } from '../person-day.ts'
import { type Stay, tripOn } from '../presence.ts'
import { randomOf } from '../random.ts'
import type { Campaign } from './campaign.ts'

export const conferenceTravel: Campaign = {
  name: 'benign:conference-travel',
  kind: '',
  strength: 0.6,
  episodeOf: weekOf,
  events({ stage, day }) {
    const trip = tripOn(stage, day)
    if (!trip) return []
    const { travellers, offsetHours, net, place } = trip
    return travellers.flatMap((person, i) => {
      const random = randomOf(stage.seed, 'hotel', day, person.id)
      const hotel = { ...place, ip: `${net}.${20 + 7 * i + (weekOf(day) % 50)}` }
      const at = { stage, person, day }
      // Before the talks and after dinner, by the clock of the place.
      return ([7, 20.5] as const).flatMap(hour => {
        const startMs = day * DAY_MS + (hour - offsetHours + random.next()) * HOUR_MS
        const endMs = startMs + (0.6 + 1.4 * random.next()) * HOUR_MS
        const kind = hour === 7 ? 'work' : 'evening'
        const stay: Stay = { kind, startMs, endMs, place: hotel, userAgent: person.browser }
        return stayEvents(at, stay)
      })
    })
  },
}
