// The second half of a running server: detectors over the log, and what is done about findings.
// Commands that only read or change a directory do without it.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { environment } from './config.ts'
import { openResponder, parsePolicy, type Responder } from './respond/respond.ts'
import type { Tocsin } from './tocsin.ts'
import { type Found, openWatch, type Watch } from './watch/watch.ts'

export type AlarmConfig = {
  /** Directories of rules. */
  readonly rules: readonly string[]
  /** Alerts a day that people can look at; null where nobody said. */
  readonly alertBudget: number | null
  /** Policy file; the product's own, in dry run, where null. */
  readonly policy: string | null
}

export interface Alarm {
  readonly watch: Watch
  readonly respond: Responder
  /** Close it before the Tocsin that it stands on. */
  close(): Promise<void>
}

const PRODUCT_POLICY = fileURLToPath(new URL('../policies/default.yml', import.meta.url))

/** Throws `policy.invalid`, naming file and line. Rules with mistakes are reported and left out. */
export async function openAlarm(tocsin: Tocsin, config: AlarmConfig): Promise<Alarm> {
  const { log, deps, record, alerts, dataDir } = tocsin
  const { clock, entropy, telemetry } = deps
  const file = config.policy ?? PRODUCT_POLICY
  const env = environment()
  const respond = openResponder({
    policy: parsePolicy(readFileSync(file, 'utf8'), file),
    directory: log.paths.state,
    record,
    clock,
    entropy,
    telemetry,
    fetch,
    secret: name => env[name],
  })
  tocsin.project(respond)
  const stopCounting = log.follow(respond.onBatch)
  const watch = await openWatch({
    dataDir,
    log,
    store: alerts,
    record,
    telemetry,
    clock,
    rules: config.rules,
    budget: config.alertBudget,
  })
  watch.onFound(found => void respond.onFinding(inputOf(found)))
  return {
    watch,
    respond,
    async close() {
      stopCounting()
      await watch.close()
      await respond.close()
    },
  }
}

function inputOf({ finding, alert }: Found) {
  return { finding, alertId: alert?.id ?? null, risk: alert?.score ?? 0 }
}
