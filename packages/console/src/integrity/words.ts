// What is known of the log, in sentences. Pure.

import { bytes, count, duration } from '../amount/amount.ts'
import { ago } from '../moment/moment.ts'
import type { Checked, Intact, KnownLog, Looked, Refusal, Refused } from '../trust/trust.ts'

type Words = { readonly title: string; readonly meaning: string }

const CHECKPOINT_BAD = 'Without a checkpoint that its key signed, nothing on this page is proved.'
const ALTERED =
  'What is in the log now is not what was signed. Its entries were changed after they were sealed.'
const LOST =
  'A file that belongs to the log is not there, so what it held cannot be shown to be right.'

/** What a refusal means, for somebody who must decide what to do about it. */
export const REFUSALS: { readonly [why in Refusal]: Words } = {
  other_key: {
    title: 'Another key signs this log',
    meaning:
      'This browser remembers another key for this log. Whoever made what is shown now does not have the key of ' +
      'what you saw before: somebody replaced the log, or stands between you and it.',
  },
  other_log: {
    title: 'Another log stands at this address',
    meaning:
      'This browser remembers a log of another name here. If somebody started Tocsin on a new data directory, this is ' +
      'why; if nobody did, the log you saw before is gone.',
  },
  rollback: {
    title: 'The log is shorter than it was',
    meaning:
      'Entries that were sealed when this browser saw them last are gone from the end of it.',
  },
  fork: {
    title: 'The log has another past than it had',
    meaning:
      'Its key signed two histories: the one that this browser saw, and this one. That is no accident of a disk; ' +
      'somebody with the key made a second log.',
  },
  checkpoint_missing: { title: 'The log shows no checkpoint', meaning: CHECKPOINT_BAD },
  checkpoint_malformed: { title: 'The checkpoint cannot be read', meaning: CHECKPOINT_BAD },
  checkpoint_foreign: { title: 'The checkpoint is of another log', meaning: CHECKPOINT_BAD },
  checkpoint_untrusted: { title: 'The log is not signed by its key', meaning: CHECKPOINT_BAD },
  checkpoint_forged: { title: 'The signature of the log is forged', meaning: CHECKPOINT_BAD },
  vkey_changed: {
    title: 'The key that lies beside the log is not its own',
    meaning: 'The file log.vkey is missing, unreadable, or not the key that signed the checkpoint.',
  },
  bundle_missing: { title: 'Entries are missing', meaning: LOST },
  bundle_malformed: { title: 'Entries are damaged', meaning: ALTERED },
  entry_changed: { title: 'An entry was changed', meaning: ALTERED },
  entry_malformed: {
    title: 'An entry is not one that Tocsin writes',
    meaning: 'It was signed, and it says nothing that a reader could trust.',
  },
  shard_unopened: {
    title: 'The log does not begin as a log begins',
    meaning: 'Its first entry must name the log and its key.',
  },
  tile_missing: { title: 'Hashes of the log are missing', meaning: LOST },
  tile_changed: {
    title: 'Hashes of the log were changed',
    meaning:
      'The entries are as they were signed; the hashes beside them, by which others check them, are not.',
  },
  root_mismatch: { title: 'The entries are not those that were signed', meaning: ALTERED },
  partial_changed: {
    title: 'Files of earlier checkpoints were changed',
    meaning: 'They are not the beginning of the files that took their place.',
  },
  file_unexpected: {
    title: 'A file lies in the log that does not belong there',
    meaning: 'No file may stand there that the log does not need.',
  },
  section_missing: { title: 'A sealed part of an event is missing', meaning: LOST },
  section_changed: { title: 'A sealed part of an event was changed', meaning: ALTERED },
  section_unexpected: {
    title: 'A sealed part lies beside the log that no entry names',
    meaning: 'It was put there without the log.',
  },
}

/** Whatever the browser's storage holds. */
export function wordsOf(why: Refusal): Words {
  return REFUSALS[why] ?? { title: 'The log is refused', meaning: ALTERED }
}

/** Where it is wrong, as exactly as it is known. */
export function placeOf({ at, file, detail }: Pick<Refused, 'at' | 'file' | 'detail'>): string {
  const where = at === null ? '' : ` Entry ${count(at)}, in ${file}.`
  return `${detail.slice(0, 1).toUpperCase()}${detail.slice(1)}.${where}`
}

export function whenWords(ms: number, nowMs: number): string {
  const words = ago(ms, nowMs)
  return words === 'now' ? 'just now' : words
}

export type Tone = 'good' | 'plain' | 'bad'
export type Headline = { readonly tone: Tone; readonly title: string; readonly more: string }

/** The one sentence: what can be said of the log now. */
export function headlineOf(
  looked: Looked | null,
  known: KnownLog | null,
  nowMs: number,
): Headline | null {
  if (looked?.kind === 'refused') return bad(looked.why, placeOf(looked))
  if (!known) return null
  const { checked, origin } = known
  if (checked?.kind === 'refused') {
    const when = `Found here ${whenWords(checked.atMs, nowMs)}. `
    return bad(checked.why, when + placeOf(checked))
  }
  if (checked === null) {
    return {
      tone: 'plain',
      title: `Signed by ${origin}; not verified in this browser yet`,
      more: 'Verifying reads every entry and recomputes every hash here. It trusts nothing that the server says.',
    }
  }
  const entries = `${count(checked.size)} entries, every hash recomputed in this browser`
  return {
    tone: 'good',
    title: `Verified here ${whenWords(checked.atMs, nowMs)}: ${entries}, signature by ${origin}`,
    more: sinceWords(checked, known),
  }
}

function bad(why: Refusal, place: string): Headline {
  const { title, meaning } = wordsOf(why)
  return { tone: 'bad', title, more: `${meaning} ${place}` }
}

function sinceWords(checked: Intact, { size }: KnownLog): string {
  const newer = size - checked.size
  if (newer <= 0) return 'Nothing came since.'
  const were = newer === 1 ? '1 entry came' : `${count(newer)} entries came`
  return `${were} since; the log of now begins with what was verified.`
}

export function figuresOf(checked: Intact): string {
  const { size, tookMs, bytes: read } = checked
  const rate = count(Math.round(size / (Math.max(tookMs, 1) / 1000)))
  return `${bytes(read)} in ${duration(tookMs)}, ${rate} entries a second`
}

/** What was checked, and what a browser cannot check: each a sentence. */
export function scopeOf(checked: Intact): {
  readonly shown: readonly string[]
  readonly not: readonly string[]
} {
  const { size, since, sealedEntries, controlEntries, sections, clockStepsBack } = checked
  return {
    shown: [
      'The checkpoint is signed by the key that this browser remembers.',
      `All ${count(size)} entries are well formed: ${count(sealedEntries)} events, ` +
        `${count(controlEntries)} of the log's own.`,
      'Their hashes make up every tile of the log, and the root that was signed.',
      ...(since === null
        ? []
        : [`The first ${count(since)} are those of the checkpoint remembered from before.`]),
      ...(clockStepsBack === 0
        ? []
        : [`${count(clockStepsBack)} entries have an earlier time than the one before them.`]),
    ],
    not: [
      `What the ${count(sections)} sealed parts say: they are encrypted and do not leave the server. ` +
        'An auditor checks them against the entries with tocsin verify, on the data directory or a copy.',
      'Whether files lie beside the log that do not belong there: a web server cannot be asked for a list.',
      'What was never sent to Tocsin. Known losses are listed below as gaps.',
    ],
  }
}

/** Whether a seal is under what was verified here. */
export function isVerified(size: number, checked: Checked | null): boolean {
  return checked?.kind === 'intact' && size <= checked.size
}
