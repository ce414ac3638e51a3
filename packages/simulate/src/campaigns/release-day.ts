// A release: the platform team promotes models, everybody who owns one checks the new version, and
// weights are read many times in an evening. Looks like somebody copying weights.

import { DAY_MS, HOUR_MS } from '../calendar.ts'
import { asPerson, type Draft, isReleaseDay, modelCall, plainEvent } from '../draft.ts'
import { randomOf } from '../random.ts'
import type { Campaign } from './campaign.ts'

const READS = 24
const CHECKS = 40

export const releaseDay: Campaign = {
  name: 'benign:release-day',
  kind: '',
  strength: 0.5,
  events({ seed, cast, day }) {
    if (!isReleaseDay(day)) return []
    const random = randomOf(seed, 'release', day)
    const team = cast.people.filter(p => p.team === 'platform')
    const person = random.pick(team)
    const session = { person, session: `s-${random.hex(16)}`, ip: person.homeIp }
    const who = asPerson(session)
    const startMs = day * DAY_MS + 17 * HOUR_MS
    const login = {
      kind: 'auth.logon',
      operation: 'logon',
      system: 'identity',
      producer: 'identity',
    }
    const drafts: Draft[] = [plainEvent(login, who, startMs)]
    for (let i = 0; i < READS; i++) {
      const model = random.pick(cast.models.slice(6))
      const resource = [{ type: 'weights', id: `registry/${model.name}` }]
      const bytes = { in: 300, out: Math.round(random.logNormal(180_000_000, 0.4)) }
      const parts = {
        kind: 'model.read',
        operation: 'download',
        system: 'registry',
        producer: 'registry',
      }
      drafts.push(plainEvent({ ...parts, resource, bytes }, who, startMs + 300_000 + i * 140_000))
    }
    for (let i = 0; i < CHECKS; i++) {
      const model = random.pick(cast.models.slice(6))
      drafts.push(modelCall(model, who, startMs + 600_000 + i * 95_000, random))
    }
    return drafts
  },
}
