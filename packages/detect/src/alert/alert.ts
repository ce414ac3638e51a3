// What an alert is, so that everybody counts the same: one entity within 24 h, with all its
// findings; and the words in which people say what it was. alert-book.ts decides when findings are
// enough for one.

export {
  type Alert,
  type AlertBook,
  type BookConfig,
  DEFAULT_BUDGET,
  openAlertBook,
} from './alert-book.ts'

/** What a person said of an alert; `reopened` takes it back. */
export const DISPOSITIONS = ['true', 'benign', 'false', 'reopened'] as const
export type DispositionKind = (typeof DISPOSITIONS)[number]
export const CAUSES = ['threat', 'misuse', 'batch_job', 'data_fault', 'other'] as const
export type Cause = (typeof CAUSES)[number]
