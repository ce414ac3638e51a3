// How many failed sign-ins are looked into. Tokens and keys have more than 170 random bits, so
// nothing can be guessed; the limit keeps a flood from filling the log with failures. What is right
// gets in whatever the flood, and what was not recorded is counted and told with the next failure.

import type { Clock } from '../base/clock.ts'
import { FAILURES_A_MINUTE, FAILURES_A_MINUTE_OF_ONE } from '../base/limits.ts'

const WINDOW_MS = 60_000

export interface FailedAttempts {
  /** `passedOver`: failures before this one that were not recorded; null when this one is not. */
  take(address: string): { readonly passedOver: number } | null
}

export function buildFailedAttempts(clock: Clock): FailedAttempts {
  const byAddress = new Map<string, number>()
  let startMs = 0
  let all = 0
  let passedOver = 0
  return {
    take(address) {
      const nowMs = clock.nowMs()
      if (Math.abs(nowMs - startMs) >= WINDOW_MS) {
        byAddress.clear()
        startMs = nowMs
        all = 0
      }
      const own = byAddress.get(address) ?? 0
      if (own >= FAILURES_A_MINUTE_OF_ONE || all >= FAILURES_A_MINUTE) {
        passedOver += 1
        return null
      }
      byAddress.set(address, own + 1)
      all += 1
      const told = { passedOver }
      passedOver = 0
      return told
    },
  }
}
