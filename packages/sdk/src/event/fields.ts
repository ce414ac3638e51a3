// The field catalogue: every field an event can have, once. Parsing, the query language, the
// index's columns, `tocsin capture test` and docs/spec/event.md are all driven by this table, so a
// field that is added here is parsed, indexed, searchable and documented, and nowhere else needs to
// know it.

export type FieldType = 'text' | 'int' | 'number' | 'bool' | 'time' | 'ip' | 'json'

/** The reading order of an event, and the heading under which docs/spec/event.md shows a field. */
export type FieldGroup =
  | 'envelope'
  | 'who'
  | 'what'
  | 'when'
  | 'where'
  | 'how'
  | 'outcome'
  | 'volume'
  | 'content'
  | 'ext'

export type Field = {
  /** Dotted path in the event and the name in queries, rules, SQL and error messages. */
  readonly path: string
  readonly aliases?: readonly string[]
  readonly type: FieldType
  readonly group: FieldGroup
  /** List valued: in queries any element matches. */
  readonly many?: boolean
  /**
   * Column of the index. An ip also has `<column>_key`: 32 hex digits of its IPv6 or mapped form.
   */
  readonly column: string
  /** Searched by bare words. */
  readonly freeText?: boolean
  /** Set by the server alone; a producer that sends it is refused by name. */
  readonly server?: boolean
  /** A producer must send it. */
  readonly required?: boolean
  /** Personal data: lives only in the sealed part. */
  readonly personal?: boolean
  /** Set once at capture and never changed by any role (docs/spec/event.md, "Immutable fields"). */
  readonly immutable?: boolean
  /** The only values allowed. */
  readonly values?: readonly string[]
  /** Longest text, in UTF-8 bytes after parsing; TEXT_BYTES_MAX where absent. */
  readonly bytesMax?: number
  readonly help: string
}

export const TEXT_BYTES_MAX = 1024
const LONG_TEXT_BYTES_MAX = 4096

export const ACTOR_TYPES = ['human', 'service', 'agent', 'unknown'] as const
export const OUTCOMES = ['success', 'failure', 'denied', 'unknown'] as const
export const VERIFIED_BY = ['jwt', 'mtls', 'key', 'gateway', 'none'] as const
export const RETENTION_CLASSES = ['r30d', 'r6m', 'r13m', 'r6y', 'r7y'] as const

type Extra = Partial<Omit<Field, 'path' | 'type' | 'group' | 'help' | 'column'>>

function field(
  group: FieldGroup,
  path: string,
  type: FieldType,
  help: string,
  extra: Extra = {},
): Field {
  const column = path.replaceAll(/[A-Z]/g, c => `_${c.toLowerCase()}`).replaceAll('.', '_')
  return { path, type, group, help, column, ...extra }
}

