// Health, metrics and the API's own description. None of them says who did what, so they need no
// key.

import { Type } from 'typebox'
import type { App, RouteDeps } from './app.ts'

const HEALTH = Type.Object({
  status: Type.Enum(['ok', 'catching_up']),
  version: Type.String(),
  size: Type.Integer(),
  indexed: Type.Integer(),
})

export function systemRoutes(app: App, { log, query, telemetry, version }: RouteDeps): void {
  app.get(
    '/healthz',
    { schema: { summary: 'Is it up, is it behind', response: { 200: HEALTH }, security: [] } },
    async () => {
      const status = query.indexed >= log.size ? ('ok' as const) : ('catching_up' as const)
      return { status, version, size: log.size, indexed: query.indexed }
    },
  )
  app.get(
    '/metrics',
    { schema: { summary: 'Metrics in the Prometheus text format', security: [] } },
    async (_, reply) => {
      const { user, system } = process.cpuUsage()
      telemetry.set('process.resident_bytes', process.memoryUsage.rss())
      telemetry.set('process.cpu_seconds', (user + system) / 1e6)
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(telemetry.render())
    },
  )
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}
