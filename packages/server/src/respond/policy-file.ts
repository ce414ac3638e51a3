// The policy file: YAML in, a checked policy out. Everything unknown is refused with its line; a
// policy that could lock out every admin is refused as a whole. docs/spec/policy.md describes it.

import { hash } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import { LEVEL_SCORES } from '@tocsin/detect/finding'
import { BANDS, type Band } from '@tocsin/detect/risk'
import { TocsinError } from '@tocsin/sdk/errors'
import { ACTOR_TYPES } from '@tocsin/sdk/event'
import { ACTOR_CHARS_MAX, type Action, DURATION_MAX_MS } from './measure.ts'
import {
  type Condition,
  canLockOutPeople,
  locksOut,
  type Mode,
  type Policy,
  type PolicyRule,
  type StepUp,
  type WebhookTarget,
} from './policy.ts'
import { type Members, type Problem, readYaml, type YamlValue } from './yaml-reader.ts'

export type PolicyReading = {
  /** null when there is any problem. */
  readonly policy: Policy | null
  readonly problems: readonly Problem[]
  /** It is understood, and refused because it could lock out every admin. */
  readonly locksOut: boolean
}

const FILE_CHARS_MAX = 256 * 1024
const LOCK_OUTS_PER_HOUR = 10
const MODES = ['dry_run', 'enforce'] as const
/** Least score of each band (risk.ts of @tocsin/detect). */
const BAND_SCORES: { readonly [band in Band]: number } = {
  unknown: 0,
  low: 20,
  moderate: 40,
  high: 70,
  critical: 90.000_001,
}
/** `phr` and `phrh`: phishing-resistant, in OpenID Connect Extended Authentication Profile. */
const STEP_UP: StepUp = { acrValues: ['phr', 'phrh'], maxAgeSeconds: 300 }
const BULK_ROWS = 1000
const COUNT_MAX = 1_000_000_000
const RULE_ID = /^[a-z0-9][a-z0-9-]{0,63}$/
const ENV_NAME = /^[A-Z][A-Z0-9_]{0,63}$/
const ACR = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/
export const WEBHOOK_EVENTS = ['taken', 'undone', 'released', 'used_up'] as const

