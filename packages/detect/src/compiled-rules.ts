// The rules in the form in which the engine asks them: which ones an event of a kind can match,
// which correlations count a match, and what each correlation groups by.

import type { SealedEvent } from '@tocsin/sdk/event'
import type { BuildDetector, Detector } from './detector.ts'
import { keysOf, type ReadField, readField } from './field-value.ts'
import { ENTITY_TYPES, type EntityType } from './finding.ts'
import type { CorrelationRule, MatchRule, Rule } from './rule.ts'

export type Correlation = {
  readonly rule: CorrelationRule
  readonly number: number
  /** Of its group where it groups by the entity alone. */
  readonly name: string
  readonly detector: Detector<unknown, unknown>
  /** Which of the `subjects` its entity is. */
  readonly subject: number
  /** What else it groups by. */
  readonly readRest: readonly ReadField[]
}

/** A rule about one event, and who counts its matches. */
export type Feeding = { readonly rule: MatchRule; readonly feeds: readonly Correlation[] }

/** A field that names entities: read once for an event, whatever asks for it. */
export type Subject = { readonly type: EntityType; readonly read: ReadField }

export type CompiledRules = {
  readonly correlations: readonly Correlation[]
  readonly subjects: readonly Subject[]
  /** Those that notice absence. */
  readonly ticking: readonly Correlation[]
  feedingFor(kind: string): readonly Feeding[]
}

/** Kinds are a small set, but a hostile sender may invent `host.…` ones. */
const KINDS_KEPT = 500

export function compileRules(rules: readonly Rule[], build: BuildDetector): CompiledRules {
  const correlations = compileCorrelations(rules, build)
  const feeding = rules
    .filter(rule => rule.kind === 'match')
    .map(rule => ({ rule, feeds: correlations.filter(c => c.rule.rules.includes(rule.id)) }))
    .filter(({ rule, feeds }) => rule.findsByItself || feeds.length > 0)
  const subjects = ENTITY_FIELDS.map(field => ({
    type: ENTITY_TYPES[field],
    read: readField(field),
  }))
  const byKind = new Map<string, readonly Feeding[]>()
  return {
    correlations,
    subjects,
    ticking: correlations.filter(({ detector }) => detector.tick !== undefined),
    feedingFor(kind) {
      const known = byKind.get(kind)
      if (known) return known
      // Tocsin's own events are looked at only by rules that name them.
      const isOwn = kind.startsWith('tocsin.')
      const fitting = feeding.filter(({ rule: { kinds } }) =>
        kinds === null ? !isOwn : kinds.includes(kind),
      )
      if (byKind.size < KINDS_KEPT) byKind.set(kind, fitting)
      return fitting
    },
  }
}

function compileCorrelations(rules: readonly Rule[], build: BuildDetector): readonly Correlation[] {
  return rules
    .filter(rule => rule.kind === 'correlation')
    .map((rule, number) => {
      const field = entityField(rule.groupBy)
      return {
        rule,
        number,
        name: String(number),
        detector: build(rule),
        subject: ENTITY_FIELDS.indexOf(field),
        readRest: rule.groupBy.filter(path => path !== field).map(readGroup),
      }
    })
}

/** Many senders say only which model answered. */
const INSTEAD: { readonly [path: string]: string } = { 'model.requested': 'model.served' }

function readGroup(path: string): ReadField {
  const read = readField(path)
  const instead = INSTEAD[path]
  if (instead === undefined) return read
  const readInstead = readField(instead)
  return event => read(event) ?? readInstead(event)
}

/** A group is about the actor where it has one, else about the first that can be an entity. */
function entityField(groupBy: readonly string[]): keyof typeof ENTITY_TYPES {
  if (groupBy.includes('actor.id')) return 'actor.id'
  return ENTITY_FIELDS.find(field => groupBy.includes(field)) ?? 'actor.id'
}

const ENTITY_FIELDS = Object.keys(ENTITY_TYPES).filter(isEntityField)
/** The subject that every event has. */
export const ACTOR: number = ENTITY_FIELDS.indexOf('actor.id')

function isEntityField(path: string): path is keyof typeof ENTITY_TYPES {
  return Object.hasOwn(ENTITY_TYPES, path)
}

/** Whose pooled residuals and shapes it shares: people, services and agents live differently. */
export function cohortOf({ actor }: SealedEvent, type: EntityType): string {
  return type === 'actor' ? actor.type : type
}

/** Combinations of the other fields; an event that lacks one of them is in no group. */
export function restsOf({ readRest }: Correlation, event: SealedEvent): readonly string[] {
  if (readRest.length === 0) return ONE_REST
  const parts = readRest.map(read => keysOf(read(event)))
  return parts.reduce<readonly string[]>(
    (heads, values) => heads.flatMap(head => values.map(v => (head ? `${head}|${v}` : v))),
    ONE_REST,
  )
}

const ONE_REST: readonly string[] = ['']

/** Name of a group among those of its entity, and back. */
export function groupName(number: number, rest: string): string {
  return rest === '' ? String(number) : `${number}|${rest}`
}

export function parseGroupName(name: string): { readonly number: number; readonly rest: string } {
  const bar = name.indexOf('|')
  return { number: Number.parseInt(name, 10), rest: bar < 0 ? '' : name.slice(bar + 1) }
}
