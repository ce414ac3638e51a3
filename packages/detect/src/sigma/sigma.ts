// Rules from data: checks what a rule's file says, compiles what it tests, and links rules that
// count others. Whoever reads the file (YAML is no matter of this package) hands in plain data and
// says on which line each part stands; every mistake comes back with file, line and what to do.

import { TocsinError } from '@tocsin/sdk/errors'
import { LEVEL_SCORES, type Level } from '../finding.ts'
import type { CorrelationRule, MatchRule, Rule } from '../rule.ts'
import { type Condition, readCondition } from './condition.ts'
import { type Correlation, readCorrelation } from './correlation.ts'
import { type EventTest, NEVER } from './event-test.ts'
import type { RuleProblem } from './reading.ts'
import { type Members, meant, own, quoted, RuleReader, type RuleSource } from './reading.ts'
import { readField } from './rule-field.ts'
import { readSelection } from './selection.ts'
import { readTags } from './tags.ts'

export type { Path, RuleProblem, RuleSource } from './reading.ts'
export { describeTag } from './tags.ts'

/** A rule that is right by itself; whether the rules it counts exist shows in `linkRules`. */
export type ReadRule = {
  readonly rule: Rule
  /** It lets the rules that it counts find by themselves, too. */
  readonly generate: boolean
  readonly lineOf: RuleSource['lineOf']
}

export type Reading = { readonly rule: ReadRule | null; readonly problems: readonly RuleProblem[] }

export type Linked = { readonly rules: readonly Rule[]; readonly problems: readonly RuleProblem[] }

const TITLE_CHARS_MAX = 256
const DESCRIPTION_CHARS_MAX = 65_535
const SELECTIONS_MAX = 100
const STATUSES = ['stable', 'test', 'experimental', 'deprecated', 'unsupported']
/** Keys that inform people and are checked only for being known. */
const INFORMING = ['author', 'license', 'date', 'modified', 'references', 'related', 'scope']
const HEAD = [
  'title',
  'id',
  'name',
  'status',
  'description',
  'level',
  'tags',
  'falsepositives',
  'taxonomy',
  ...INFORMING,
]
const MATCH_KEYS = [...HEAD, 'logsource', 'detection', 'fields']
const CORRELATION_KEYS = [...HEAD, 'correlation', 'generate']
/** What a rule without a level says of itself. */
const DEFAULT_LEVEL = 'medium'

/** All that is wrong with a rule at once; `rule` is null when anything is. */
export function readRule(source: RuleSource): Reading {
  const reader = new RuleReader(source)
  const map = reader.map(source.value, [], 'a rule')
  const rule = map && readKind(reader, map)
  const problems = reader.problems.toSorted((a, b) => a.line - b.line)
  if (!rule || problems.length > 0) return { rule: null, problems }
  return { rule: { ...rule, lineOf: source.lineOf }, problems }
}

/** Throws `rule.invalid` with the first mistake. Names of rules that it counts are not linked. */
export function parseRule(source: RuleSource): Rule {
  const { rule, problems } = readRule(source)
  if (rule) return rule.rule
  const [first] = problems
  throw new TocsinError('rule.invalid', {
    public: first ? printProblem(first) : `${source.file}: this is no rule`,
  })
}

/** `rules/x.yml:7: "acto.id" is no field of an event; did you mean actor.id?` */
export function printProblem({ file, line, what, fix }: RuleProblem): string {
  return `${file}:${line}: ${what}; ${fix}`
}

type Parts = Omit<ReadRule, 'lineOf'>

