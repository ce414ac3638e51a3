// Who asks, and may they: every route names the scope it needs. A key is looked up by its hash; the
// operator's own key of this process stands in the data directory, readable by its owner alone.

import { TocsinError } from '@tocsin/sdk/errors'
import type { FastifyRequest } from 'fastify'
import { type ApiKeys, isWellFormedKey, SCOPES, type Scope } from '../query/query.ts'

export type Caller = {
  /** How the log names the caller. */
  readonly principal: string
  readonly keyId: string
  readonly scopes: readonly Scope[]
}

export interface Gate {
  /** Throws `auth.missing`, `auth.invalid` or `auth.scope`. */
  admit(request: FastifyRequest, scope: Scope): Caller
}

export type LocalKey = { readonly secret: string; readonly operator: string }

export function buildGate(keys: ApiKeys, local: LocalKey | null): Gate {
  return {
    admit(request, scope) {
      const caller = findCaller(bearer(request), keys, local)
      if (caller.scopes.includes(scope)) return caller
      throw new TocsinError('auth.scope', {
        public: `this key has the scopes ${caller.scopes.join(', ')}; the request needs ${scope}`,
      })
    },
  }
}

function bearer(request: FastifyRequest): string {
  const header = request.headers.authorization
  const match = /^Bearer +(\S+)$/i.exec(header ?? '')
  if (match?.[1]) return match[1]
  throw new TocsinError('auth.missing', {
    public: 'the request has no API key; send the header Authorization: Bearer <key>',
  })
}

function findCaller(secret: string, keys: ApiKeys, local: LocalKey | null): Caller {
  if (local && secret === local.secret) {
    return { principal: local.operator, keyId: 'local', scopes: SCOPES }
  }
  const key = keys.find(secret)
  if (key) return { principal: `key:${key.name}`, keyId: key.keyId, scopes: key.scopes }
  throw new TocsinError('auth.invalid', {
    public: isWellFormedKey(secret)
      ? 'this API key is unknown here or was revoked'
      : 'this is not an API key of Tocsin; check that it was copied whole',
  })
}
