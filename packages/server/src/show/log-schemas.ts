// Shapes of the state of the log: its newest checkpoint, those before it, and what is missing.

import { type TSchema, Type } from 'typebox'

const count = (description: string) => Type.Integer({ minimum: 0, description })
const timeMs = (description: string) =>
  Type.Integer({ description: `${description}, ms since 1970` })
const orNull = (type: TSchema, description: string) =>
  Type.Union([type, Type.Null()], { description })

const ROOT = Type.String({ description: 'Root of the tree, base64' })

const CHECKPOINT = Type.Object({
  size: count('Entries under it'),
  root: ROOT,
  timeMs: orNull(Type.Integer(), 'When it was published, ms since 1970; null: not remembered'),
})

const SEAL = Type.Object({
  size: count('Entries under the checkpoint'),
  root: ROOT,
  timeMs: timeMs('When it was published'),
})

const GAP = Type.Object({
  index: count('Leaf index of the entry that tells of it'),
  fromMs: timeMs('Start of what is missing, as far as known'),
  toMs: timeMs('End of it, as far as known'),
  source: Type.String({ description: 'Who lost it: file:access.log, a sender, log' }),
  via: Type.String({ description: 'The way by which it would have come' }),
  lost: orNull(Type.Integer(), 'Events; null where nobody could count them'),
  lostBytes: orNull(Type.Integer(), 'Bytes that are known to be lost, at least'),
  reason: Type.String(),
  detail: orNull(Type.String(), 'The same as a sentence'),
  eventId: orNull(Type.String(), 'The event that tells of it; null for a gap of the log itself'),
})

export const LOG_STATE: TSchema = Type.Object({
  origin: Type.String({ description: 'Name of the log and of its key' }),
  vkey: Type.String({ description: 'Verifier key of the log; pin it' }),
  shard: Type.String(),
  size: count('Durable entries'),
  checkpointSize: count('Entries under the newest checkpoint'),
  indexed: count('Entries that can be searched'),
  checkpoint: Type.Union([CHECKPOINT, Type.Null()], { description: 'The newest checkpoint' }),
  unsealed: Type.Object({
    entries: count('Durable entries that no checkpoint covers yet'),
    sinceMs: orNull(Type.Integer(), 'When the oldest of them came, ms since 1970'),
  }),
  seals: Type.Array(SEAL, { description: 'Checkpoints that were published, newest first' }),
  gaps: Type.Array(GAP, { description: 'Known gaps of 30 days, newest first' }),
  gapsComplete: Type.Boolean({ description: 'False where there are more' }),
})