function readKind(reader: RuleReader, map: Members): Parts | null {
  const isCorrelation = own(map, 'correlation') !== undefined
  if (isCorrelation && own(map, 'detection') !== undefined) {
    const fix = 'put them into two documents, with --- between them'
    return reader.refuse(['correlation'], 'detection and correlation stand in one rule', fix)
  }
  reader.checkKeys(map, [], isCorrelation ? CORRELATION_KEYS : MATCH_KEYS)
  const head = readHead(reader, map)
  if (isCorrelation) {
    const correlation = readCorrelation(reader, own(map, 'correlation'))
    const generate = reader.flag(map, [], 'generate') ?? correlation?.generate ?? false
    return head && correlation && { rule: correlationRule(head, correlation), generate }
  }
  checkLogSource(reader, map)
  const texts = reader.texts(map, [], 'fields')
  for (const [i, name] of texts.entries()) readField(reader, name, ['fields', i])
  const test = readDetection(reader, map)
  if (!head || !test) return null
  const kinds = test.kinds && [...test.kinds].sort()
  const rule: MatchRule = { ...head, kind: 'match', kinds, matches: test.matches }
  return { rule, generate: false }
}

function correlationRule(head: Head, correlation: Correlation): CorrelationRule {
  const { generate: _, ...rest } = correlation
  return { ...head, kind: 'correlation', ...rest }
}

type Head = Pick<
  MatchRule,
  | 'id'
  | 'name'
  | 'title'
  | 'description'
  | 'level'
  | 'tags'
  | 'falsePositives'
  | 'file'
  | 'findsByItself'
>

function readHead(reader: RuleReader, map: Members): Head | null {
  const title = reader.required(map, [], 'title', 'What the rule finds')
  if (title !== null && title.length > TITLE_CHARS_MAX)
    reader.refuse(['title'], `title is longer than ${TITLE_CHARS_MAX} characters`, 'shorten it')
  const name = reader.text(map, [], 'name') ?? stemOf(reader.file)
  const status = reader.text(map, [], 'status')
  if (status !== null && !STATUSES.includes(status)) {
    const fix = meant(status, STATUSES, `it is one of ${STATUSES.join(', ')}`)
    reader.refuse(['status'], `${quoted(status)} is no status`, fix)
  }
  const taxonomy = reader.text(map, [], 'taxonomy')
  if (taxonomy !== null && taxonomy !== 'tocsin') {
    const fix = 'use the names of docs/spec/event.md, and leave taxonomy out'
    reader.refuse(['taxonomy'], `the taxonomy ${quoted(taxonomy)} is not known`, fix)
  }
  return {
    id: reader.text(map, [], 'id') ?? name,
    name,
    title: title ?? '',
    description: reader.text(map, [], 'description', DESCRIPTION_CHARS_MAX)?.trim() ?? '',
    level: readLevel(reader, map),
    tags: readTags(reader, map),
    falsePositives: reader.texts(map, [], 'falsepositives'),
    file: reader.file,
    findsByItself: true,
  }
}

function stemOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.ya?ml$/, '')
}

function readLevel(reader: RuleReader, map: Members): Level {
  const name = reader.text(map, [], 'level')
  if (name === null) return DEFAULT_LEVEL
  for (const level of ['informational', 'low', 'medium', 'high', 'critical'] as const) {
    if (level === name) return level
  }
  const names = Object.keys(LEVEL_SCORES)
  const fix = meant(name, names, `it is one of ${names.join(', ')}`)
  reader.refuse(['level'], `${quoted(name)} is no level`, fix)
  return DEFAULT_LEVEL
}

/** A source other than Tocsin's events has other fields, and would be understood wrongly. */
function checkLogSource(reader: RuleReader, map: Members): void {
  const value = own(map, 'logsource')
  const path = ['logsource']
  const example = 'write `logsource: { product: tocsin }`'
  if (value === undefined) {
    reader.refuse([], 'logsource is missing', example)
    return
  }
  const source = reader.map(value, path, 'logsource')
  if (!source) return
  const product = reader.text(source, path, 'product')
  for (const key of ['category', 'service']) {
    if (own(source, key) !== undefined)
      reader.refuse([...path, key], `${key} of other products comes later`, 'test `kind` instead')
  }
  reader.checkKeys(source, path, ['product', 'definition', 'category', 'service'])
  if (product !== 'tocsin' && reader.problems.length === 0)
    reader.refuse(path, 'logsource names no product that is known', example)
}

