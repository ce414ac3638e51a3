// A question as a tree, and back to text. The tree knows nothing of fields or types: `check.ts`
// does.

/** Half-open span of the text, in UTF-16 units. */
export type Span = { readonly start: number; readonly end: number }

/** Pieces of literal text with `null` for each `*`; never two `null` in a row. */
export type Pattern = readonly (string | null)[]

export type Operator = ':' | '>' | '>=' | '<' | '<='

export type Clause =
  | { readonly kind: 'all'; readonly span: Span }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Clause[]; readonly span: Span }
  | { readonly kind: 'not'; readonly item: Clause; readonly span: Span }
  | {
      readonly kind: 'compare'
      readonly field: string
      readonly operator: Operator
      readonly pattern: Pattern
      readonly span: Span
    }
  /** Text without a field: looked for in every field that is searched as text. */
  | { readonly kind: 'words'; readonly pattern: Pattern; readonly span: Span }

export type Query = { readonly text: string; readonly root: Clause }

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

function printPattern(pattern: Pattern): string {
  const [only] = pattern
  if (pattern.length === 1 && typeof only === 'string') return printLiteral(only)
  return pattern.map(part => (part === null ? '*' : escapeBare(part))).join('')
}

function printLiteral(text: string): string {
  const isBare = text !== '' && !SPECIAL.test(text) && !KEYWORD.test(text)
  // A leading sign or something that looks like a field would be read as one.
  const isPlain = isBare && !/^[-<>=:]/.test(text) && !/^[A-Za-z_][\w.]*[:<>]/.test(text)
  return isPlain ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

function escapeBare(text: string): string {
  return text.replaceAll(/[\s()"\\*:<>=-]/g, '\\$&')
}