/** Throws `policy.invalid` or `policy.locks_out` with the first problem and how many there are. */
export function parsePolicy(text: string, file: string): Policy {
  const { policy, problems, locksOut } = readPolicy(text, file)
  if (policy) return policy
  const [first] = problems
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more: tocsin policy lint)` : ''
  const code = locksOut ? 'policy.locks_out' : 'policy.invalid'
  throw new TocsinError(code, {
    public: `${file}:${first?.line ?? 1}: ${first?.says ?? ''}${more}`,
  })
}

/** What `tocsin policy lint` shows: every problem at once, in the order of lines. */
export function readPolicy(text: string, file: string): PolicyReading {
  if (text.length > FILE_CHARS_MAX) {
    const says = `the file is longer than ${FILE_CHARS_MAX} characters; write fewer rules`
    return { policy: null, problems: [{ line: 1, says }], locksOut: false }
  }
  const { root, problems } = readYaml(text)
  if (!root) return { policy: null, problems, locksOut: false }
  const policy = readRoot(root, file, hash('sha256', text).slice(0, 12))
  // What would be said of a policy that is not understood would be wrong.
  const locksOut = problems.length === 0 ? lockOutOf(policy, root.line) : null
  if (locksOut) problems.push(locksOut)
  problems.sort((a, b) => a.line - b.line)
  const isFine = problems.length === 0
  return { policy: isFine ? policy : null, problems, locksOut: locksOut !== null }
}

const ROOT_MEMBERS = [
  'version',
  'mode',
  'lockOutsPerHour',
  'admins',
  'groups',
  'stepUp',
  'bulkRows',
  'rules',
  'webhooks',
]

function readRoot(root: YamlValue, file: string, version: string): Policy {
  const members = root.members(ROOT_MEMBERS)
  const stated = members.get('version')
  if (stated) stated.whole(1, 1)
  else root.fail('`version: 1` is missing; write it as the first line')
  const groups = readGroups(members.get('groups'))
  const mode = members.get('mode')?.choice(...MODES) ?? 'dry_run'
  const rules = (members.get('rules')?.items() ?? []).map(item => readRule(item, { groups, mode }))
  failDoubles(rules, members.get('rules'))
  return {
    file,
    version,
    lockOutsPerHour: members.get('lockOutsPerHour')?.whole(0, 1000) ?? LOCK_OUTS_PER_HOUR,
    admins: readAdmins(members.get('admins')),
    stepUp: readStepUp(members.get('stepUp'), STEP_UP),
    bulkRows: members.get('bulkRows')?.whole(1, COUNT_MAX) ?? BULK_ROWS,
    rules,
    webhooks: (members.get('webhooks')?.items() ?? []).map(readWebhook),
  }
}

/** One of them must stay outside, so each must be one account and not a pattern. */
function readAdmins(value: YamlValue | undefined): readonly string[] {
  const admins = readTexts(value)
  if (admins.some(name => name.includes('*'))) {
    value?.fail('admins are single accounts; write each id out, without *')
  }
  return admins
}

type Groups = ReadonlyMap<string, readonly string[]>

function readGroups(value: YamlValue | undefined): Groups {
  const groups = new Map<string, readonly string[]>()
  for (const item of value?.items() ?? []) {
    const members = item.members(['name', 'actors'])
    const name = required(item, members, 'name')?.text(64) ?? ''
    groups.set(name, readTexts(required(item, members, 'actors')))
  }
  return groups
}

type RuleContext = { readonly groups: Groups; readonly mode: Mode }

const RULE_MEMBERS = ['id', 'when', 'except', 'then', 'for', 'mode']

function readRule(item: YamlValue, { groups, mode }: RuleContext): PolicyRule {
  const members = item.members(RULE_MEMBERS)
  const id = required(item, members, 'id')
  const name = id?.text(64) ?? ''
  if (id && name !== '' && !RULE_ID.test(name)) {
    id.fail('id must be lower-case letters, digits and dashes, at most 64')
  }
  const when = readCondition(required(item, members, 'when'), groups)
  const then = readAction(required(item, members, 'then'))
  const lasts = required(item, members, 'for')
  return {
    id: name,
    line: item.line,
    when,
    except: readActors(members.get('except'), groups),
    ...then,
    durationMs: lasts ? readDuration(lasts) : 0,
    mode: members.get('mode')?.choice(...MODES) ?? mode,
  }
}

const WHEN_MEMBERS = ['risk', 'band', 'level', 'rules', 'tags', 'actorTypes', 'actors', 'groups']

function readCondition(value: YamlValue | undefined, groups: Groups): Condition {
  const members = value?.members(WHEN_MEMBERS) ?? new Map<string, YamlValue>()
  if (
    value?.isMap &&
    ['risk', 'band', 'level', 'rules', 'tags'].every(name => !members.has(name))
  ) {
    value.fail(
      'when names no risk, band, level, rules or tags; write `level: informational` for every finding',
    )
  }
  if (members.has('risk') && members.has('band')) {
    members.get('band')?.fail('risk and band say the same; keep one')
  }
  const band = members.get('band')?.choice(...BANDS)
  const level = members.get('level')?.choice(...LEVELS)
  return {
    risk: band === undefined ? (members.get('risk')?.whole(0, 100) ?? 0) : BAND_SCORES[band],
    levelScore: level === undefined ? 0 : LEVEL_SCORES[level],
    rules: readTexts(members.get('rules')),
    tags: readTexts(members.get('tags')),
    actorTypes: (members.get('actorTypes')?.items() ?? []).map(type => type.choice(...ACTOR_TYPES)),
    actors: readActors(value, groups, members),
  }
}

const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const

/** `actors` and the groups that are named, as one list of patterns. */
function readActors(
  value: YamlValue | undefined,
  groups: Groups,
  read?: Members,
): readonly string[] {
  const members = read ?? value?.members(['actors', 'groups'])
  const named = members?.get('groups')
  const ofGroups = (named?.items() ?? []).flatMap(item => {
    const name = item.text(64)
    const actors = groups.get(name)
    if (!actors) item.fail(`there is no group ${JSON.stringify(name)}; declare it under groups`)
    return actors ?? []
  })
  const actors = [...readTexts(members?.get('actors')), ...ofGroups]
  if (actors.length === 0 && (named || members?.has('actors'))) {
    value?.fail('the list of actors is empty; name somebody or leave it out')
  }
  return actors
}

type Then = Pick<PolicyRule, 'action' | 'scope'>

const ACTIONS = ['throttle', 'step_up', 'approval', 'end_session', 'deny']

function readAction(value: YamlValue | undefined): Then {
  const nothing: Then = { action: { kind: 'deny' }, scope: 'actor' }
  if (!value) return nothing
  if (value.isText) {
    const kind = value.choice('end_session', 'deny', 'step_up', 'approval')
    if (kind === 'end_session' || kind === 'deny') return { action: { kind }, scope: 'actor' }
    value.fail(`${kind} needs its own members; write \`then: { ${kind}: { … } }\``)
    return nothing
  }
  const members = value.members(ACTIONS)
  const [[kind, inner] = []] = members
  if (members.size !== 1 || !inner) {
    if (value.isMap) value.fail(`then names exactly one of ${ACTIONS.join(', ')}`)
    return nothing
  }
  if (kind === 'throttle') return readThrottle(inner)
  if (kind === 'step_up') return { action: readStepUpAction(inner), scope: 'actor' }
  if (kind === 'approval') {
    const bulk = required(inner, inner.members(['bulkRows']), 'bulkRows')
    const bulkRows = bulk?.whole(1, COUNT_MAX) ?? BULK_ROWS
    return { action: { kind: 'approval_required', bulkRows }, scope: 'actor' }
  }
  inner.members([])
  return { action: { kind: kind === 'end_session' ? 'end_session' : 'deny' }, scope: 'actor' }
}

