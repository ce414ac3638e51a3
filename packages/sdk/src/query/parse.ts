// Tokens → tree, by operator precedence (Pratt 1973): `not` binds closest, then `and`, also where
// two clauses stand side by side, then `or`. Depth and number of clauses are bounded. One parser
// serves programs, where the first problem is thrown, and editors, where all are kept and the tree
// is the best that can be made of the rest.

import { encodeUtf8 } from '../bytes.ts'
import { TocsinError } from '../errors.ts'
import {
  type Clause,
  type Problem,
  QUERY_BYTES_MAX,
  QUERY_CLAUSES_MAX,
  QUERY_DEPTH_MAX,
  type Query,
  type Report,
  type Span,
} from './syntax.ts'
import { type Token, tokensOf, wrongAt } from './tokens.ts'

const POWERS = { or: 1, and: 2 } as const
const NOT_POWER = 3
/** Problems that a recovering reader keeps; more help nobody. */
export const QUERY_PROBLEMS_MAX = 20

type Joiner = keyof typeof POWERS

/** Throws `query.syntax` with the position (from 1), `query.too_complex` beyond a limit. */
export function parseQuery(text: string): Query {
  return parseWith(text, raise)
}

/** A tree to show while somebody types, and what is wrong; with problems it means nothing. */
export type Draft = { readonly query: Query; readonly problems: readonly Problem[] }

/** Never throws: where something is missing the tree has a clause of no width. */
export function parseDraft(text: string): Draft {
  const problems: Problem[] = []
  const query = parseWith(text, problem => {
    if (problems.length < QUERY_PROBLEMS_MAX) problems.push(problem)
  })
  return { query, problems: problems.toSorted((a, b) => a.span.start - b.span.start) }
}

function parseWith(text: string, report: Report): Query {
  const whole = { start: 0, end: text.length }
  const refused = refusalOf(text)
  if (refused) {
    report({ ...refused, span: whole })
    return { text, root: { kind: 'all', span: whole } }
  }
  return { text, root: new Parser(tokensOf(text, report), report).parseWhole() }
}

/** The length is looked at first: nothing else reads a text that is too long. */
function refusalOf(text: string): Omit<Problem, 'span'> | null {
  const message = tooComplex(`longer than ${QUERY_BYTES_MAX} bytes`)
  const tooLong: Omit<Problem, 'span'> = { code: 'query.too_complex', message }
  if (text.length > QUERY_BYTES_MAX) return tooLong
  if (!text.isWellFormed()) {
    const message = 'the query holds half a surrogate pair; write whole characters'
    return { code: 'query.syntax', message }
  }
  return encodeUtf8(text).length > QUERY_BYTES_MAX ? tooLong : null
}

function raise({ code, message }: Problem): never {
  throw new TocsinError(code, { public: message })
}

type Head = Extract<Token, { kind: 'head' }>

class Parser {
  readonly #tokens: readonly Token[]
  readonly #report: Report
  #at = 0
  #depth = 0
  #clauses = 0
  /** After a limit the rest is not read, and says nothing more. */
  #isStopped = false

  constructor(tokens: readonly Token[], report: Report) {
    this.#tokens = tokens
    this.#report = problem => {
      if (!this.#isStopped) report(problem)
    }
  }

