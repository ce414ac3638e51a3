// How much of an owner's release is used. Rows come to be known in two ways, asked for at the
// decision point and seen in events; whoever does both names the same rows twice, so the larger sum
// counts. What is used is put down ahead of time in steps: after a crash a release has at most one
// step less, and never more than was granted.

import type { Release } from './measure.ts'

export type Usage = { readonly asked: number; readonly seen: number }

export interface Releases {
  /** `usage` is what is known to be used; nothing for a new release. */
  open(id: string, actor: string, release: Release, usage?: Usage): void
  close(id: string): void
  /** Its times were moved with the clock; what is used stays. */
  move(id: string, release: Release): void
  /** Rows that are left now, 0 when there is no release. */
  left(id: string, nowMs: number): number
  /** False, and nothing taken, when so many are not left. */
  ask(id: string, rows: number, nowMs: number): boolean
  /** Rows that an event shows; hands back the releases that it used up. */
  see(actor: string, rows: number, timeMs: number): readonly string[]
  /** Actors with a release; empty nearly always. */
  actors(): readonly string[]
}

const STEPS = 10
const NOBODY: readonly string[] = []
/** Events of what a release let through may come so much later. */
const LATE_MS: number = 10 * 60_000

type Open = {
  readonly actor: string
  release: Release
  asked: number
  seen: number
  put: Usage
}

/** `save` is called before more than what it last saved is used. */
export function createReleases(save: (id: string, usage: Usage) => void): Releases {
  const open = new Map<string, Open>()

  function putDown(id: string, one: Open): void {
    if (one.asked <= one.put.asked && one.seen <= one.put.seen) return
    const step = Math.ceil(one.release.rows / STEPS)
    const ahead = (used: number) => (used === 0 ? 0 : Math.min(one.release.rows, used + step))
    one.put = { asked: ahead(one.asked), seen: ahead(one.seen) }
    save(id, one.put)
  }

  function leftOf({ release, asked, seen }: Open, nowMs: number): number {
    return nowMs >= release.untilMs ? 0 : Math.max(0, release.rows - Math.max(asked, seen))
  }

  return {
    actors: () => (open.size === 0 ? NOBODY : [...open.values()].map(({ actor }) => actor)),
    open(id, actor, release, usage = { asked: 0, seen: 0 }) {
      open.set(id, { actor, release, ...usage, put: usage })
    },
    close: id => void open.delete(id),
    move(id, release) {
      const one = open.get(id)
      if (one) one.release = release
    },
    left(id, nowMs) {
      const one = open.get(id)
      return one ? leftOf(one, nowMs) : 0
    },
    ask(id, rows, nowMs) {
      const one = open.get(id)
      if (!one || rows > leftOf(one, nowMs)) return false
      one.asked += rows
      putDown(id, one)
      return true
    },
    see(actor, rows, timeMs) {
      const usedUp: string[] = []
      for (const [id, one] of open) {
        if (timeMs > one.release.untilMs + LATE_MS) open.delete(id)
        if (one.actor !== actor || timeMs < one.release.sinceMs || !open.has(id)) continue
        one.seen += rows
        putDown(id, one)
        if (one.seen >= one.release.rows) usedUp.push(id)
      }
      return usedUp
    },
  }
}