function readThrottle(value: YamlValue): Then {
  const members = value.members(['requestsPerMinute', 'rowsPerMinute', 'scope'])
  const requestsPerMinute = members.get('requestsPerMinute')?.whole(1, COUNT_MAX) ?? null
  const rowsPerMinute = members.get('rowsPerMinute')?.whole(1, COUNT_MAX) ?? null
  if (value.isMap && requestsPerMinute === null && rowsPerMinute === null) {
    value.fail('throttle needs requestsPerMinute, rowsPerMinute or both')
  }
  const scope = members.get('scope')?.choice('session', 'actor') ?? 'session'
  return { action: { kind: 'throttle', requestsPerMinute, rowsPerMinute }, scope }
}

function readStepUpAction(value: YamlValue): Action {
  const { acrValues, maxAgeSeconds } = readStepUp(value, null)
  return { kind: 'step_up', acrValues: [...acrValues], maxAgeSeconds }
}

function readStepUp(value: YamlValue | undefined, otherwise: StepUp | null): StepUp {
  if (!value) return otherwise ?? STEP_UP
  const members = value.members(['acrValues', 'maxAgeSeconds'])
  const acr = required(value, members, 'acrValues')
  const acrValues = readTexts(acr)
  if (
    acr &&
    (acrValues.length === 0 || acrValues.length > 8 || !acrValues.every(one => ACR.test(one)))
  ) {
    acr.fail(
      'acrValues are 1 to 8 names without spaces and quotes, as the identity provider knows them',
    )
  }
  return {
    acrValues,
    maxAgeSeconds: members.get('maxAgeSeconds')?.whole(0, 86_400) ?? STEP_UP.maxAgeSeconds,
  }
}

const UNIT_MS: { readonly [unit: string]: number } = { s: 1000, m: 60_000, h: 3_600_000 }

