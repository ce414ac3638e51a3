// What the watch keeps between runs: how far it has read, the engine's state and the book of
// findings, with a digest over all of it. A snapshot that is damaged, of another version or of
// other rules is passed over: the log is read again from its beginning, and says the same.

import { type AlertBook, openAlertBook } from '@tocsin/detect/alert'
import type { Engine, State } from '@tocsin/detect/detect'
import { readState, writeState } from '@tocsin/detect/state-bytes'
import { equalBytes } from '@tocsin/sdk/bytes'
import { TocsinError } from '@tocsin/sdk/errors'
import { sha256 } from '@tocsin/sdk/node'
import { readFileIfThere, replaceFile } from '../base/durable.ts'

export type Watched = {
  /** Entries below this leaf index were looked at, and what was found of them is in the log. */
  size: number
  state: State
  book: AlertBook
}

const VERSION = 'tocsin-watch/1'
const DIGEST_BYTES = 32

type Config = { readonly engine: Engine; readonly budget: number | null }

/** `path` is replaced as a whole and durable on return. */
export function saveWatched(path: string, engine: Engine, { size, state, book }: Watched): void {
  const out = writeState()
  out.text(VERSION)
  out.count(size)
  out.bytes(engine.save(state))
  book.save(out)
  const body = out.finish()
  replaceFile(path, Buffer.concat([body, sha256(body)]), `${path}.new`)
}

/** From the beginning where there is no snapshot, or none that can be used; `why` says so. */
export function loadWatched(
  path: string,
  { engine, budget }: Config,
): { readonly watched: Watched; readonly why: string | null } {
  const fresh = () => ({ size: 0, state: engine.begin(), book: openAlertBook({ sha256, budget }) })
  const bytes = readFileIfThere(path)
  if (!bytes) return { watched: fresh(), why: null }
  const body = bytes.subarray(0, -DIGEST_BYTES)
  if (!equalBytes(sha256(body), bytes.subarray(-DIGEST_BYTES))) {
    return { watched: fresh(), why: 'the snapshot of the detectors is damaged' }
  }
  try {
    const input = readState(body)
    if (input.text() !== VERSION) return { watched: fresh(), why: 'it is of another version' }
    const size = input.count()
    const state = engine.load(input.bytes())
    return { watched: { size, state, book: openAlertBook({ sha256, budget }, input) }, why: null }
  } catch (error) {
    if (!(error instanceof TocsinError)) throw error
    return { watched: fresh(), why: error.message }
  }
}
