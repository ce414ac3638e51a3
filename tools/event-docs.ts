// Makes docs/spec/event.md: prose that stands here, tables from the catalogue of fields and kinds.

import { FIELDS, type Field, type FieldGroup, KINDS } from '../packages/sdk/src/event/event.ts'

const GROUPS: { readonly [group in FieldGroup]: string } = {
  envelope: 'Envelope',
  who: 'Who',
  what: 'What',
  when: 'When',
  where: 'Where',
  how: 'How',
  outcome: 'Outcome',
  volume: 'Volume',
  content: 'Content',
  ext: 'Everything else',
}

export function eventPage(): string {
  return `${INTRODUCTION}\n${fieldTables()}\n${kindTable()}\n${RETENTION}`
}

function fieldTables(): string {
  const rows = Object.entries(GROUPS).flatMap(([group, title]) => [
    `| **${title}** | | | |`,
    ...FIELDS.filter(f => f.group === group).map(fieldRow),
  ])
  return `| field | type | marks | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

function fieldRow(field: Field): string {
  const { path, type, many, aliases, values, help } = field
  const marks = [
    field.required ? '*' : '',
    field.server ? 's' : '',
    field.personal ? 'p' : '',
    field.immutable ? 'i' : '',
  ].join('')
  const also = aliases ? ` (also ${aliases.map(a => `\`${a}\``).join(', ')})` : ''
  const only = values ? `: ${values.join(', ')}` : ''
  return `| \`${path}\`${also} | ${type}${many ? '[]' : ''} | ${marks} | ${help}${only} |`
}

function kindTable(): string {
  const rows = KINDS.map(
    k => `| \`${k.kind}\` | ${k.classUid}, ${k.activity} | ${k.retention} | ${k.help} |`,
  )
  return `## Kinds

\`kind\` says what happened. Kinds under \`tocsin.\` are written by Tocsin about itself and refused from a sender;
\`host.<name>\` is open for host events. The leaf of the log holds the OCSF \`type_uid\` (class × 100 + activity).

| kind | OCSF class, activity | kept | recorded when |
|---|---|---|---|
${rows.join('\n')}
`
}

const INTRODUCTION = `# The event

Made by \`tools/event-docs.ts\` from the catalogue in \`packages/sdk/src/event/\`; do not edit.

One class for every access to an AI system: model calls, tools, retrieval, feature stores,
datasets, weights, logins, administration. Each answers who, what, when, where, how, and how it
ended; successes too.

## Two shapes

A **wire event** is what a sender may send: a JSON object, nested by the dotted paths below
(\`{"actor":{"id":"alice"}}\`). A **sealed event** is what the server makes of it and what the log
keeps for ever:

- The server alone sets the fields marked s; a sender that sets one is told its name.
- An identity in the body counts only when the key that sent it has the scope \`attest\`.
  Otherwise \`actor.id\` is the key's principal (\`key:<name>\`), and what the body said becomes
  \`actor.claimed\`.
- \`inputHash\` and \`outputHash\` are sent as SHA-256 and kept as HMAC-SHA256 under the node's
  own key, so that equal inputs can be found and none can be guessed.
- \`content.body\` is kept only where the server runs with \`--keep-content\`; hash and size
  always are.
- \`requestId\` becomes the event's id where the source has none.

Rules for senders: names that are not below are refused; what has no field goes under
\`ext.<dialect>\` (16 KiB). Times are whole milliseconds since 1970, or RFC 3339 text with an
offset; counts and sizes whole numbers. A time more than ten minutes ahead of the server is
refused. Text has at most 1,024 bytes (endpoint and user agent 4,096), an event 512 KiB.

**Ids.** Any UUID. Sending an event again with the same id and content stores it once
(\`duplicate\`); the same id with other content is refused (\`conflict\`). Without an id the
server derives one from the sender and the event, or from where a line stands in its file, so that
a repeated import stores nothing twice.

## Fields

Types: text, int (0 to 2^53 − 1), number, bool, time (ms), ip, json; \`[]\` is a list. Marks: \\*
a sender must send it · s set by the server · p personal data, only in the sealed part · i
immutable: set at capture, never changed by any role; a correction is a new event.
`

const RETENTION = `## Kept how long

\`r30d\` 30 days (content bodies) · \`r6m\` 190 days · \`r13m\` 400 days · \`r6y\` six years ·
\`r7y\` seven years. The class follows the kind. Leaves and hash tiles of the log stay for the
log's life; what expires are the sealed sections.
`
