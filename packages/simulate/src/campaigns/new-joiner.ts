// Somebody new starts on the first Monday of a month and reads their way in for a week: every
// dataset once, every model, at odd times. Everything about them is new. Looks like reconnaissance.

import { DAY_MS, dateOf, HOUR_MS, weekday } from '../calendar.ts'
import { asPerson, type Draft, dataRead, modelCall, plainEvent } from '../draft.ts'
import { randomOf } from '../random.ts'
import type { Campaign } from './campaign.ts'

export const newJoiner: Campaign = {
  name: 'benign:new-joiner',
  kind: '',
  strength: 0.5,
  events({ seed, cast, day }) {
    const monday = day - ((weekday(day) + 6) % 7)
    const { year, month, date } = dateOf(monday)
    const isTheirWeek = date <= 7 && weekday(day) >= 1 && weekday(day) <= 5
    if (!isTheirWeek) return []
    const colleague = randomOf(seed, 'joiner', year, month).pick(cast.people)
    const person = { ...colleague, id: `new.joiner.${year}-${month}`, officeIp: '10.10.9.77' }
    const random = randomOf(seed, 'joiner', day)
    const who = asPerson({ person, session: `s-${random.hex(16)}`, ip: person.officeIp })
    const startMs = day * DAY_MS + 8 * HOUR_MS
    const login = {
      kind: 'auth.logon',
      operation: 'logon',
      system: 'identity',
      producer: 'identity',
    }
    const drafts: Draft[] = [plainEvent(login, who, startMs)]
    cast.datasets.forEach((dataset, i) => {
      const timeMs = startMs + 600_000 + i * 1_200_000 + random.int(0, 300_000)
      drafts.push(dataRead(dataset, who, { timeMs, random }, random.int(50, 400)))
    })
    cast.models.forEach((model, i) => {
      drafts.push(modelCall(model, who, startMs + 900_000 + i * 1_500_000, random))
    })
    return drafts
  },
}
