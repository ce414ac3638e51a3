// The log as any C2SP reader wants it: `<server>/log/<shard>/checkpoint`, `tile/…`, `log.vkey`,
// straight from the files, without a key, since nothing in them is personal (docs/spec/log.md
// §3.1).

import { createReadStream, statSync } from 'node:fs'
import { join } from 'node:path'
import { TocsinError } from '@tocsin/sdk/errors'
import { Type } from 'typebox'
import type { App, RouteDeps } from './app.ts'
import { keepBriefly } from './briefly-kept.ts'
import { findGaps, GAPS_SHOWN_MAX } from './known-gaps.ts'
import { LOG_STATE } from './log-schemas.ts'
import { PROBLEMS } from './schemas.ts'

const TILE = /^tile\/(?:\d{1,2}|entries)\/(?:x\d{3}\/)*\d{3}(?:\.p\/\d{1,3})?$/
const YEAR_S = 31_536_000
const CHECKPOINT_S = 1
const SEALS_SHOWN_MAX = 200
const GAPS_BACK_MS = 30 * 86_400_000
const GAPS_KEEP_MS = 15_000

export function logRoutes(app: App, deps: RouteDeps): void {
  const { log } = deps
  stateRoute(app, deps)
  app.get(
    '/log/:shard/*',
    {
      schema: {
        summary: 'Files of the log, as C2SP tlog-tiles names them',
        params: Type.Object({ shard: Type.String() }),
        security: [],
      },
    },
    async (request, reply) => {
      const { shard } = request.params
      const path = String(Reflect.get(request.params, '*'))
      const known = path === 'checkpoint' || path === 'log.vkey' || TILE.test(path)
      const file = join(log.paths.log, path)
      const size = known && shard === log.shard ? sizeOf(file) : null
      if (size === null) {
        throw new TocsinError('http.not_found', {
          public: `the log has no file ${path.slice(0, 200)}`,
        })
      }
      const seconds = TILE.test(path) ? YEAR_S : CHECKPOINT_S
      return reply
        .header(
          'cache-control',
          `public, max-age=${seconds}${seconds === YEAR_S ? ', immutable' : ''}`,
        )
        .header('content-length', size)
        .type(TILE.test(path) ? 'application/octet-stream' : 'text/plain; charset=utf-8')
        .send(createReadStream(file))
    },
  )
}

/** A status that pages ask for again and again, so it is no look at the record. */
function stateRoute(app: App, deps: RouteDeps): void {
  const { log, query, gate, seals, clock } = deps
  const gaps = keepBriefly(clock, GAPS_KEEP_MS, () => findGaps(deps, GAPS_BACK_MS))
  const schema = { summary: 'State of the log', response: { 200: LOG_STATE, ...PROBLEMS } }
  app.get('/v1/log', { schema }, async request => {
    gate.admitPoll(request, 'read')
    const found = await gaps()
    const { origin, vkey, shard, size, publishedSize } = log
    return {
      ...{ origin, vkey, shard, size, checkpointSize: publishedSize, indexed: query.indexed },
      checkpoint: seals.newest,
      unsealed: { entries: size - publishedSize, sinceMs: seals.unsealedSinceMs },
      seals: [...seals.list(SEALS_SHOWN_MAX)],
      gaps: found.slice(0, GAPS_SHOWN_MAX),
      gapsComplete: found.length <= GAPS_SHOWN_MAX,
    }
  })
}

function sizeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null
}
