// Which logs this person knows, as SSH knows hosts: one line per log with its origin and verifier
// key, and the last checkpoint that was found good. It lies in the person's own state directory,
// never beside a log: what is under test must not say what it is tested against.

import { hash } from 'node:crypto'
import { join } from 'node:path'
import { TocsinError } from '@tocsin/sdk/errors'
import { makeDirectory, readFileIfThere, replaceFile } from '../base/durable.ts'
import { type Environment, knownLogsDirectory } from '../config.ts'

const FILE = 'known-logs'

/** The verifier key known for an origin, or null. */
export function findKnownLog(env: Environment, origin: string): string | null {
  for (const line of readLines(env)) if (line.startsWith(`${origin}+`)) return line
  return null
}

export function rememberLog(env: Environment, origin: string, vkey: string): void {
  const known = findKnownLog(env, origin)
  if (known === vkey) return
  if (known) {
    throw new TocsinError('verify.key_changed', {
      public:
        `the log ${origin} shows another key than the one you know. Either the log was replaced, or ` +
        `somebody forges it; if you know why, remove its line from ${filePath(env)}`,
    })
  }
  makeDirectory(knownLogsDirectory(env))
  replaceFile(filePath(env), `${[...readLines(env), vkey].join('\n')}\n`)
}

/**
 * A log that was made on this machine is known from the start. A home that cannot be written is no
 * error.
 */
export function rememberOwnLog(
  env: Environment,
  { origin, vkey }: { readonly origin: string; readonly vkey: string },
): void {
  try {
    rememberLog(env, origin, vkey)
  } catch (error) {
    if (error instanceof TocsinError) throw error
  }
}

/** The last checkpoint of this log that was found good. */
export function readRemembered(env: Environment, origin: string): Uint8Array | null {
  return readFileIfThere(checkpointPath(env, origin))
}

export function rememberCheckpoint(env: Environment, origin: string, note: Uint8Array): void {
  makeDirectory(join(knownLogsDirectory(env), 'checkpoints'))
  replaceFile(checkpointPath(env, origin), note)
}

export function filePath(env: Environment): string {
  return join(knownLogsDirectory(env), FILE)
}

function checkpointPath(env: Environment, origin: string): string {
  return join(knownLogsDirectory(env), 'checkpoints', hash('sha256', origin).slice(0, 32))
}

function readLines(env: Environment): readonly string[] {
  const bytes = readFileIfThere(filePath(env))
  const text = bytes ? Buffer.from(bytes).toString('utf8') : ''
  return text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
}
