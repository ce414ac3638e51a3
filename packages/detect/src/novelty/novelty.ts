// What an entity never did: values, hours of the week, orders of things. The door of this folder.

export { buildFirstSeen } from './first-seen.ts'
export type { Known } from './known-values.ts'
export type { Peers } from './peers.ts'
export { buildUnusualHour, type HourGroup } from './unusual-hour.ts'
export {
  buildUnusualSequence,
  type SequenceCohort,
  type SequenceGroup,
} from './unusual-sequence.ts'
