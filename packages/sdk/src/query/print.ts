// Tree → text, so that parsing the text gives the tree again. Editors, saved views and links show a
// question this way after it was put together from filters.

import { type Clause, literalOf, type Pattern, type Query } from './syntax.ts'

const KEYWORD = /^(?:and|or|not)$/i
/** What a bare value may not hold unescaped. */
const SPECIAL = /[\s()"\\*]/

/** Text that parses to the same tree. */
export function printQuery({ root }: Pick<Query, 'root'>): string {
  return print(root, 'or')
}

type Context = 'or' | 'and' | 'one'

function print(clause: Clause, context: Context): string {
  switch (clause.kind) {
    case 'all':
      return '*'
    case 'not':
      return `not ${print(clause.item, 'one')}`
    case 'compare':
      return `${clause.field}${clause.operator}${printPattern(clause.pattern)}`
    case 'words':
      return printPattern(clause.pattern)
    default: {
      const inner = clause.kind === 'or' ? 'and' : 'one'
      const text = clause.items.map(item => print(item, inner)).join(` ${clause.kind} `)
      const isBare = context === 'or' || (context === 'and' && clause.kind === 'and')
      return isBare ? text : `(${text})`
    }
  }
}

/** A value as it must be written. */
export function printPattern(pattern: Pattern): string {
  const literal = literalOf(pattern)
  if (literal !== null) return printLiteral(literal)
  return pattern.map(part => (part === null ? '*' : escapeBare(part))).join('')
}

function printLiteral(text: string): string {
  const isBare = text !== '' && !SPECIAL.test(text) && !KEYWORD.test(text)
  // A leading sign or something that looks like a field would be read as one.
  const isPlain =
    isBare && !/^[-!<>=:&|]/.test(text) && !/^[A-Za-z_][\w.-]*(?:[:<>]|!?=)/.test(text)
  return isPlain ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

function escapeBare(text: string): string {
  return text.replaceAll(/[\s()"\\*:<>=!-]/g, '\\$&')
}
