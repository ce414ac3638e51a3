// The screens as suites visit them: addresses with something to show, filled in with what the world
// holds.

import type { ConsoleRig } from './browser.ts'

export type Place = {
  readonly name: string
  /** With a month of events. */
  readonly path: string
  /** The same with something opened beside it; null where nothing opens. */
  readonly drawer: string | null
  /** Where the same screen has nothing to show. */
  readonly nothing: string
  /** Whether any of its answers can be incomplete. */
  readonly canBePartial: boolean
}

const RANGE = 'v=1&from=now-7d'

export async function placesOf(rig: ConsoleRig): Promise<readonly Place[]> {
  const { events } = await rig.ask('/v1/events?q=kind:ai.invoke&limit=1')
  const { alerts } = await rig.ask('/v1/alerts?limit=1')
  const [alert] = alerts
  const { type, id } = alert.entity
  const entity = `/entities/${type}/${encodeURIComponent(id)}`
  const nobody = 'q=actor.id%3Anobody.at.all'
  return [
    {
      name: 'overview',
      path: `/?${RANGE}`,
      drawer: null,
      nothing: `/?${RANGE}&${nobody}`,
      canBePartial: true,
    },
    {
      name: 'explore',
      path: `/events?${RANGE}`,
      drawer: `/events?${RANGE}&sel=${events[0].id}`,
      nothing: `/events?${RANGE}&${nobody}`,
      canBePartial: true,
    },
    {
      name: 'alerts',
      path: '/alerts?v=1',
      drawer: `/alerts?v=1&sel=${alert.id}`,
      nothing: '/alerts?v=1&aq=title%3Anothing-is-called-so',
      canBePartial: false,
    },
    {
      name: 'entity',
      path: `${entity}?${RANGE}`,
      drawer: null,
      nothing: '/entities/actor/nobody.at.all',
      canBePartial: false,
    },
    {
      name: 'investigate',
      path: `/investigate?v=1&alert=${alert.id}`,
      drawer: null,
      nothing: '/investigate',
      canBePartial: false,
    },
    {
      name: 'integrity',
      path: '/integrity',
      drawer: null,
      nothing: '/integrity?from=now-15m',
      canBePartial: false,
    },
  ]
}
