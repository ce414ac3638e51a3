// API keys over HTTP, for holders of the scope admin. The secret is in the answer that makes it,
// once.

import { Type } from 'typebox'
import { parseScopes } from '../query/query.ts'
import type { App, RouteDeps } from './app.ts'
import { API_KEY, PROBLEMS } from './schemas.ts'

const NEW_KEY = Type.Object({
  name: Type.String(),
  scopes: Type.Array(Type.String(), { minItems: 1 }),
})
const MADE_KEY = Type.Object({ key: Type.String({ description: 'Shown only now' }) })

export function keyRoutes(app: App, deps: RouteDeps): void {
  app.get(
    '/v1/keys',
    { schema: { summary: 'API keys', response: { 200: Type.Array(API_KEY), ...PROBLEMS } } },
    async request => {
      deps.gate.admit(request, 'admin')
      return [...deps.keys.list()]
    },
  )
  app.post(
    '/v1/keys',
    {
      schema: {
        summary: 'Make an API key',
        body: NEW_KEY,
        response: { 201: MADE_KEY, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { principal } = deps.gate.admit(request, 'admin')
      const scopes = parseScopes(request.body.scopes.join(','))
      const key = await deps.createApiKey(request.body.name, scopes, principal)
      return reply.code(201).send({ key })
    },
  )
  app.delete(
    '/v1/keys/:keyId',
    {
      schema: {
        summary: 'Revoke an API key',
        params: Type.Object({ keyId: Type.String() }),
        response: { 204: Type.Null(), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { principal } = deps.gate.admit(request, 'admin')
      await deps.revokeApiKey(request.params.keyId, principal)
      return reply.code(204).send(null)
    },
  )
}
