// What every command gets to speak with, and the exit codes it may end with.

import type { Environment } from '../config.ts'

export type Io = {
  readonly env: Environment
  /** Data for the next program. */
  out(text: string): void
  /** Words for the person. */
  say(text: string): void
  readonly isTerminal: boolean
  readonly width: number
}

export type Json = { readonly json?: boolean }

export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  findings: 3,
  signIn: 4,
  notFound: 5,
  partial: 6,
  unreachable: 7,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
