// What a kind of question stands on: the reader of the language, and the index.

import type { Checked } from '@tocsin/sdk/query'
import type { PageStatement, Row, Statement, TimeRange } from './store.ts'

export type Asking = {
  /** As it was written; own reads are not hidden yet. Throws `query.*`. */
  readonly check: (text: string) => Checked
  readonly select: (statement: Statement) => Promise<readonly Row[]>
  readonly page: (page: PageStatement) => Promise<readonly Row[]>
}

export const ALL_TIME: TimeRange = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }
