// `tocsin rules`: tries the cases of rules, lists them, and says in words what one does. Needs no
// server; a mistake in a rule is a line with file, line, what, and how to mend it, and ends 1.

import { LEVEL_SCORES } from '@tocsin/detect/finding'
import type { CorrelationRule, MatchRule, Rule } from '@tocsin/detect/rule'
import { describeTag } from '@tocsin/detect/sigma'
import { TocsinError } from '@tocsin/sdk/errors'
import { ruleDirectories } from '../config.ts'
import {
  listRuleFiles,
  type Problem,
  type RuleCase,
  type RuleSet,
  readCasesOf,
  readRuleDirectories,
  readRulesOf,
  runCase,
} from '../watch/watch.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { amount, span, textWidth, wrap } from './say-plain.ts'
import { parseWhere } from './sources.ts'
import { printTable } from './table.ts'
import { TAG_TITLES } from './tag-titles.ts'

type Flags = Json & { readonly rules?: string }

type Tried = Pick<RuleCase, 'name' | 'file' | 'line' | 'mustFind'> & {
  readonly isRight: boolean
  readonly says: string
}

/** `where` is a directory or one rule; without it, the directories that the server would run. */
export async function testRules(
  where: string | undefined,
  flags: Flags,
  io: Io,
): Promise<ExitCode> {
  const problems: Problem[] = []
  const tried: Tried[] = []
  const files = filesOf(where, flags, io, problems)
  for (const file of files) {
    const { rules, cases, problems: found } = readCasesOf(file)
    problems.push(...found)
    for (const one of found.length > 0 ? [] : cases) {
      const { isRight, says } = runCase(one, rules)
      const { name, line, mustFind } = one
      const result = { name, file: one.file, line, mustFind, isRight, says }
      tried.push(result)
      if (!isRight && !flags.json) io.say(printWrong(result))
    }
  }
  // By themselves the rules are right; together they may take one another's names.
  if (where === undefined)
    problems.push(...newOf(readRuleDirectories(directoriesOf(flags, io)), problems))
  const wrong = tried.filter(({ isRight }) => !isRight).length
  if (flags.json) io.out(`${JSON.stringify({ files: files.length, cases: tried, problems })}\n`)
  else {
    for (const { text } of problems) io.say(text)
    const right = tried.length - wrong
    io.out(`${files.length} rule files, ${right} of ${tried.length} cases right\n`)
  }
  return wrong > 0 || problems.length > 0 ? EXIT.error : EXIT.ok
}

function filesOf(
  where: string | undefined,
  flags: Flags,
  io: Io,
  problems: Problem[],
): readonly string[] {
  if (where === undefined)
    return directoriesOf(flags, io).flatMap(directory => listRuleFiles(directory, problems))
  if (/\.ya?ml$/.test(where)) {
    parseWhere(where)
    return [where.replace(/\.cases(\.ya?ml)$/, '$1')]
  }
  const files = listRuleFiles(where, problems)
  if (files.length > 0 || problems.length > 0) return files
  throw new TocsinError('cli.not_found', { public: `there is no rule (*.yml) in ${where}` })
}

function directoriesOf(flags: Flags, io: Io): readonly string[] {
  return ruleDirectories(flags.rules ?? io.env.TOCSIN_RULES)
}

function newOf({ problems }: RuleSet, known: readonly Problem[]): readonly Problem[] {
  const texts = new Set(known.map(({ text }) => text))
  return problems.filter(({ text }) => !texts.has(text))
}

function printWrong({ file, line, name, mustFind, says }: Tried): string {
  const wanted = mustFind ? 'must be found' : 'must not be found'
  return `${file}:${line}: "${name}" ${wanted}; ${says}`
}

export async function listRules(flags: Flags, io: Io): Promise<ExitCode> {
  const { rules, problems } = readRuleDirectories(directoriesOf(flags, io))
  const shown = rules.filter(({ findsByItself }) => findsByItself)
  if (flags.json) {
    io.out(`${JSON.stringify({ rules: rules.map(plainRule), problems })}\n`)
  } else {
    const rows = shown.map(rule => [rule.id, rule.level, typeOf(rule), rule.title])
    io.out(printTable(['rule', 'level', 'type', 'what it finds'], rows, io.width))
    for (const { text } of problems) io.say(text)
    io.say(`${shown.length} rules; \`tocsin rules explain <rule>\` says what one does.`)
  }
  return problems.length > 0 ? EXIT.error : EXIT.ok
}

function plainRule(rule: Rule) {
  if (rule.kind === 'correlation') return rule
  const { matches: _, ...plain } = rule
  return plain
}

function typeOf(rule: Rule): string {
  return rule.kind === 'match' ? 'single event' : rule.type
}

export async function explainRule(id: string, flags: Flags, io: Io): Promise<ExitCode> {
  const set = readRuleDirectories(directoriesOf(flags, io))
  const rule = ruleCalled(id, set, io)
  const { cases } = readCasesOf(rule.file)
  if (flags.json) {
    const { rules } = readRulesOf(rule.file)
    const names = cases.map(({ name, mustFind }) => ({ name, mustFind }))
    io.out(
      `${JSON.stringify({ rule: plainRule(rule), rules: rules.map(plainRule), cases: names })}\n`,
    )
  } else io.out(printRule(rule, { all: set.rules, cases }, textWidth(io.width)))
  return EXIT.ok
}

