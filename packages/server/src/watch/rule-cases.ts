// Cases of a rule: what it must find and what it must not, written beside it in
// `<name>.cases.yml` (docs/spec/rules.md). Each case is played through the engine that also runs
// live, with the rules of that one file and nothing else.

import { createEngine } from '@tocsin/detect/detect'
import { entityKey, type Finding } from '@tocsin/detect/finding'
import type { Rule } from '@tocsin/detect/rule'
import { TocsinError } from '@tocsin/sdk/errors'
import type { SealedEvent } from '@tocsin/sdk/event'
import { sha256 } from '@tocsin/sdk/node'
import { CASE_START_MS, caseFault, eventsOf, type Line, spanOf } from './case-events.ts'
import { type Problem, problemOf, readRulesOf, unreadable } from './rule-files.ts'
import { readYamlFile, type YamlDocument, type YamlPath } from './yaml-file.ts'

export type RuleCase = {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly mustFind: boolean
  /** `actor:svc-a`: whom the finding must be about; null when it does not matter. */
  readonly about: string | null
  readonly history: readonly SealedEvent[]
  readonly events: readonly SealedEvent[]
  /** Time goes on until then without events. */
  readonly untilMs: number
}

export type RuleCases = {
  readonly rules: readonly Rule[]
  readonly cases: readonly RuleCase[]
  readonly problems: readonly Problem[]
}

const CASES_MAX = 100

/** The rules of a file and the cases beside it; a rule without cases is a problem of its own. */
export function readCasesOf(ruleFile: string): RuleCases {
  const { rules, problems: ruleProblems } = readRulesOf(ruleFile)
  const file = casesFileOf(ruleFile)
  const problems: Problem[] = [...ruleProblems]
  const note = (line: number, what: string, fix: string) =>
    problems.push(problemOf({ file, line, what, fix }))
  const documents = readCasesFile(file, problems)
  const cases = documents.flatMap(document => readDocument(document, file, note))
  if (problems.length === 0) {
    for (const mustFind of [true, false]) {
      if (cases.some(one => one.mustFind === mustFind)) continue
      const list = mustFind ? 'match' : 'no_match'
      note(1, `no case stands under ${list}`, `add one: \`${list}: [{ name: …, events: […] }]\``)
    }
  }
  return { rules, cases, problems }
}

function readCasesFile(file: string, problems: Problem[]): readonly YamlDocument[] {
  try {
    const yaml = readYamlFile(file)
    problems.push(...yaml.problems.map(one => problemOf({ file, ...one })))
    return yaml.documents
  } catch (error) {
    problems.push(unreadable(file, error))
    return []
  }
}

export function casesFileOf(ruleFile: string): string {
  return ruleFile.replace(/\.ya?ml$/, '.cases.yml')
}

type Note = (line: number, what: string, fix: string) => void

function readDocument({ value, lineOf }: YamlDocument, file: string, note: Note): RuleCase[] {
  if (!isLine(value)) {
    note(1, 'cases are a map', 'write `match:` and `no_match:`, each with a list')
    return []
  }
  return Object.entries(value).flatMap(([key, list]) => {
    if (key !== 'match' && key !== 'no_match') {
      note(lineOf([key]), `${JSON.stringify(key)} is no key here`, 'write match or no_match')
      return []
    }
    if (!Array.isArray(list) || list.length === 0 || list.length > CASES_MAX) {
      note(lineOf([key]), `${key} is a list of 1 to ${CASES_MAX} cases`, 'write `- name: …`')
      return []
    }
    return list.flatMap((one: unknown, i) => {
      const path = [key, i]
      try {
        return [readCase(one, { file, path, lineOf })]
      } catch (error) {
        if (!(error instanceof TocsinError)) throw error
        const at = error.field === undefined ? path : [...path, error.field]
        note(lineOf(at), error.message, 'docs/spec/rules.md has the words of cases')
        return []
      }
    })
  })
}

type Place = {
  readonly file: string
  readonly path: YamlPath
  readonly lineOf: YamlDocument['lineOf']
}

const CASE_KEYS = ['name', 'about', 'history', 'events', 'wait']

function readCase(value: unknown, { file, path, lineOf }: Place): RuleCase {
  if (!isLine(value)) throw caseFault('a case is a map with name and events')
  for (const key of Object.keys(value)) {
    if (!CASE_KEYS.includes(key))
      throw caseFault(`${JSON.stringify(key)} is none of ${CASE_KEYS.join(', ')}`, key)
  }
  const { name, about = null, wait } = value
  if (typeof name !== 'string') throw caseFault('a case needs a name in words')
  if (about !== null && typeof about !== 'string')
    throw caseFault('about is an entity, like actor:svc-a', 'about')
  const history = play(value.history ?? [], 'history', CASE_START_MS, 1)
  const lastMs = history.at(-1)?.time ?? CASE_START_MS - 60_000
  const events = play(value.events ?? [], 'events', lastMs + 60_000, history.length + 1)
  const waitMs = wait === undefined ? 0 : spanOf(wait, 'wait')
  if (events.length === 0 && waitMs === 0)
    throw caseFault('the case has no events; add some, or wait for something to be missing')
  if (history.length > 0 && (events[0]?.time ?? lastMs) < lastMs)
    throw caseFault('events begin before the history ends', 'events')
  const untilMs = (events.at(-1)?.time ?? lastMs) + waitMs
  const mustFind = path[0] === 'match'
  return { name, file, line: lineOf(path), mustFind, about, history, events, untilMs }
}

function play(value: unknown, key: string, startMs: number, first: number) {
  const lines: readonly unknown[] = Array.isArray(value) ? value : [value]
  const checked = lines.map(line => {
    if (isLine(line)) return line
    throw caseFault('a line of events is a map of fields', key)
  })
  try {
    return eventsOf(checked, startMs, first)
  } catch (error) {
    throw error instanceof TocsinError ? caseFault(error.message, key) : error
  }
}

function isLine(value: unknown): value is Line {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export type CaseResult = {
  readonly isRight: boolean
  /** One sentence of what was expected and what was found. */
  readonly says: string
  readonly findings: readonly Finding[]
}

const TICK_MS = 5 * 60_000

export function runCase(one: RuleCase, rules: readonly Rule[]): CaseResult {
  const engine = createEngine({ rules, sha256 })
  let state = engine.begin()
  const early: Finding[] = []
  const findings: Finding[] = []
  for (const event of one.history) early.push(...engine.step(state, event).findings)
  for (const event of one.events) findings.push(...engine.step(state, event).findings)
  const fromMs = one.events.at(-1)?.time ?? one.history.at(-1)?.time ?? 0
  for (let nowMs = fromMs + TICK_MS; nowMs <= one.untilMs; nowMs += TICK_MS) {
    const ticked = engine.tick(state, nowMs)
    state = ticked.state
    findings.push(...ticked.findings)
  }
  return { findings, ...judge(one, early, findings) }
}

function judge(one: RuleCase, early: readonly Finding[], findings: readonly Finding[]) {
  const [first] = early
  if (first) return { isRight: false, says: `its history is found itself: ${first.sentence}` }
  const [found] = findings
  if (!one.mustFind) {
    return { isRight: !found, says: found ? `found: ${found.sentence}` : 'nothing was found' }
  }
  if (!found) return { isRight: false, says: 'nothing was found' }
  const right = findings.find(({ entity }) => one.about === null || entityKey(entity) === one.about)
  const says = right?.sentence ?? `found ${entityKey(found.entity)}, not ${one.about}`
  return { isRight: right !== undefined, says }
}
