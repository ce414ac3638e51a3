// Where a command reads events from: a file in any format, a data directory, or a server. One
// meaning of `<where>` for every command that takes it.

import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { TocsinError } from '@tocsin/sdk/errors'

export type Where =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string }

/** Throws `cli.not_found` when nothing is there. */
export function parseWhere(text: string): Where {
  if (/^https?:\/\//.test(text)) return { kind: 'url', url: text.replace(/\/+$/, '') }
  if (!existsSync(text)) {
    throw new TocsinError('cli.not_found', {
      public: `there is neither a file nor a directory ${text}`,
    })
  }
  if (!statSync(text).isDirectory()) return { kind: 'file', path: text }
  if (existsSync(join(text, 'log'))) return { kind: 'directory', path: text }
  throw new TocsinError('verify.no_log', {
    public: `${text} is no data directory: it holds no log`,
  })
}
