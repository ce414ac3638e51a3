// What this browser remembers of the log at this address, as SSH remembers hosts: its key since the
// first visit, the last checkpoint that continued what was seen before, and what came of verifying
// it. Pure: text of the browser's storage in, text out. A key that is remembered is never replaced
// by what a server says; only a person can forget it.

import type { BrokenWhy } from '@tocsin/sdk/verify'

export type Intact = {
  readonly kind: 'intact'
  readonly atMs: number
  readonly tookMs: number
  readonly size: number
  /** Base64. */
  readonly root: string
  readonly bytes: number
  readonly sealedEntries: number
  readonly controlEntries: number
  readonly sections: number
  readonly firstMs: number | null
  readonly lastMs: number | null
  readonly clockStepsBack: number
  /** Size of the checkpoint that was remembered before and is contained; null at the first time. */
  readonly since: number | null
}

export type Refusal = BrokenWhy | 'other_log' | 'other_key'

export type Refused = {
  readonly kind: 'refused'
  readonly atMs: number
  readonly why: Refusal
  readonly file: string
  /** The first entry that is wrong or cannot be shown to be right. */
  readonly at: number | null
  readonly detail: string
}

export type Checked = Intact | Refused

export type KnownLog = {
  readonly origin: string
  readonly vkey: string
  readonly firstSeenMs: number
  /** When a person compared the key with the one that the operator gave them. */
  readonly comparedMs: number | null
  /** Signed note of the last checkpoint that continued the ones before it. */
  readonly note: string
  readonly size: number
  readonly seenMs: number
  /** What came of the last time that every hash was recomputed here, or of a refusal since then. */
  readonly checked: Checked | null
}

const LOGS_MAX = 20
export const STORAGE_KEY = 'tocsin.known-logs'

/** What cannot be read back is not known. */
export function readKnownLogs(text: string | null): readonly KnownLog[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value.filter(isKnownLog) : []
  } catch {
    return []
  }
}

export function printKnownLogs(logs: readonly KnownLog[]): string {
  return JSON.stringify(logs)
}

/** The log of this name; else the one that stood here last. */
export function knownFor(logs: readonly KnownLog[], origin: string | null): KnownLog | null {
  return logs.find(log => log.origin === origin) ?? logs.at(-1) ?? null
}

/** The newest last; the oldest makes room. */
export function withLog(logs: readonly KnownLog[], log: KnownLog): readonly KnownLog[] {
  return [...logs.filter(one => one.origin !== log.origin), log].slice(-LOGS_MAX)
}

export function withoutLog(logs: readonly KnownLog[], origin: string): readonly KnownLog[] {
  return logs.filter(one => one.origin !== origin)
}

function isKnownLog(value: unknown): value is KnownLog {
  const has = (name: string, kinds: readonly string[]) => kinds.includes(kindOf(value, name))
  return (
    ['origin', 'vkey', 'note'].every(name => has(name, ['string'])) &&
    ['firstSeenMs', 'size', 'seenMs'].every(name => has(name, ['number'])) &&
    has('comparedMs', ['number', 'null']) &&
    (has('checked', ['null']) || isChecked(Reflect.get(Object(value), 'checked')))
  )
}

function isChecked(value: unknown): value is Checked {
  const has = (name: string, kinds: readonly string[]) => kinds.includes(kindOf(value, name))
  if (!has('atMs', ['number'])) return false
  const kind: unknown = Reflect.get(Object(value), 'kind')
  if (kind === 'refused') {
    return (
      ['why', 'file', 'detail'].every(name => has(name, ['string'])) && has('at', NUMBER_OR_NOT)
    )
  }
  return (
    kind === 'intact' &&
    COUNTS.every(name => has(name, ['number'])) &&
    has('root', ['string']) &&
    ['firstMs', 'lastMs', 'since'].every(name => has(name, NUMBER_OR_NOT))
  )
}

const NUMBER_OR_NOT = ['number', 'null']
const COUNTS = [
  'tookMs',
  'size',
  'bytes',
  'sealedEntries',
  'controlEntries',
  'sections',
  'clockStepsBack',
]

function kindOf(value: unknown, name: string): string {
  const member: unknown = Reflect.get(Object(value), name)
  if (typeof member === 'number') return Number.isFinite(member) ? 'number' : 'NaN'
  return member === null ? 'null' : typeof member
}
