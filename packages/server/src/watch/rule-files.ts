// Directories of rules: every `*.yml` beside which `<name>.cases.yml` may stand. What is wrong with
// one file leaves the others running, and comes back with file, line and what to do.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Rule } from '@tocsin/detect/rule'
import { linkRules, type ReadRule, type RuleProblem, readRule } from '@tocsin/detect/sigma'
import { hasCode } from '../base/durable.ts'
import { readYamlFile } from './yaml-file.ts'

/** Sigma's public collection has 3,780; nobody needs more at once. */
const FILES_MAX = 5000
const RULE = /^[^.].*\.ya?ml$/
const CASES = /\.cases\.ya?ml$/

export type Problem = RuleProblem & {
  /** All of it in one line. */
  readonly text: string
}

export type RuleSet = {
  readonly rules: readonly Rule[]
  readonly problems: readonly Problem[]
}

/** The rules of all directories together: those of one may count those of another. */
export function readRuleDirectories(directories: readonly string[]): RuleSet {
  const problems: Problem[] = []
  const read = directories.flatMap(directory =>
    listRuleFiles(directory, problems).flatMap(file => readRuleFile(file, problems)),
  )
  const linked = linkRules(read)
  return { rules: linked.rules, problems: [...problems, ...linked.problems.map(problemOf)] }
}

/** The rules of one file, each by itself: a correlation may count only rules beside it. */
export function readRulesOf(file: string): RuleSet {
  const problems: Problem[] = []
  const linked = linkRules(readRuleFile(file, problems))
  return { rules: linked.rules, problems: [...problems, ...linked.problems.map(problemOf)] }
}

/** Paths in the order of names, so that everybody runs the same rules in the same order. */
export function listRuleFiles(directory: string, problems: Problem[]): readonly string[] {
  try {
    const names = readdirSync(directory).filter(name => RULE.test(name) && !CASES.test(name))
    if (names.length > FILES_MAX) {
      const what = `there are more than ${FILES_MAX} rules`
      problems.push(problemOf({ file: directory, line: 1, what, fix: 'take some out' }))
    }
    return names
      .sort()
      .slice(0, FILES_MAX)
      .map(name => join(directory, name))
  } catch (error) {
    problems.push(unreadable(directory, error))
    return []
  }
}

function readRuleFile(file: string, problems: Problem[]): readonly ReadRule[] {
  try {
    const yaml = readYamlFile(file)
    problems.push(...yaml.problems.map(one => problemOf({ file, ...one })))
    return yaml.documents.flatMap(document => {
      const read = readRule({ file, ...document })
      problems.push(...read.problems.map(problemOf))
      return read.rule ?? []
    })
  } catch (error) {
    problems.push(unreadable(file, error))
    return []
  }
}

export function problemOf({ file, line, what, fix }: RuleProblem): Problem {
  return { file, line, what, fix, text: `${file}:${line}: ${what}; ${fix}` }
}

/** A file that is gone or may not be read is one rule less, not the end of the others. */
export function unreadable(file: string, error: unknown): Problem {
  const reasons = ['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR', 'ELOOP', 'EPERM']
  const reason = reasons.find(code => hasCode(error, code))
  if (reason === undefined) throw error
  const isGone = reason === 'ENOENT' || reason === 'ENOTDIR'
  const isCases = CASES.test(file)
  const missing = isCases ? 'the rule has no cases' : 'there is nothing here'
  const what = isGone ? missing : `it cannot be read (${reason})`
  const write = isCases ? 'write what it must find and what not' : 'check the path'
  return problemOf({ file, line: 1, what, fix: isGone ? write : 'check its permissions' })
}