export const FIELDS: readonly Field[] = [
  field('envelope', 'v', 'int', 'Version of the event schema', { server: true }),
  field('envelope', 'id', 'text', 'UUID of the event; sending it again stores it once', {
    immutable: true,
  }),
  field('envelope', 'requestId', 'text', "The source's own id of the request", {
    aliases: ['request_id'],
    immutable: true,
  }),
  field('envelope', 'tenant', 'text', 'Workspace or organisation', { server: true }),
  field('envelope', 'kind', 'text', 'What happened, from the catalogue of kinds', {
    required: true,
    freeText: true,
  }),
  field('envelope', 'retention', 'text', 'Retention class', {
    server: true,
    values: RETENTION_CLASSES,
  }),

  field('who', 'actor.type', 'text', 'What the actor is', { required: true, values: ACTOR_TYPES }),
  field('who', 'actor.id', 'text', 'The principal that acted', {
    aliases: ['user_id', 'user'],
    required: true,
    personal: true,
    immutable: true,
    freeText: true,
  }),
  field('who', 'actor.verified', 'text', 'How the identity was proved', {
    server: true,
    values: VERIFIED_BY,
  }),
  field('who', 'actor.claimed', 'text', 'An identity that was stated without proof', {
    personal: true,
    freeText: true,
  }),
  field('who', 'actor.session', 'text', 'Login or API session'),
  field('who', 'actor.credential', 'text', 'Key id or hash, never the key'),
  field('who', 'actor.auth.acr', 'text', 'Authentication context class'),
  field('who', 'actor.auth.amr', 'text', 'Authentication methods', { many: true }),
  field('who', 'actor.auth.mfa', 'bool', 'A second factor was used'),
  field('who', 'actor.auth.authTime', 'time', 'When the person last authenticated'),
  field('who', 'actor.groups', 'text', 'Teams and roles at the time', { many: true }),
  field('who', 'agent.id', 'text', 'The AI agent that acted', { freeText: true }),
  field('who', 'agent.instance', 'text', 'Instance of the agent'),
  field('who', 'agent.version', 'text', 'Version of the agent'),
  field('who', 'onBehalfOf.type', 'text', 'Links of the delegation chain: what each is', {
    many: true,
    values: ACTOR_TYPES,
  }),
  field('who', 'onBehalfOf.id', 'text', 'Links of the delegation chain: who each is', {
    many: true,
    personal: true,
    freeText: true,
  }),

  field('what', 'system', 'text', 'Registered AI system', { freeText: true }),
  field('what', 'operation', 'text', "The source's verb: chat, embeddings, read", {
    required: true,
    freeText: true,
  }),
  field('what', 'model.provider', 'text', 'Provider of the model'),
  field('what', 'model.requested', 'text', 'The model that was asked for', { freeText: true }),
  field('what', 'model.served', 'text', 'The model that answered', {
    aliases: ['model'],
    freeText: true,
  }),
  field('what', 'model.version', 'text', 'Version of the model that answered', {
    aliases: ['model_version'],
    immutable: true,
  }),
  field('what', 'model.digest', 'text', 'Digest of the weights'),
  field('what', 'resource.type', 'text', 'What was reached: dataset, file, index, weights', {
    many: true,
  }),
  field('what', 'resource.id', 'text', 'Which one was reached', { many: true, freeText: true }),
  field('what', 'resource.class', 'text', 'Its data class', { many: true }),
  field('what', 'tool.name', 'text', 'Tool or function that ran', { freeText: true }),
  field('what', 'tool.callId', 'text', 'Id of the call'),
  field('what', 'tool.server', 'text', 'Server that offers the tool'),
  field('what', 'conversation', 'text', 'Thread of turns'),

  field('when', 'time', 'time', "When it happened, by the source's clock", {
    required: true,
    immutable: true,
  }),
  field('when', 'observed', 'time', "When Tocsin saw it, by Tocsin's clock", { server: true }),
  field('when', 'producer', 'text', 'Source that numbers its records'),
  field('when', 'producerSeq', 'int', "The source's own sequence number: shows loss before Tocsin"),

  field('where', 'source.ip', 'ip', 'Client address', {
    aliases: ['ip'],
    personal: true,
    freeText: true,
  }),
  field('where', 'source.asn', 'int', 'Autonomous system of the address'),
  field('where', 'source.geo.country', 'text', 'Country, ISO 3166-1 alpha-2', { personal: true }),
  field('where', 'source.geo.city', 'text', 'City', { personal: true }),
  field('where', 'source.geo.lat', 'number', 'Latitude in degrees', { personal: true }),
  field('where', 'source.geo.lon', 'number', 'Longitude in degrees', { personal: true }),
  field('where', 'source.userAgent', 'text', 'User agent as sent', {
    bytesMax: LONG_TEXT_BYTES_MAX,
    freeText: true,
  }),
  field('where', 'source.zone', 'text', 'Network zone'),
  field('where', 'source.tls', 'text', 'Print of the TLS client'),
  field('where', 'region', 'text', 'Cloud region that was called'),

  field('how', 'via', 'text', 'Receiver that took the event', { server: true }),
  field('how', 'protocol', 'text', 'http, grpc, mcp, a2a, sql, s3, file, cli'),
  field('how', 'interface', 'text', 'chat, batch, admin, console'),
  field('how', 'endpoint', 'text', 'Method and templated path, no query string', {
    bytesMax: LONG_TEXT_BYTES_MAX,
    freeText: true,
  }),
  field('how', 'params.stream', 'bool', 'The answer was streamed'),
  field('how', 'params.maxTokens', 'int', 'Most tokens asked for'),
  field('how', 'params.temperature', 'number', 'Sampling temperature'),
  field('how', 'params.topP', 'number', 'Nucleus sampling'),
  field('how', 'params.topK', 'int', 'Top-k sampling'),
  field('how', 'params.seed', 'int', 'Sampling seed'),
  field('how', 'params.n', 'int', 'Number of choices'),
  field('how', 'params.logprobs', 'bool', 'Log probabilities were asked for'),
  field('how', 'paramsPrint', 'text', 'Keyed fingerprint of the other parameters'),
  field('how', 'trace.id', 'text', 'W3C trace id'),
  field('how', 'span.id', 'text', 'W3C span id'),

  field('outcome', 'outcome', 'text', 'How it ended', { required: true, values: OUTCOMES }),
  field('outcome', 'reasonCode', 'text', 'Stable code of the reason', { freeText: true }),
  field('outcome', 'status', 'int', 'HTTP status'),
  field('outcome', 'finish', 'text', 'Finish reasons', { many: true }),
  field('outcome', 'aborted', 'bool', 'The client left before the answer ended'),
  field('outcome', 'policy.id', 'text', 'Policy that decided'),
  field('outcome', 'policy.version', 'text', 'Version of the policy'),
  field('outcome', 'policy.decision', 'text', 'What it decided', {
    values: ['allow', 'deny', 'observe', 'modify'],
  }),
  field('outcome', 'risk.score', 'int', 'Risk at decision time'),
  field('outcome', 'risk.reasons', 'text', 'Why', { many: true }),

  field('volume', 'usage.in', 'int', 'Input tokens, cached ones included'),
  field('volume', 'usage.out', 'int', 'Output tokens'),
  field('volume', 'usage.cachedRead', 'int', 'Tokens read from a cache'),
  field('volume', 'usage.cachedWrite', 'int', 'Tokens written to a cache'),
  field('volume', 'usage.reasoning', 'int', 'Reasoning tokens'),
  field('volume', 'bytes.in', 'int', 'Bytes of the request'),
  field('volume', 'bytes.out', 'int', 'Bytes of the answer'),
  field('volume', 'rows', 'int', 'Documents, chunks, files or records returned'),
  field('volume', 'durationMs', 'int', 'Duration in milliseconds'),
  field('volume', 'ttftMs', 'int', 'Time to the first byte of the answer in milliseconds'),
  field('volume', 'costMicros', 'int', "Cost in millionths of the tenant's currency"),

  field('content', 'inputHash', 'text', 'SHA-256 of the input in hex; sealed as a keyed hash', {
    aliases: ['input_hash'],
    immutable: true,
  }),
  field('content', 'outputHash', 'text', 'SHA-256 of the output in hex; sealed as a keyed hash'),
  field('content', 'content.hash', 'text', 'Keyed hash of the content', { server: true }),
  field('content', 'content.size', 'int', 'Size of the content in bytes', { server: true }),
  field('content', 'content.body', 'json', 'The content; kept only where policy allows', {
    bytesMax: 256 * 1024,
  }),
  field('content', 'content.redactions', 'json', 'What was masked: detector to count'),
  field('content', 'content.sketch', 'text', 'Keyed print for near-duplicates'),

  field('ext', 'ext', 'json', 'What has no home of its own, by dialect', { bytesMax: 16 * 1024 }),
]

/** Path or alias → field. */
export const FIELD_BY_NAME: ReadonlyMap<string, Field> = new Map(
  FIELDS.flatMap(f => [f.path, ...(f.aliases ?? [])].map(name => [name, f] as const)),
)
