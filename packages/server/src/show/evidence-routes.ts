// One event as evidence: the proof that it stands in the log, the same as a file to keep, and its
// content for whoever has the right to see it. Content is shown only after the log holds who looked
// and why.

import { encodeBase64 } from '@tocsin/sdk/bytes'
import { TocsinError } from '@tocsin/sdk/errors'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type EntryProof, printReceipt } from '../log/log.ts'
import type { FoundEvent } from '../query/query.ts'
import type { App, RouteDeps } from './app.ts'
import { type Content, contentOf, noContent } from './event-content.ts'
import { PROOF, REVEALED } from './evidence-schemas.ts'
import { findSettled } from './found-event.ts'
import type { Caller } from './gate.ts'
import { recordLook } from './look.ts'
import { PROBLEMS } from './schemas.ts'
import { sealedWithin } from './seal-wait.ts'

const EVENT_ID = Type.Object({ id: Type.String({ maxLength: 64 }) })
const REVEAL = Type.Object({
  reason: Type.Optional(Type.String({ maxLength: 500, description: 'Why; part of the record' })),
})

export function evidenceRoutes(app: App, deps: RouteDeps): void {
  proofRoute(app, deps)
  receiptRoute(app, deps)
  revealRoute(app, deps)
}

function proofRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'Proof that an event stands in the log',
    description: 'Its entry, the hashes up to the root, and the checkpoint that signs it.',
    params: EVENT_ID,
    response: { 200: PROOF, ...PROBLEMS },
  }
  app.get('/v1/events/:id/proof', { schema }, async request => {
    const caller = deps.gate.admit(request, 'read')
    const proof = await prove(deps, caller, { id: request.params.id, operation: 'event.prove' })
    const { origin, vkey, shard } = deps.log
    const { index, size, checkpoint, sections } = proof
    return {
      ...{ origin, vkey, shard, index, size, checkpoint, sections: [...sections] },
      leaf: encodeBase64(proof.leaf),
      leafHash: encodeBase64(proof.leafHash),
      proof: proof.path.map(encodeBase64),
    }
  })
}

function receiptRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'The proof as a file (C2SP tlog-proof; `extra` is the entry)',
    params: EVENT_ID,
    response: PROBLEMS,
  }
  app.get('/v1/events/:id/receipt', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const id = request.params.id.toLowerCase()
    const proof = await prove(deps, caller, { id, operation: 'event.receipt' })
    return reply
      .header('content-disposition', `attachment; filename="${id}.tlog-proof"`)
      .type('text/plain; charset=utf-8')
      .send(printReceipt(proof))
  })
}

type Asked = { readonly id: string; readonly operation: string }

async function prove(
  deps: RouteDeps,
  caller: Caller,
  { id, operation }: Asked,
): Promise<EntryProof> {
  const found = await findSettled(deps, id)
  await recordLook(deps, caller, { operation, what: { event: id, rows: found ? 1 : 0 } })
  if (!found) throw unknownEvent(id)
  await sealed(deps, found)
  const proof = await deps.evidence.prove(found.index)
  if (proof) return proof
  throw unsealed()
}

/** Throws `log.unsealed` when no checkpoint covers the event in time. */
async function sealed({ log }: RouteDeps, { index }: FoundEvent): Promise<void> {
  if (!(await sealedWithin(log, index + 1))) throw unsealed()
}

function revealRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'Show the content of an event',
    description: 'Needs the scope content:reveal. That somebody looked is in the log before.',
    params: EVENT_ID,
    body: REVEAL,
    response: { 200: REVEALED, ...PROBLEMS },
  }
  app.post('/v1/events/:id/reveal', { schema }, async request => {
    const { id } = request.params
    const { reason = '' } = request.body
    const caller = await admitReveal(request, deps, { id, reason })
    const content = await findContent(deps, id)
    await recordLook(deps, caller, {
      operation: 'content.reveal',
      what: { event: id, reason, rows: content?.kind === 'kept' ? 1 : 0 },
      requestId: String(request.id),
    })
    if (!content) throw unknownEvent(id)
    if (content.kind !== 'kept') throw noContent(content.kind)
    const { body, hash, size, isAsHashed } = content
    return { id: id.toLowerCase(), content: body, hash, size, isAsHashed }
  })
}

type Reveal = { readonly id: string; readonly reason: string }

/** That somebody tried without the right is worth knowing, too. */
async function admitReveal(
  request: FastifyRequest,
  deps: RouteDeps,
  { id, reason }: Reveal,
): Promise<Caller> {
  try {
    return deps.gate.admit(request, 'content:reveal')
  } catch (error) {
    if (error instanceof TocsinError && error.code === 'auth.scope') {
      await recordLook(deps, deps.gate.admit(request, 'read'), {
        operation: 'content.reveal',
        what: { event: id, reason, rows: 0 },
        requestId: String(request.id),
        outcome: 'denied',
      })
    }
    throw error
  }
}

async function findContent(deps: RouteDeps, id: string): Promise<Content | null> {
  const found = await findSettled(deps, id)
  if (!found) return null
  await sealed(deps, found)
  const read = deps.evidence.open(found.index)
  return read && contentOf(read.sections, deps.log.secrets.hashKey)
}

function unknownEvent(id: string): TocsinError {
  return new TocsinError('event.unknown', { public: `no event has the id ${id.slice(0, 64)}` })
}

function unsealed(): TocsinError {
  return new TocsinError('log.unsealed', {
    public: 'the event is stored, and no checkpoint covers it yet',
  })
}
