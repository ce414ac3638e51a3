// The thread that judges the log (look.ts says how). It gets its files from the server and nothing
// else; what is known of the log is handed in.

import { ed25519, logFiles, serveJob, sha256 } from '../worker/worker.ts'
import type { KnownLog } from './known-log.ts'
import {
  type Asked,
  type Looked,
  look,
  type Ports,
  type Proved,
  prove,
  type Verified,
  verify,
} from './look.ts'

export type Task =
  | { readonly kind: 'look'; readonly prefix: string; readonly logs: readonly KnownLog[] }
  | { readonly kind: 'verify'; readonly prefix: string; readonly known: KnownLog }
  | {
      readonly kind: 'prove'
      readonly prefix: string
      readonly known: KnownLog
      readonly asked: Asked
    }

export type Answered = Looked | Proved | (Verified & Spent)
export type Spent = { readonly bytes: number; readonly tookMs: number }

export type Progress = Spent & { readonly done: number; readonly size: number }

const TELL_MS = 100

serveJob<Task, Answered, Progress>(async (task, tell) => {
  let bytes = 0
  const startMs = performance.now()
  const fetch = logFiles(task.prefix, more => {
    bytes += more
  })
  const ports: Ports = { fetch, crypto: { sha256, ed25519 } }
  if (task.kind === 'look') return await look(ports, task.logs)
  if (task.kind === 'prove') return await prove(ports, task.known, task.asked)
  let toldMs = 0
  const spent = () => ({ bytes, tookMs: performance.now() - startMs })
  const found = await verify(ports, task.known, (done, size) => {
    const { tookMs } = spent()
    if (tookMs - toldMs < TELL_MS && done < size) return
    toldMs = tookMs
    tell({ done, size, ...spent() })
  })
  return { ...found, ...spent() }
})
