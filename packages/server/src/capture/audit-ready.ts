// What an audit-ready event has: which field answers which question, and of whom. Capture reports
// per line which of these fields are missing; `tocsin capture test` shows the questions that stay
// open because of it, and what to log so that they are answered.

import type { WireEvent } from '@tocsin/sdk/event'

export type Asker = 'devops' | 'analyst' | 'auditor'

/** The seven things that an audit record must tell (NIST SP 800-53 AU-3). */
export type Aspect = 'who' | 'what' | 'when' | 'where' | 'how' | 'outcome' | 'volume'

export type AuditField = {
  readonly path: string
  readonly aspect: Aspect
  /** Only accesses to AI systems need it, not plain web requests. */
  readonly aiOnly: boolean
  readonly questions: readonly { readonly asker: Asker; readonly question: string }[]
  /** What to do so that the field is there. */
  readonly remedy: string
  readonly has: (event: WireEvent) => boolean
}

/** Actor ids made of an address or a host name name a machine, not who used it. */
export const ADDRESS_ACTOR_PREFIX = 'ip:'
export const HOST_ACTOR_PREFIX = 'host:'
export const UNKNOWN_ACTOR = 'unknown'

function namesSomebody(id: string): boolean {
  return (
    id !== UNKNOWN_ACTOR &&
    !id.startsWith(ADDRESS_ACTOR_PREFIX) &&
    !id.startsWith(HOST_ACTOR_PREFIX)
  )
}

/** In the reading order of an event. `time`, `outcome` and `operation` are always there. */
export const AUDIT_FIELDS: readonly AuditField[] = [
  {
    path: 'actor.id',
    aspect: 'who',
    aiOnly: false,
    questions: [
      { asker: 'auditor', question: 'Which person or service made each access?' },
      { asker: 'analyst', question: 'Is this how this user usually behaves?' },
    ],
    remedy: 'Log the authenticated user (nginx: $remote_user, or the user your gateway verified).',
    has: event => namesSomebody(event.actor.id),
  },
  {
    path: 'actor.credential',
    aspect: 'who',
    aiOnly: true,
    questions: [
      { asker: 'analyst', question: 'Which key has leaked, and what else was done with it?' },
      { asker: 'auditor', question: 'Which credential was the access made with?' },
    ],
    remedy: 'Log an id or hash of the API key, never the key (nginx: "api_key_hash").',
    has: event => event.actor.credential !== undefined,
  },
  {
    path: 'actor.session',
    aspect: 'who',
    aiOnly: true,
    questions: [{ asker: 'analyst', question: 'Which other accesses belong to the same session?' }],
    remedy: 'Log a session id (nginx: "session", from a header or cookie that holds no secret).',
    has: event => event.actor.session !== undefined,
  },
  {
    path: 'model.served',
    aspect: 'what',
    aiOnly: true,
    questions: [
      { asker: 'auditor', question: 'Which model gave this answer?' },
      { asker: 'devops', question: 'Which model do the errors come from?' },
    ],
    remedy: 'Let the model server answer with its model in a header (nginx: "model").',
    has: event => event.model?.served !== undefined || event.model?.requested !== undefined,
  },
  {
    path: 'model.version',
    aspect: 'what',
    aiOnly: true,
    questions: [
      { asker: 'auditor', question: 'Which version of the model decided on that day?' },
      { asker: 'devops', question: 'Since which release does it fail?' },
    ],
    remedy: 'Let the model server answer with its version in a header (nginx: "model_version").',
    has: event => event.model?.version !== undefined || event.model?.digest !== undefined,
  },
  {
    path: 'inputHash',
    aspect: 'what',
    aiOnly: true,
    questions: [
      { asker: 'auditor', question: 'Was it exactly this input that was given to the model?' },
      { asker: 'analyst', question: 'Who else sent the same input?' },
    ],
    remedy:
      'Record at the application with the Tocsin middleware, or log the SHA-256 that it sets.',
    has: event => event.inputHash !== undefined,
  },
  {
    path: 'requestId',
    aspect: 'when',
    aiOnly: false,
    questions: [
      { asker: 'devops', question: "Which line of the application's log is this request?" },
      {
        asker: 'auditor',
        question: 'Can two records of the same request be told from two requests?',
      },
    ],
    remedy: 'Log a request id and pass it on (nginx: $request_id).',
    has: event => event.requestId !== undefined,
  },
  {
    path: 'source.ip',
    aspect: 'where',
    aiOnly: false,
    questions: [
      { asker: 'analyst', question: 'Where did it come from, and what else came from there?' },
    ],
    remedy: 'Log the client address (nginx: $remote_addr, with real_ip behind a proxy).',
    has: event => event.source?.ip !== undefined,
  },
  {
    path: 'source.userAgent',
    aspect: 'where',
    aiOnly: false,
    questions: [{ asker: 'analyst', question: 'Which client or script was used?' }],
    remedy: 'Log the user agent (nginx: $http_user_agent).',
    has: event => event.source?.userAgent !== undefined,
  },
  {
    path: 'endpoint',
    aspect: 'how',
    aiOnly: false,
    questions: [
      { asker: 'devops', question: 'Which endpoint is slow or failing?' },
      { asker: 'auditor', question: 'What was asked of the system?' },
    ],
    remedy: 'Log method and path (nginx: $request_method and $request_uri).',
    has: event => event.endpoint !== undefined,
  },
  {
    path: 'status',
    aspect: 'outcome',
    aiOnly: false,
    questions: [
      { asker: 'devops', question: 'How many requests fail, and how?' },
      { asker: 'auditor', question: 'Was the access allowed, refused or did it fail?' },
    ],
    remedy: 'Log the status (nginx: $status).',
    has: event => event.status !== undefined || event.outcome !== 'unknown',
  },
  {
    path: 'durationMs',
    aspect: 'volume',
    aiOnly: false,
    questions: [{ asker: 'devops', question: 'How long do requests take?' }],
    remedy: 'Log the duration (nginx: $request_time).',
    has: event => event.durationMs !== undefined,
  },
  {
    path: 'bytes.out',
    aspect: 'volume',
    aiOnly: false,
    questions: [{ asker: 'analyst', question: 'How much was taken out?' }],
    remedy: 'Log the bytes sent (nginx: $body_bytes_sent).',
    has: event => event.bytes?.out !== undefined,
  },
  {
    path: 'bytes.in',
    aspect: 'volume',
    aiOnly: true,
    questions: [{ asker: 'analyst', question: 'How much was put in?' }],
    remedy: 'Log the bytes received (nginx: $request_length).',
    has: event => event.bytes?.in !== undefined,
  },
]

// Every line of a log tends to lack the same fields: the lists are made once for each combination.
const LISTS = new Map<number, readonly string[]>()

/** Paths of the fields that an audit-ready event of this kind has and this one has not. */
export function missingFields(event: WireEvent): readonly string[] {
  const plainWeb = event.kind === 'http.request'
  let bits = 0
  AUDIT_FIELDS.forEach((field, i) => {
    if (!(field.aiOnly && plainWeb) && !field.has(event)) bits |= 1 << i
  })
  const known = LISTS.get(bits)
  if (known) return known
  const list = Object.freeze(
    AUDIT_FIELDS.filter((_, i) => (bits & (1 << i)) !== 0).map(f => f.path),
  )
  LISTS.set(bits, list)
  return list
}
