// A whole Tocsin in a temporary directory, with its API at hand without a socket.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Alarm, type AlarmConfig, openAlarm } from '../../packages/server/src/alarm.ts'
import { systemClock } from '../../packages/server/src/base/clock.ts'
import { createTelemetry } from '../../packages/server/src/base/emit.ts'
import { systemEntropy } from '../../packages/server/src/base/entropy.ts'
import { PRODUCT_RULES } from '../../packages/server/src/config.ts'
import type { Scope } from '../../packages/server/src/query/query.ts'
import { type App, buildApp, type ShowDeps } from '../../packages/server/src/show/show.ts'
import { openTocsin, TENANT, type Tocsin } from '../../packages/server/src/tocsin.ts'

export type Answer = {
  readonly status: number
  readonly headers: { readonly [name: string]: unknown }
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly json: any
}

export type Request = {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  readonly key?: string | null
  readonly body?: string | Uint8Array
  readonly type?: string
  readonly headers?: { readonly [name: string]: string }
}

export interface Rig {
  readonly directory: string
  readonly tocsin: Tocsin
  readonly alarm: Alarm
  readonly app: App
  /** A key with every scope. */
  readonly allKey: string
  ask(path: string, request?: Request): Promise<Answer>
  key(...scopes: readonly Scope[]): Promise<string>
  /** Closes and opens the same directory again. */
  restart(): Promise<Rig>
  close(): Promise<void>
}

export type RigOptions = Partial<AlarmConfig & Pick<ShowDeps, 'consoleDir' | 'keepContent'>>

export async function openRig(
  directory: string = newDirectory(),
  options: RigOptions = {},
): Promise<Rig> {
  const entropy = systemEntropy()
  const telemetry = createTelemetry(() => undefined)
  const tocsin = await openTocsin(directory, {
    clock: systemClock,
    entropy,
    telemetry,
    onFatal: error => {
      throw error
    },
  })
  const local = { secret: `tocsin_key_${'L'.repeat(36)}`, operator: 'tester@here' }
  const alarm = await openAlarm(tocsin, {
    rules: [PRODUCT_RULES],
    alertBudget: 10,
    policy: null,
    ...options,
  })
  const app = await buildApp({
    ...tocsin,
    ...alarm,
    telemetry,
    clock: systemClock,
    entropy,
    tenant: TENANT,
    version: '0.0.0',
    keepContent: options.keepContent ?? false,
    consoleDir: options.consoleDir ?? null,
    follow: [],
    isDemo: false,
    local,
  })
  const rig: Rig = {
    directory,
    tocsin,
    alarm,
    app,
    allKey: local.secret,
    ask: (path, request = {}) => ask(app, path, { key: local.secret, ...request }),
    key: (...scopes) =>
      tocsin.createApiKey(`key-${Buffer.from(entropy.bytes(4)).toString('hex')}`, scopes, 'tester'),
    async restart() {
      await app.close()
      await alarm.close()
      await tocsin.close()
      return openRig(directory, options)
    },
    async close() {
      await app.close()
      await alarm.close()
      await tocsin.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  return rig
}

async function ask(
  app: App,
  path: string,
  { method = 'GET', key = null, body, type, headers = {} }: Request,
): Promise<Answer> {
  const response = await app.inject({
    method,
    url: path,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(type === undefined ? {} : { 'content-type': type }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : Buffer.from(body) }),
  })
  const isJson = /[/+]json/.test(String(response.headers['content-type']))
  return {
    status: response.statusCode,
    headers: response.headers,
    text: response.payload,
    json: isJson && response.payload !== '' ? JSON.parse(response.payload) : undefined,
  }
}

export function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'tocsin-'))
}

/** A small event; `n` makes it another one. */
export function event(n: number, more: object = {}): { readonly [field: string]: unknown } {
  return {
    id: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
    kind: 'ai.invoke',
    time: Date.UTC(2026, 0, 1) + n * 1000,
    outcome: n % 5 === 0 ? 'denied' : 'success',
    actor: { type: 'service', id: `svc-${n % 3}` },
    operation: 'chat',
    model: { served: 'm1' },
    source: { ip: `10.0.${n % 4}.7` },
    bytes: { in: 10, out: n },
    ...more,
  }
}

export function ndjson(events: readonly object[]): string {
  return events.map(e => `${JSON.stringify(e)}\n`).join('')
}
