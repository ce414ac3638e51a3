// Verifying the whole log, in a thread. It goes on while somebody looks at other screens, and what
// came of it is remembered; there is one at a time.

import { encodeBase64 } from '@tocsin/sdk/bytes'
import { useSyncExternalStore } from 'react'
import { stepDone } from '../checklist/checklist.tsx'
import { nowMs } from '../clock/clock.ts'
import { type Job, runJob } from '../worker/worker.ts'
import type { Checked, KnownLog } from './known-log.ts'
import type { Progress, Spent, Task } from './log-worker.ts'
import file from './log-worker.ts?worker&url'
import type { Asked, Looked, Proved, Verified } from './look.ts'
import { advance, rememberCheck } from './memory.ts'

export type Verification =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly progress: Progress | null }
  /** Nothing was found, for it could not be read to the end. */
  | { readonly kind: 'failed'; readonly message: string }

let state: Verification = { kind: 'idle' }
let job: Job<Verified & Spent> | null = null
const listeners = new Set<() => void>()

function become(next: Verification): void {
  state = next
  for (const listener of listeners) listener()
}

export function useVerification(): Verification {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => state,
  )
}

async function startVerification(prefix: string, known: KnownLog): Promise<void> {
  become({ kind: 'running', progress: null })
  const task: Task = { kind: 'verify', prefix, known }
  job = runJob<Task, Verified & Spent, Progress>(file, task, progress => {
    become({ kind: 'running', progress })
  })
  try {
    const found = await job.result
    rememberFound(known, found)
    stepDone('verify')
    become({ kind: 'idle' })
  } catch (error) {
    const isStopped = error instanceof DOMException && error.name === 'AbortError'
    const message = error instanceof Error ? error.message : String(error)
    become(isStopped ? { kind: 'idle' } : { kind: 'failed', message })
  } finally {
    job = null
  }
}

/** Stops the one that runs, starts one where none does. */
export function toggleVerification(prefix: string, known: KnownLog): void {
  if (job) job.stop()
  else void startVerification(prefix, known)
}

function rememberFound({ origin }: KnownLog, found: Verified & Spent): void {
  rememberCheck(origin, checkedOf(found))
  const { verdict, note } = found
  if (verdict.kind === 'intact' && note !== null) {
    advance(origin, { note, size: verdict.checkpoint.size }, nowMs())
  }
}

function checkedOf({ verdict, since, bytes, tookMs }: Verified & Spent): Checked {
  const atMs = nowMs()
  if (verdict.kind === 'broken') {
    const { why, file: path, at, detail } = verdict
    return { kind: 'refused', atMs, why, file: path, at, detail }
  }
  const { checkpoint, counts } = verdict
  const { sealedEntries, controlEntries, sections, firstMs, lastMs, clockStepsBack } = counts
  return {
    kind: 'intact',
    ...{ atMs, tookMs, bytes, since },
    size: checkpoint.size,
    root: encodeBase64(checkpoint.root),
    ...{ sealedEntries, controlEntries, sections, firstMs, lastMs, clockStepsBack },
  }
}

/** Whether the log at this address is the one that was seen before. */
export async function lookAt(prefix: string, logs: readonly KnownLog[]): Promise<Looked> {
  return await runJob<Task, Looked>(file, { kind: 'look', prefix, logs }).result
}

export async function proveEvent(prefix: string, known: KnownLog, asked: Asked): Promise<Proved> {
  return await runJob<Task, Proved>(file, { kind: 'prove', prefix, known, asked }).result
}
