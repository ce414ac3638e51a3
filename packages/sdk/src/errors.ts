// The one table of everything that can go wrong in Tocsin. A code is a metric label, a row of
// docs/errors.md (generated from here) and the `code` of an HTTP problem. The fault decides who
// acts, which status is answered and whether sending again can help; nothing else does.

export type Fault = 'caller' | 'busy' | 'peer' | 'broken' | 'bug'

/**
 * A row says the fault, the HTTP status answered when it ends a request, and what to do about it.
 */
export const ERRORS = {
  'alert.ambiguous': {
    fault: 'caller',
    status: 409,
    help: 'Give more digits of the id; `tocsin alerts list` shows it whole.',
  },
  'alert.batch_unknown': {
    fault: 'caller',
    status: 404,
    help: 'Give the batch as the answer to the bulk action named it.',
  },
  'alert.count_changed': {
    fault: 'caller',
    status: 409,
    help: 'Look at what the question finds now, and send it again with that number.',
  },
  'alert.state': {
    fault: 'caller',
    status: 409,
    help: 'Look at the alert with `tocsin alerts show <id>`; `tocsin alerts reopen <id>` takes back what was said.',
  },
  'alert.too_many': {
    fault: 'caller',
    status: 400,
    help: 'Narrow the question, for instance by rule or time; the message says how many it finds.',
  },
  'alert.undo_over': {
    fault: 'caller',
    status: 409,
    help: 'Take back each alert by itself, with `tocsin alerts reopen <id>`.',
  },
  'alert.unknown': {
    fault: 'caller',
    status: 404,
    help: 'List the alerts with `tocsin alerts list`.',
  },
  'auth.csrf': {
    fault: 'caller',
    status: 403,
    help: 'Load the console again; a program sends an API key instead of a cookie.',
  },
  'auth.invalid': {
    fault: 'caller',
    status: 401,
    help: 'Check the key; it may be mistyped or revoked.',
  },
  'auth.link': {
    fault: 'caller',
    status: 401,
    help: 'Make a new link with `tocsin sign-in` on the machine of the server.',
  },
  'auth.missing': {
    fault: 'caller',
    status: 401,
    help: 'Send `Authorization: Bearer <key>`; make a key with `tocsin keys create`.',
  },
  'auth.plain_http': {
    fault: 'caller',
    status: 403,
    help: 'Give the server TLS (--tls-cert, --tls-key), or tunnel: ssh -L 7117:127.0.0.1:7117 <machine>.',
  },
  'auth.scope': {
    fault: 'caller',
    status: 403,
    help: 'Use a key with the scope that the message names.',
  },
  'auth.session_ended': {
    fault: 'caller',
    status: 401,
    help: 'Sign in again, with a link of `tocsin sign-in` or an API key.',
  },
  'auth.too_many': {
    fault: 'busy',
    status: 429,
    help: 'Wait a minute; a new link or a right key gets in at once.',
  },
  'bytes.malformed': {
    fault: 'caller',
    status: 400,
    help: 'Send bytes in the spelling that the message names; there is exactly one accepted.',
  },
  'capture.empty': {
    fault: 'caller',
    status: 400,
    help: 'Send at least one event.',
  },
  'capture.too_many': {
    fault: 'caller',
    status: 413,
    help: 'Cut the batch; the message says how many events go in one.',
  },
  'capture.unknown_format': {
    fault: 'caller',
    status: 400,
    help: 'Name one of the formats in the message.',
  },
  'cli.not_found': {
    fault: 'caller',
    status: 404,
    help: 'Check the path.',
  },
  'cli.unreachable': {
    fault: 'peer',
    status: 502,
    help: 'Start the server, or set TOCSIN_URL.',
  },
  'cli.usage': {
    fault: 'caller',
    status: 400,
    help: 'See `tocsin help`.',
  },
  'config.address_in_use': {
    fault: 'caller',
    status: 400,
    help: 'Stop the other program, or choose another address with TOCSIN_LISTEN.',
  },
  'config.invalid': {
    fault: 'caller',
    status: 400,
    help: 'Correct the setting that the message names.',
  },
  'config.plain_listen': {
    fault: 'caller',
    status: 400,
    help: 'Give --tls-cert and --tls-key, or say --allow-plain-http.',
  },
  'crypto.key_malformed': {
    fault: 'caller',
    status: 400,
    help: 'Give the key as the file holds it that Tocsin wrote: 32 bytes.',
  },
  'detect.bad_state': {
    fault: 'broken',
    status: 500,
    help: 'Nothing to do: the detectors read the log again, which takes a while.',
  },
  'entity.unknown': {
    fault: 'caller',
    status: 404,
    help: 'Check the spelling: `type:id`, for instance actor:svc-a; `tocsin entities list` shows the riskiest.',
  },
  'event.conflict': {
    fault: 'caller',
    status: 409,
    help: 'Give a new event a new id; an event is never changed once it is stored.',
  },
  'event.missing': {
    fault: 'caller',
    status: 400,
    help: 'Send the field; docs/spec/event.md lists what an event needs.',
  },
  'event.no_content': {
    fault: 'caller',
    status: 404,
    help: 'Keep content with --keep-content (TOCSIN_KEEP_CONTENT=1); it holds for events from then on.',
  },
  'event.not_json': {
    fault: 'caller',
    status: 400,
    help: 'Send one JSON object per line, or a JSON array of objects, in UTF-8.',
  },
  'event.not_utf8': {
    fault: 'caller',
    status: 400,
    help: 'Send UTF-8.',
  },
  'event.server_field': {
    fault: 'caller',
    status: 400,
    help: 'Leave the field out; the server sets it.',
  },
  'event.time_ahead': {
    fault: 'caller',
    status: 400,
    help: "Set the sender's clock, or send the time in milliseconds since 1970, UTC.",
  },
  'event.too_deep': {
    fault: 'caller',
    status: 400,
    help: 'Nest less, or send the value as text.',
  },
  'event.too_large': {
    fault: 'caller',
    status: 413,
    help: 'Send less: the message says which limit was passed.',
  },
  'event.unknown': {
    fault: 'caller',
    status: 404,
    help: 'Check the id; events appear a moment after they are acknowledged.',
  },
  'event.unknown_field': {
    fault: 'caller',
    status: 400,
    help: 'Put what has no field of its own under ext.<dialect>.',
  },
  'event.wrong_type': {
    fault: 'caller',
    status: 400,
    help: 'Send the type that the message names.',
  },
  'event.wrong_value': {
    fault: 'caller',
    status: 400,
    help: 'Send one of the values that the message names.',
  },
  'http.bad_request': {
    fault: 'caller',
    status: 400,
    help: 'Mend the part of the request that the message names.',
  },
  'http.media_type': {
    fault: 'caller',
    status: 415,
    help: 'Send application/json or application/x-ndjson, plain or gzip.',
  },
  'http.not_found': {
    fault: 'caller',
    status: 404,
    help: 'See /openapi.json for what there is.',
  },
  'http.too_large': {
    fault: 'caller',
    status: 413,
    help: 'Send less at once; the message says how much.',
  },
  'internal.bug': {
    fault: 'bug',
    status: 500,
    help: 'This is a defect in Tocsin; report it with the request id.',
  },
  'jobs.malformed': {
    fault: 'caller',
    status: 400,
    help: 'Write the schedule like "Sat 02:00-04:00 UTC" or "Mon-Fri 22:00-01:30 UTC"; "daily" stands for every day.',
  },
  'jobs.unknown': {
    fault: 'caller',
    status: 404,
    help: 'List declared jobs with `tocsin jobs list`.',
  },
  'keys.bad_name': {
    fault: 'caller',
    status: 400,
    help: 'Choose a short name of letters, digits, dots, dashes, underscores.',
  },
  'keys.bad_scope': {
    fault: 'caller',
    status: 400,
    help: 'Name scopes from the list in the message, separated by commas.',
  },
  'keys.unknown': {
    fault: 'caller',
    status: 404,
    help: 'List the keys with `GET /v1/keys`.',
  },
  'line.malformed': {
    fault: 'caller',
    status: 400,
    help: 'Run `tocsin capture test <format> <file>` to see how the lines are understood.',
  },
  'line.not_utf8': {
    fault: 'caller',
    status: 400,
    help: 'Write the file in UTF-8.',
  },
  'line.too_long': {
    fault: 'caller',
    status: 413,
    help: 'Write shorter lines: 1 MiB at most.',
  },
  'log.closed': {
    fault: 'busy',
    status: 503,
    help: 'The server is stopping; send again when it is back.',
  },
  'log.corrupt': {
    fault: 'broken',
    status: 500,
    help: 'Do not delete anything; run `tocsin verify` on the data directory and restore from a copy.',
  },
  'log.disk_failed': {
    fault: 'broken',
    status: 503,
    help: 'Check the disk and the kernel log, then start Tocsin again; nothing acknowledged is lost.',
  },
  'log.disk_full': {
    fault: 'busy',
    status: 503,
    help: 'Free space on the data directory; senders try again by themselves.',
  },
  'log.entry_malformed': {
    fault: 'broken',
    status: 500,
    help: 'The log was changed or written by another version; run `tocsin verify`.',
  },
  'log.entry_too_large': {
    fault: 'caller',
    status: 413,
    help: 'Name fewer people or resources in one event.',
  },
  'log.in_use': {
    fault: 'caller',
    status: 409,
    help: 'Stop the server that owns the data directory, or talk to it over HTTP.',
  },
  'log.key_missing': {
    fault: 'broken',
    status: 500,
    help: 'Restore the keys folder of the data directory from a copy.',
  },
  'log.not_writable': {
    fault: 'broken',
    status: 500,
    help: 'Give Tocsin a data directory that its user owns and may write.',
  },
  'log.pushback': {
    fault: 'busy',
    status: 503,
    help: 'Send again after the time in Retry-After.',
  },
  'log.unsealed': {
    fault: 'busy',
    status: 503,
    help: 'Ask again after the time in Retry-After; a checkpoint comes about once a second.',
  },
  'note.key_malformed': {
    fault: 'caller',
    status: 400,
    help: 'Give a verifier key as <name>+<hex id>+<base64>, exactly as the log publishes it (log.vkey).',
  },
  'note.malformed': {
    fault: 'caller',
    status: 400,
    help: 'The file is not a signed note or checkpoint of C2SP; fetch it again, unchanged.',
  },
  'policy.invalid': {
    fault: 'caller',
    status: 400,
    help: 'Mend the line that the message names; `tocsin policy lint FILE` shows every mistake at once.',
  },
  'policy.locks_out': {
    fault: 'caller',
    status: 400,
    help: 'Name admins, and except one of them from every enforced rule that can lock people out.',
  },
  'query.bad_value': {
    fault: 'caller',
    status: 400,
    help: 'Give the field a value of its type.',
  },
  'query.cancelled': {
    fault: 'caller',
    status: 400,
    help: 'Stay until the answer comes; nobody read this one.',
  },
  'query.catching_up': {
    fault: 'busy',
    status: 503,
    help: 'Ask again after the time in Retry-After; /healthz shows how far the index is.',
  },
  'query.failed': {
    fault: 'broken',
    status: 500,
    help: 'Try a shorter time range; the operator finds the cause in the log of the server.',
  },
  'query.syntax': {
    fault: 'caller',
    status: 400,
    help: 'Mend the query at the place that the message names; docs/spec/query.md has the language.',
  },
  'query.timeout': {
    fault: 'caller',
    status: 400,
    help: 'Ask for a shorter time range, or name fields instead of free text.',
  },
  'query.too_complex': {
    fault: 'caller',
    status: 400,
    help: 'Ask for less at once.',
  },
  'query.unknown_field': {
    fault: 'caller',
    status: 400,
    help: 'Use a field from docs/spec/event.md, or quote the text to search for it.',
  },
  'respond.busy': {
    fault: 'busy',
    status: 503,
    help: 'Ask again after the time in Retry-After; fewer may follow the decisions at once.',
  },
  'respond.last_admin': {
    fault: 'caller',
    status: 409,
    help: 'Undo what holds for another admin first, or choose a throttle.',
  },
  'respond.not_in_force': {
    fault: 'caller',
    status: 409,
    help: 'List what holds with `GET /v1/responses`; this one ended, was undone or needs no approval.',
  },
  'respond.own_case': {
    fault: 'caller',
    status: 403,
    help: 'Let another person decide.',
  },
  'respond.unknown': {
    fault: 'caller',
    status: 404,
    help: 'List responses with `GET /v1/responses`.',
  },
  'rule.invalid': {
    fault: 'caller',
    status: 400,
    help: 'Correct the rule at the line that the message names; docs/spec/rules.md has the language.',
  },
  'source.position_malformed': {
    fault: 'broken',
    status: 500,
    help: 'Nothing to do: the file is read again from its start, and what is stored is not stored twice.',
  },
  'suppression.over': {
    fault: 'caller',
    status: 409,
    help: 'Nothing to do: it holds nothing back. `tocsin alerts suppressions` lists those in force.',
  },
  'suppression.unknown': {
    fault: 'caller',
    status: 404,
    help: 'List them with `tocsin alerts suppressions`.',
  },
  'tlog.bundle_malformed': {
    fault: 'broken',
    status: 500,
    help: 'The entry bundle is damaged; run tocsin verify, and restore the file from a copy.',
  },
  'tlog.number_out_of_range': {
    fault: 'caller',
    status: 400,
    help: 'Give an index below the size of the tree, and a size not above that of the checkpoint.',
  },
  'tlog.path_malformed': {
    fault: 'caller',
    status: 400,
    help: 'Give a path as tlog-tiles writes it: tile/<level>/<index> or tile/entries/<index>.',
  },
  'tlog.tile_missing': {
    fault: 'broken',
    status: 500,
    help: 'A tile that the checkpoint needs is not there; run tocsin verify, and restore the file.',
  },
  'verify.key_changed': {
    fault: 'caller',
    status: 400,
    help: 'Find out why before you trust the log; the old key proves nothing about the new one.',
  },
  'verify.no_key': {
    fault: 'caller',
    status: 400,
    help: 'Give --vkey FILE, with the key from whoever runs the log; or --trust-directory to check less.',
  },
  'verify.no_log': {
    fault: 'caller',
    status: 404,
    help: 'Name a data directory, a shard directory, or the URL of a server.',
  },
  'verify.unreadable': {
    fault: 'peer',
    status: 502,
    help: 'Nothing was shown to be wrong: make the file or address readable and verify again.',
  },
  'webhook.unknown': {
    fault: 'caller',
    status: 404,
    help: 'List what could not be delivered with `GET /v1/webhooks/dead`.',
  },
} as const

export type ErrorCode = keyof typeof ERRORS

type ErrorParts = {
  /** What a user may read: what, where, what to do. No secrets, no content. */
  readonly public: string
  /** For the operator's log only. */
  readonly internal?: string
  readonly cause?: unknown
  /** Dotted path of the field at fault, where one is. */
  readonly field?: string
}

/** The only error class that crosses a module's border. `message` is safe to show to the caller. */
export class TocsinError extends Error {
  readonly code: ErrorCode
  readonly fault: Fault
  readonly status: number
  readonly internal: string | undefined
  readonly field: string | undefined

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(parts.public, parts.cause === undefined ? undefined : { cause: parts.cause })
    this.name = 'TocsinError'
    this.code = code
    this.fault = ERRORS[code].fault
    this.status = ERRORS[code].status
    this.internal = parts.internal
    this.field = parts.field
  }
}

/** True when sending the same thing again later can succeed. */
export function mayRetry(fault: Fault): boolean {
  return fault === 'busy' || fault === 'peer'
}