function ruleCalled(id: string, { rules, problems }: RuleSet, io: Io): Rule {
  const rule = rules.find(one => one.id === id) ?? rules.find(one => one.name === id)
  if (rule) return rule
  for (const { text } of problems) io.say(text)
  throw new TocsinError('cli.not_found', {
    public: `there is no rule ${JSON.stringify(id)}; \`tocsin rules list\` shows those there are`,
  })
}

type Around = { readonly all: readonly Rule[]; readonly cases: readonly RuleCase[] }

const LABEL_CHARS = 10

function printRule(rule: Rule, { all, cases }: Around, width: number): string {
  const lines: string[] = [wrap(`${rule.id} (${rule.level}): ${rule.title}`, width)]
  if (rule.description !== '') lines.push('\n', wrap(rule.description, width))
  lines.push('\n')
  const put = (label: string, texts: readonly string[]) => {
    for (const [i, text] of texts.entries()) {
      const head = (i === 0 ? label : '').padEnd(LABEL_CHARS)
      const [first = '', ...rest] = wrap(text, width - LABEL_CHARS)
        .trimEnd()
        .split('\n')
      lines.push(`${head}${first}\n`, ...rest.map(line => `${' '.repeat(LABEL_CHARS)}${line}\n`))
    }
  }
  if (rule.kind === 'match') put('matches', [...kindWords(rule), ...ownWords(rule)])
  else {
    put(
      'counts',
      rule.rules.flatMap(base => baseWords(all.find(one => one.id === base))),
    )
    put('for each', [rule.groupBy.join(' and ')])
    put('finds', thresholdWords(rule))
  }
  put('weighs', [weightWords(rule)])
  put('tags', rule.tags.map(tagWords))
  put('may be', rule.falsePositives)
  put('found', namesOf(cases, true))
  put('not found', namesOf(cases, false))
  put('file', [rule.file])
  return lines.join('')
}

function baseWords(base: Rule | undefined): readonly string[] {
  if (base?.kind !== 'match') return []
  return [`${base.title} (${base.name}): ${base.description}`, ...kindWords(base)]
}

function kindWords({ kinds }: MatchRule): readonly string[] {
  return [kinds === null ? 'events of any kind' : `events of kind ${kinds.join(', ')}`]
}

function ownWords({ findsByItself }: MatchRule): readonly string[] {
  return [findsByItself ? 'each is a finding about its actor' : 'only counted by other rules']
}

const COMPARED = {
  gt: 'more than',
  gte: 'at least',
  lt: 'less than',
  lte: 'at most',
  eq: 'exactly',
  neq: 'other than',
} as const

function thresholdWords(rule: CorrelationRule): readonly string[] {
  const { condition, field, minCount, pMax, baselineMs } = rule
  const bounds = condition
    .map(({ operator, value }) => `${COMPARED[operator]} ${amount(value)}`)
    .join(' and ')
  const counted = field === null ? 'events' : field
  return [
    typeWords(rule, bounds),
    ...(minCount > 0 ? [`only from ${amount(minCount)} ${unitOf(rule, counted)} on`] : []),
    ...(pMax < 1 ? [`only when as rare as p ≤ ${pMax} among what is normal`] : []),
    ...(baselineMs > 0 ? [`normal is the own past of ${span(baselineMs)}`] : []),
  ]
}

function unitOf({ type }: CorrelationRule, counted: string): string {
  return type === 'first_seen' ? 'new values on a day' : counted
}

function typeWords({ type, field, timespanMs }: CorrelationRule, bounds: string): string {
  const window = `any ${span(timespanMs)}`
  switch (type) {
    case 'event_count':
      return `${bounds} events in ${window}`
    case 'value_count':
      return `${bounds} different values of ${field} in ${window}`
    case 'value_sum':
      return `a sum of ${field} of ${bounds} in ${window}`
    case 'baseline_ratio':
      return `${bounds} × the ${field ?? 'events'} expected in ${window} at that hour of the week`
    case 'baseline_drift':
      return `${field ?? 'events'} that climb day by day beyond the own past`
    case 'first_seen':
      return `a value of ${field} that was never seen before`
    case 'unusual_hour':
      return 'activity at an hour of the week that was never active'
    case 'unusual_sequence':
      return 'three steps in an order that was hardly ever seen'
    case 'absence':
      return `silence of more than ${span(timespanMs)}, and longer than ever`
  }
}

/** Thresholds follow the operator's budget; these are those of a quiet day. */
function weightWords({ level }: Rule): string {
  const weight = `${LEVEL_SCORES[level]} of 100`
  if (level === 'critical' || level === 'high') return `${weight}: an alert by itself`
  if (level === 'medium') return `${weight}: an alert together with another one`
  return `${weight}: adds to others, no alert by itself`
}

function tagWords(tag: string): string {
  const title = Object.hasOwn(TAG_TITLES, tag) ? TAG_TITLES[tag] : undefined
  return title === undefined ? describeTag(tag) : `${describeTag(tag)} ${title}`
}

function namesOf(cases: readonly RuleCase[], mustFind: boolean): readonly string[] {
  return cases.filter(one => one.mustFind === mustFind).map(({ name }) => name)
}
