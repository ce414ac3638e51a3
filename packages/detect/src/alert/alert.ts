// What an alert is, so that everybody counts the same: one entity within 24 h, with all its
// findings. alert-book.ts decides when findings are enough for one.

import type { EntityRef, Finding } from '../finding.ts'

export { type AlertBook, type BookConfig, openAlertBook } from './alert-book.ts'

/** An alert as it stands after a finding. */
export type Alert = {
  /** 32 hex digits, from the entity and the first finding. */
  readonly id: string
  readonly entity: EntityRef
  /** Time of its first finding, and of the one that made it an alert, ms. */
  readonly startMs: number
  readonly openedMs: number
  readonly lastMs: number
  /** The entity's risk from its findings of 24 h, 0 to 100, and what it had to reach. */
  readonly score: number
  readonly threshold: number
  /** All findings of the entity in it, oldest first. */
  readonly findingIds: readonly string[]
}

/** What a person said of an alert; `reopened` takes it back. */
export const DISPOSITIONS = ['true', 'benign', 'false', 'reopened'] as const
export type DispositionKind = (typeof DISPOSITIONS)[number]
export const CAUSES = ['threat', 'misuse', 'batch_job', 'data_fault', 'other'] as const
export type Cause = (typeof CAUSES)[number]

/** Any alert of an entity, before its id is made. */
export type AlertSource = { readonly entity: EntityRef; readonly findings: readonly Finding[] }