function readDuration(value: YamlValue): number {
  const [, digits, unit = ''] = /^(\d{1,5})([smh])$/.exec(value.text(8)) ?? []
  const durationMs = Number(digits) * (UNIT_MS[unit] ?? Number.NaN)
  if (durationMs >= 1000 && durationMs <= DURATION_MAX_MS) return durationMs
  value.fail('for must be 1s to 24h, like 30m or 4h: every measure ends by itself')
  return 1000
}

function readWebhook(item: YamlValue): WebhookTarget {
  const members = item.members(['url', 'secretEnv', 'events', 'allowPrivate'])
  const allowed = members.get('allowPrivate')
  const mayBePrivate = allowed?.choice('yes', 'no') === 'yes'
  const url = required(item, members, 'url')
  const address = url?.text(2048) ?? ''
  const fault = urlFault(address, mayBePrivate)
  if (url && address !== '' && fault) url.fail(fault)
  const secret = required(item, members, 'secretEnv')
  const secretEnv = secret?.text(64) ?? ''
  if (secret && !ENV_NAME.test(secretEnv)) {
    secret.fail('secretEnv is the name of an environment variable, like TOCSIN_WEBHOOK_SECRET')
  }
  const events = members
    .get('events')
    ?.items()
    .map(event => event.choice(...WEBHOOK_EVENTS))
  return { url: address, secretEnv, events: events ?? [...WEBHOOK_EVENTS] }
}

/** Guards against mistakes, not against whoever writes this file. */
function urlFault(text: string, mayBePrivate: boolean): string | null {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) return 'url must be an https address'
  if (url.username !== '' || url.password !== '')
    return 'url must not hold a password; the signature proves who sent it'
  if (mayBePrivate) return null
  if (url.protocol === 'http:')
    return 'url is not https; say `allowPrivate: yes` for a receiver in your own network'
  return isPrivateHost(url.hostname)
    ? 'url is an address of this machine or network; say `allowPrivate: yes` if that is meant'
    : null
}

/** Addresses of RFC 6890 that are no place on the internet. */
const PRIVATE = buildPrivate()

function buildPrivate(): BlockList {
  const list = new BlockList()
  for (const [network, bits] of [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
  ] as const) {
    list.addSubnet(network, bits, 'ipv4')
  }
  for (const [network, bits] of [
    ['::', 127],
    ['fc00::', 7],
    ['fe80::', 10],
  ] as const) {
    list.addSubnet(network, bits, 'ipv6')
  }
  return list
}

function isPrivateHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  const version = isIP(address)
  if (version === 0) return /^(?:localhost|.*\.(?:localhost|local|internal))\.?$/.test(host)
  return PRIVATE.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

function readTexts(value: YamlValue | undefined): readonly string[] {
  return (value?.items() ?? []).map(item => item.text(ACTOR_CHARS_MAX))
}

function required(of: YamlValue, members: Members, name: string): YamlValue | undefined {
  const value = members.get(name)
  if (!value && of.isMap) of.fail(`${name} is missing`)
  return value
}

function failDoubles(rules: readonly PolicyRule[], list: YamlValue | undefined): void {
  const items = list?.isMap === false ? rules : []
  const seen = new Set<string>()
  for (const { id } of items) {
    if (seen.has(id)) list?.fail(`two rules have the id ${JSON.stringify(id)}; each needs its own`)
    seen.add(id)
  }
}

/**
 * Where an enforced rule can deny, end or challenge people, at least one named admin must be out of
 * reach of all such rules together: somebody can then always mend what a rule did.
 */
function lockOutOf({ rules, admins }: Policy, line: number): Problem | null {
  const locking = rules.filter(canLockOutPeople)
  const [first] = locking
  if (!first || admins.some(admin => !locking.some(rule => locksOut(rule, admin)))) return null
  const at = locking.find(rule => admins.some(admin => locksOut(rule, admin))) ?? first
  const what = `rule ${at.id} could lock out every admin`
  const says =
    admins.length === 0
      ? `${what}, because none is named; name admins and except one of them, or write actorTypes: [service]`
      : `${what}; add one of ${admins.join(', ')} to the except of every enforced rule that reaches people`
  return { line: at.line || line, says }
}
