// What a kind of question stands on: the reader of the language, and the index.

import { type Checked, compileSql } from '@tocsin/sdk/query'
import { hideOwnReads } from './own-reads.ts'
import type { Row, SqlPart, Statement } from './store.ts'

export type Asking = {
  /** As it was written; own reads are not hidden yet. Throws `query.*`. */
  readonly check: (text: string) => Checked
  readonly select: (statement: Statement) => Promise<readonly Row[]>
}

/** What a question finds, without the record of questions themselves (own-reads.ts). */
export function askedOf(checked: Checked): SqlPart {
  return compileSql(hideOwnReads(checked))
}
