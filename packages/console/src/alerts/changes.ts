// What a person says of one alert: each is sent, shown where the alert stands, and hands back how
// it is taken back. Nothing is asked twice; everything can be undone.

import type { QueryClient } from '@tanstack/react-query'
import { ask, type Routes } from '../api/api.ts'
import { type Detail, showChange } from './inbox-data.ts'

export type Change = {
  /** What happened, as a sentence. */
  readonly words: string
  /** null where nothing leads back. */
  readonly undo: (() => Promise<void>) | null
}

export type Resolution = Routes['POST /v1/alerts/{id}/resolve']['body']

export type Suppressing = {
  readonly rules: readonly string[] | null
  readonly entity: string | null
  readonly until: string
  readonly reason: string
}

export async function acknowledge(client: QueryClient, id: string): Promise<Change> {
  await send(client, 'ack', id)
  return { words: 'Acknowledged.', undo: () => send(client, 'reopen', id) }
}

export async function resolve(
  client: QueryClient,
  alert: Detail,
  body: Resolution,
): Promise<Change> {
  const { id, state } = alert
  await showChange(client, await ask('POST /v1/alerts/{id}/resolve', { params: { id }, body }))
  const undo = async () => {
    await send(client, 'reopen', id)
    if (state === 'acknowledged') await send(client, 'ack', id)
  }
  return { words: `Resolved as ${body.as}.`, undo }
}

export async function reopen(client: QueryClient, alert: Detail): Promise<Change> {
  const { id, state, disposition, cause } = alert
  await send(client, 'reopen', id)
  const isSaid = disposition === 'true' || disposition === 'benign' || disposition === 'false'
  const undo = async () => {
    if (state === 'acknowledged') return send(client, 'ack', id)
    if (!isSaid || cause === null) return
    const body = { as: disposition, cause }
    await showChange(client, await ask('POST /v1/alerts/{id}/resolve', { params: { id }, body }))
  }
  return { words: 'Open again.', undo: state === 'open' ? null : undo }
}

export async function assign(
  client: QueryClient,
  { id, assignee }: Detail,
  to: string | null,
): Promise<Change> {
  await give(client, id, to)
  const words = to === null ? 'Nobody has it now.' : `Assigned to ${to}.`
  return { words, undo: () => give(client, id, assignee) }
}

async function give(client: QueryClient, id: string, to: string | null): Promise<void> {
  const changed = await ask('POST /v1/alerts/{id}/assign', { params: { id }, body: { to } })
  await showChange(client, changed)
}

/** An alert is hidden when all its findings are: of each rule that is named one suppression. */
export async function suppress(
  client: QueryClient,
  { id }: Detail,
  { rules, entity, until, reason }: Suppressing,
): Promise<Change> {
  const about = entity === null ? {} : { entity }
  const bodies = (rules ?? [null]).map(rule => ({
    ...about,
    ...(rule === null ? {} : { rule }),
    until,
    reason,
  }))
  const made: string[] = []
  for (const body of bodies) made.push((await ask('POST /v1/suppressions', { body })).id)
  await readAgain(client, id)
  const undo = async () => {
    for (const one of made) await ask('DELETE /v1/suppressions/{id}', { params: { id: one } })
    await readAgain(client, id)
  }
  return { words: 'Suppressed.', undo }
}

/** Nothing leads back: another suppression would be another decision, with its own reason. */
export async function lift(
  client: QueryClient,
  { id }: Detail,
  suppressionId: string,
): Promise<Change> {
  await ask('DELETE /v1/suppressions/{id}', { params: { id: suppressionId } })
  await readAgain(client, id)
  return { words: 'Lifted.', undo: null }
}

async function send(client: QueryClient, what: 'ack' | 'reopen', id: string): Promise<void> {
  const asked = { params: { id }, body: {} }
  const changed =
    what === 'ack'
      ? await ask('POST /v1/alerts/{id}/ack', asked)
      : await ask('POST /v1/alerts/{id}/reopen', asked)
  await showChange(client, changed)
}

async function readAgain(client: QueryClient, id: string): Promise<void> {
  await showChange(client, await ask('GET /v1/alerts/{id}', { params: { id } }))
}