  parseWhole(): Clause {
    const { span } = this.#peek()
    if (this.#peek().kind === 'end') return { kind: 'all', span: { start: 0, end: 0 } }
    const parts: Clause[] = []
    while (this.#peek().kind !== 'end') {
      if (this.#peek().kind !== 'close') parts.push(this.#parseFrom(POWERS.or, null))
      else {
        this.#fail(this.#peek().span, 'this ")" closes nothing; remove it')
        this.#at += 1
      }
    }
    const [only = hole(span)] = parts
    return parts.length > 1 ? joined('and', parts) : only
  }

  #parseFrom(power: number, head: Head | null): Clause {
    let left = this.#parsePrefix(head)
    for (;;) {
      const kind = this.#joiner()
      if (kind === null || POWERS[kind] < power) return left
      const items = [left]
      while (this.#joiner() === kind) {
        const { kind: taken, span } = this.#peek()
        if (taken === kind) {
          this.#at += 1
          if (this.#isOver()) this.#fail(span, `something is missing after "${kind}"`)
        }
        items.push(this.#isOver() ? hole(span) : this.#parseFrom(POWERS[kind] + 1, head))
      }
      left = joined(kind, items)
    }
  }

  /** What joins the next clause to the one before; null where none comes. */
  #joiner(): Joiner | null {
    const { kind } = this.#peek()
    if (this.#isOver()) return null
    return kind === 'or' ? 'or' : 'and'
  }

  #parsePrefix(head: Head | null): Clause {
    this.#count()
    this.#skipKeywords()
    const token = this.#peek()
    if (this.#isOver()) return hole(token.span)
    this.#at += 1
    if (token.kind === 'not') return this.#parseNot(token.span, head)
    if (token.kind === 'open') return this.#parseGroup(token.span, head)
    if (token.kind === 'head') return this.#parseCompared(token)
    return token.kind === 'value' ? valueClause(token, head) : hole(token.span)
  }

  /** `and` and `or` where a clause must begin. */
  #skipKeywords(): void {
    for (;;) {
      const { kind, span } = this.#peek()
      if (kind !== 'and' && kind !== 'or') return
      this.#fail(span, `"${kind}" stands between two clauses; quote it to search for the word`)
      this.#at += 1
    }
  }

  #parseNot(span: Span, head: Head | null): Clause {
    if (this.#isOver()) {
      const word = span.end - span.start === 1 ? '-' : 'not'
      this.#fail(span, `something is missing after "${word}"; quote it to search for the word`)
    }
    const item = this.#deeper(() => this.#parseFrom(NOT_POWER, head))
    return { kind: 'not', item, span: { start: span.start, end: item.span.end } }
  }

  #parseCompared(head: Head): Clause {
    const token = this.#peek()
    const { field, operator, span } = head
    if (token.kind === 'open' || token.kind === 'value') {
      this.#at += 1
      if (token.kind === 'value') return valueClause(token, head)
      return this.#parseGroup(token.span, head, span.start)
    }
    const has = operator === ':' ? `, or ${field}:* for "has any"` : ''
    this.#fail(
      { start: span.end, end: span.end },
      `a value is missing after ${field}${operator}; write one${has}`,
    )
    return { kind: 'compare', field, operator, pattern: [''], span }
  }

  #parseGroup(open: Span, head: Head | null, start: number = open.start): Clause {
    if (this.#peek().kind === 'close') {
      this.#fail(open, 'these parentheses are empty; write something in them')
    }
    const inside = this.#deeper(() => this.#parseFrom(POWERS.or, head))
    const { kind, span } = this.#peek()
    if (kind === 'close') this.#at += 1
    else this.#fail(open, 'this "(" is never closed; add a ")"')
    return { ...inside, span: { start, end: span.end } }
  }

  #deeper(parseInside: () => Clause): Clause {
    this.#depth += 1
    if (this.#depth > QUERY_DEPTH_MAX) this.#stop(`nested deeper than ${QUERY_DEPTH_MAX}`)
    const inside = parseInside()
    this.#depth -= 1
    return inside
  }

  #count(): void {
    this.#clauses += 1
    if (this.#clauses > QUERY_CLAUSES_MAX) this.#stop(`over ${QUERY_CLAUSES_MAX} clauses`)
  }

  #stop(what: string): void {
    this.#report({ code: 'query.too_complex', message: tooComplex(what), span: this.#peek().span })
    this.#isStopped = true
    this.#at = this.#tokens.length - 1
  }

  #isOver(): boolean {
    const { kind } = this.#peek()
    return kind === 'end' || kind === 'close'
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? END
  }

  #fail(span: Span, what: string): void {
    this.#report({ code: 'query.syntax', message: wrongAt(span, what), span })
  }
}

const END: Token = { kind: 'end', span: { start: 0, end: 0 } }

function joined(kind: Joiner, items: readonly Clause[]): Clause {
  const start = items[0]?.span.start ?? 0
  return { kind, items, span: { start, end: items.at(-1)?.span.end ?? start } }
}

function valueClause(token: Extract<Token, { kind: 'value' }>, head: Head | null): Clause {
  const { pattern, span } = token
  if (head) {
    // A value in parentheses is its own clause; one behind its field has the field's place too.
    const start = head.span.end === span.start ? head.span.start : span.start
    const { field, operator } = head
    return { kind: 'compare', field, operator, pattern, span: { start, end: span.end } }
  }
  const isAll = pattern.length === 1 && pattern[0] === null
  return isAll ? { kind: 'all', span } : { kind: 'words', pattern, span }
}

/** Stands where a clause is missing. */
function hole({ start }: Span): Clause {
  return { kind: 'all', span: { start, end: start } }
}

function tooComplex(what: string): string {
  return `the query is ${what}; ask for less`
}
