// One-time links: whoever opens one is signed in as the one who made it. A link holds a random
// token behind `#`, which browsers send to no server and into no Referer; it is taken by a request
// of its own, so that no program that looks a link up beforehand uses it up. Kept in memory, as
// SHA-256, for fifteen minutes.

import { hash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'
import { SIGN_IN_LINK_MS, SIGN_IN_LINKS_MAX } from '../base/limits.ts'
import type { Holder } from './sessions.ts'

const TOKEN_BYTES = 32

export interface SignInLinks {
  /** The oldest makes room when there are many. */
  make(holder: Holder): { readonly token: string; readonly expiresMs: number }
  /** Uses the token up; null when it is unknown, used or too old. */
  take(token: string): Grant | null
}

export type Grant = {
  readonly holder: Holder
  /** Nobody was signed in after all: the token may be taken once more. */
  giveBack(): void
}

type Link = { readonly holder: Holder; readonly expiresMs: number }

export function buildSignInLinks({
  clock,
  entropy,
}: {
  readonly clock: Clock
  readonly entropy: Entropy
}): SignInLinks {
  const links = new Map<string, Link>()
  return {
    make(holder) {
      for (const oldest of links.keys()) {
        if (links.size < SIGN_IN_LINKS_MAX) break
        links.delete(oldest)
      }
      const token = Buffer.from(entropy.bytes(TOKEN_BYTES)).toString('base64url')
      const expiresMs = clock.nowMs() + SIGN_IN_LINK_MS
      links.set(digest(token), { holder, expiresMs })
      return { token, expiresMs }
    },
    take(token) {
      const sha256 = digest(token)
      const link = links.get(sha256)
      links.delete(sha256)
      if (!link || clock.nowMs() >= link.expiresMs) return null
      return { holder: link.holder, giveBack: () => links.set(sha256, link) }
    },
  }
}

function digest(token: string): string {
  return hash('sha256', token)
}

export function printLink(url: string, token: string): string {
  return `${url}/sign-in#token=${token}`
}