function readDetection(reader: RuleReader, map: Members): EventTest | null {
  const path = ['detection']
  const value = own(map, 'detection')
  if (value === undefined) {
    const fix = 'add `detection:` with a selection and a condition'
    return reader.refuse([], 'detection is missing', fix)
  }
  const detection = reader.map(value, path, 'detection')
  if (!detection) return null
  const names = Object.keys(detection).filter(name => name !== 'condition')
  if (names.length === 0 || names.length > SELECTIONS_MAX)
    return reader.refuse(path, `1 to ${SELECTIONS_MAX} selections are needed`, 'add selections')
  const condition = own(detection, 'condition')
  if (condition === undefined)
    return reader.refuse(path, 'condition is missing', 'add `condition: selection`')
  const selections = new Map(
    names.map(name => [name, readSelection(reader, own(detection, name), [...path, name])]),
  )
  const read = readCondition(reader, condition, [...path, 'condition'], selections)
  checkUse(reader, names, read)
  return reader.problems.length === 0 ? read.test : NEVER
}

/** A selection that no condition names is a slip: somebody meant it to count. */
function checkUse(reader: RuleReader, names: readonly string[], { used }: Condition): void {
  if (reader.problems.length > 0) return
  for (const name of names.filter(one => !used.has(one))) {
    reader.refuse(
      ['detection', name],
      `the selection ${quoted(name)} is never used`,
      'name it in the condition or take it out',
    )
  }
}

/** Finds the rules that each correlation counts; what is wrong with one leaves the others alone. */
export function linkRules(read: readonly ReadRule[]): Linked {
  const problems: RuleProblem[] = []
  const refuse = (one: ReadRule, path: readonly (string | number)[], text: Words) =>
    problems.push({ file: one.rule.file, line: one.lineOf(path), ...text })
  const byName = new Map<string, ReadRule>()
  const unique = read.filter(one => {
    const { id, name } = one.rule
    const taken = [id, name].find(key => byName.has(key))
    for (const key of [id, name]) if (!byName.has(key)) byName.set(key, one)
    if (taken === undefined) return true
    const other = byName.get(taken)?.rule.file ?? ''
    const what = `${quoted(taken)} is taken by a rule in ${other}`
    refuse(one, [taken === id ? 'id' : 'name'], { what, fix: 'give this one another id and name' })
    return false
  })
  const counted = new Set<string>()
  const shown = new Set<string>()
  const linked = unique.flatMap(one => {
    const { ids, isWhole } = linkOne(one, byName, (path, text) => refuse(one, path, text))
    // Also of a correlation that is refused: what it counts would be a flood by itself.
    for (const id of ids) (one.generate ? shown : counted).add(id)
    if (!isWhole) return []
    return [one.rule.kind === 'correlation' ? { ...one.rule, rules: ids } : one.rule]
  })
  const rules = linked.map(rule => {
    const findsByItself = !counted.has(rule.id) || shown.has(rule.id)
    return { ...rule, findsByItself }
  })
  return { rules, problems }
}

type Words = { readonly what: string; readonly fix: string }
type Refuse = (path: readonly (string | number)[], text: Words) => void

/** Ids of the rules that it counts, and whether all of them can be counted. */
function linkOne(
  { rule }: ReadRule,
  byName: ReadonlyMap<string, ReadRule>,
  refuse: Refuse,
): { readonly ids: readonly string[]; readonly isWhole: boolean } {
  const names = rule.kind === 'correlation' ? rule.rules : []
  const ids = names.flatMap((name, i) => {
    const base = byName.get(name)?.rule
    if (base?.kind === 'match') return [base.id]
    const nearest = meant(name, byName.keys(), 'check its name, and whether it was refused itself')
    const text = base
      ? { what: `${name} is a correlation itself; that comes later`, fix: 'count its rules' }
      : { what: `there is no rule ${quoted(name)}`, fix: nearest }
    refuse(['correlation', 'rules', i], text)
    return []
  })
  return { ids: [...new Set(ids)], isWhole: ids.length === names.length }
}
