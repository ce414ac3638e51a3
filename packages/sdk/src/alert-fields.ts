// The fields by which alerts are asked for, in the same language as events (query/query.ts): the
// server answers by this table, editors complete and check by it, docs/spec/alerts.md has it.

import type { QueryField } from './query/query.ts'

type Extra = Partial<Pick<QueryField, 'aliases' | 'many' | 'freeText' | 'values'>>

function field(
  path: string,
  type: QueryField['type'],
  help: string,
  extra: Extra = {},
): QueryField {
  return { path, type, help, column: path.replaceAll('.', '_'), ...extra }
}

const LEVELS = ['informational', 'low', 'medium', 'high', 'critical']
const ENTITY_TYPES = [
  'actor',
  'credential',
  'session',
  'agent',
  'source',
  'model',
  'resource',
  'tool',
  'system',
  'producer',
]

export const ALERT_FIELDS: readonly QueryField[] = [
  field('id', 'text', 'Id of the alert, 32 hex digits'),
  field('state', 'text', 'Where it stands', { values: ['open', 'acknowledged', 'resolved'] }),
  field('level', 'text', 'Highest level of its findings', { values: LEVELS }),
  field('score', 'number', 'Score from 0 to 100'),
  field('opened', 'time', 'When it became an alert', { aliases: ['time'] }),
  field('entity.type', 'text', 'What it is about', { values: ENTITY_TYPES }),
  field('entity.id', 'text', 'Whom it is about', { aliases: ['entity'], freeText: true }),
  field('rule', 'text', 'Rules that found something', { many: true, freeText: true }),
  field('title', 'text', 'Title of its heaviest finding', { freeText: true }),
  field('sentence', 'text', 'What was found, in words', { freeText: true }),
  field('tag', 'text', 'Tags of its rules: ATLAS, OWASP, AISVS', { many: true }),
  field('findings', 'int', 'How many findings it has'),
  field('assignee', 'text', 'Who looks after it', { freeText: true }),
  field('disposition', 'text', 'What it was', { values: ['true', 'benign', 'false'] }),
  field('cause', 'text', 'Why it came', {
    values: ['threat', 'misuse', 'batch_job', 'data_fault', 'other'],
  }),
  field('suppressed', 'bool', 'Held back from the inbox by a suppression'),
]
