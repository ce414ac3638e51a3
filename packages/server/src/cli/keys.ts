// `tocsin keys`: on a running server over HTTP, on a directory that nobody uses directly, so that
// the first key can be made before the first start.

import { systemClock } from '../base/clock.ts'
import { createTelemetry } from '../base/emit.ts'
import { systemEntropy } from '../base/entropy.ts'
import { readOwner } from '../base/lock.ts'
import { dataDirectory } from '../config.ts'
import { type ApiKey, parseScopes } from '../query/query.ts'
import { localOperator, openTocsin, type Tocsin } from '../tocsin.ts'
import { type Client, clientFor, parseAnswer } from './client.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { rememberOwnLog } from './known-logs.ts'
import { printTable } from './table.ts'

type Flags = Json & { readonly data?: string }

export async function createKeys(
  flags: Flags & { readonly name: string; readonly scope: string },
  io: Io,
): Promise<ExitCode> {
  const scopes = parseScopes(flags.scope)
  const key = await withKeys(flags, io, {
    remote: async client => {
      const body = JSON.stringify({ name: flags.name, scopes })
      const response = await client.post('/v1/keys', body, 'application/json')
      return (await parseAnswer<{ readonly key: string }>(response)).key
    },
    local: tocsin => tocsin.createApiKey(flags.name, scopes, localOperator()),
  })
  if (flags.json) io.out(`${JSON.stringify({ key, name: flags.name, scopes })}\n`)
  else {
    io.out(`${key}\n`)
    io.say('Keep this key now: it is shown only once.')
  }
  return EXIT.ok
}

export async function listKeys(flags: Flags, io: Io): Promise<ExitCode> {
  const keys = await withKeys<readonly ApiKey[]>(flags, io, {
    remote: async client => parseAnswer(await client.get('/v1/keys')),
    local: async tocsin => tocsin.keys.list(),
  })
  if (flags.json) io.out(`${JSON.stringify(keys)}\n`)
  else {
    const rows = keys.map(k => [
      k.keyId,
      k.name,
      k.scopes.join(','),
      new Date(k.createdMs).toISOString(),
      k.revokedMs === null ? '' : `revoked ${new Date(k.revokedMs).toISOString()}`,
    ])
    io.out(printTable(['key', 'name', 'scopes', 'made', ''], rows, io.width))
  }
  return EXIT.ok
}

export async function revokeKey(keyId: string, flags: Flags, io: Io): Promise<ExitCode> {
  await withKeys(flags, io, {
    remote: async client => void (await client.remove(`/v1/keys/${encodeURIComponent(keyId)}`)),
    local: tocsin => tocsin.revokeApiKey(keyId, localOperator()),
  })
  if (flags.json) io.out(`${JSON.stringify({ keyId, revoked: true })}\n`)
  else io.say(`${keyId} is revoked.`)
  return EXIT.ok
}

type Ways<T> = {
  readonly remote: (client: Client) => Promise<T>
  readonly local: (tocsin: Tocsin) => Promise<T>
}

/** Over HTTP when a server is named or owns the directory, else on the directory itself. */
async function withKeys<T>(flags: Flags, io: Io, { remote, local }: Ways<T>): Promise<T> {
  const dataDir = dataDirectory(flags.data, io.env)
  if (io.env.TOCSIN_URL || readOwner(dataDir)?.url) return remote(clientFor(io, flags.data))
  const telemetry = createTelemetry((_, sentence) => io.say(sentence))
  const tocsin = await openTocsin(dataDir, {
    clock: systemClock,
    entropy: systemEntropy(),
    telemetry,
    onFatal: error => {
      throw error
    },
  })
  try {
    rememberOwnLog(io.env, tocsin.log)
    return await local(tocsin)
  } finally {
    await tocsin.close()
  }
}
