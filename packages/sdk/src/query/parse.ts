// Text → tree, by hand: a scanner that knows where a value ends, and recursive descent over `or`,
// `and`, `not`. Time is linear in the text, depth and number of clauses are bounded, and every
// error says where it is and what to write instead.

import { TocsinError } from '../errors.ts'
import type { Clause, Operator, Pattern, Query } from './syntax.ts'

export const QUERY_BYTES_MAX: number = 8 * 1024
export const QUERY_DEPTH_MAX = 64
export const QUERY_CLAUSES_MAX = 5000

const FIELD = /[A-Za-z_][A-Za-z0-9_.]*/y
const OPERATOR = /\s*(>=|<=|>|<)\s*|:\s*/y
const KEYWORD = /(?:and|or|not)(?=[\s()"]|$)/iy
const SPACE = /\s*/y

/** Throws `query.syntax` with the position (from 1), `query.too_complex` beyond a limit. */
export function parseQuery(text: string): Query {
  if (text.length > QUERY_BYTES_MAX) tooComplex(`longer than ${QUERY_BYTES_MAX} characters`)
  const parser = new Parser(text)
  return { text, root: parser.parseWhole() }
}

/** The field before a group of values: `actor.id:(alice or bob)`. */
type Head = { readonly field: string; readonly operator: Operator; readonly start: number }

class Parser {
  readonly #text: string
  #at = 0
  #depth = 0
  #clauses = 0

  constructor(text: string) {
    this.#text = text
  }

  parseWhole(): Clause {
    this.#match(SPACE)
    if (this.#at === this.#text.length) return { kind: 'all', span: { start: 0, end: 0 } }
    const root = this.#parseOr(null)
    if (this.#at < this.#text.length) this.#fail(this.#at, 'this ")" closes nothing; remove it')
    return root
  }

  #parseOr(head: Head | null): Clause {
    return this.#parseChain('or', () => this.#parseAnd(head))
  }

  #parseAnd(head: Head | null): Clause {
    return this.#parseChain('and', () => this.#parseNot(head))
  }

  #parseChain(kind: 'and' | 'or', parseItem: () => Clause): Clause {
    const first = parseItem()
    const items = [first]
    while (this.#goesOn(kind)) items.push(parseItem())
    const last = items.at(-1) ?? first
    if (items.length === 1) return first
    return { kind, items, span: { start: first.span.start, end: last.span.end } }
  }

  /** Takes the keyword if it is there; `and` may be left out. */
  #goesOn(kind: 'and' | 'or'): boolean {
    this.#match(SPACE)
    const at = this.#at
    const keyword = this.#match(KEYWORD)?.toLowerCase()
    if (keyword === kind) {
      this.#match(SPACE)
      if (this.#isEnd()) this.#fail(at, `something is missing after "${keyword}"`)
      return true
    }
    this.#at = at
    return kind === 'and' && keyword !== 'or' && !this.#isEnd()
  }

  #isEnd(): boolean {
    return this.#at >= this.#text.length || this.#text[this.#at] === ')'
  }

  #parseNot(head: Head | null): Clause {
    this.#match(SPACE)
    const start = this.#at
    const keyword = this.#match(KEYWORD)?.toLowerCase()
    const isMinus = keyword === undefined && this.#text[start] === '-'
    if (keyword !== 'not' && !isMinus) {
      this.#at = start
      return this.#parsePrimary(head)
    }
    if (isMinus) this.#at += 1
    this.#match(SPACE)
    if (this.#isEnd()) this.#fail(start, `something is missing after "${isMinus ? '-' : 'not'}"`)
    const item = this.#deeper(() => this.#parseNot(head))
    return { kind: 'not', item, span: { start, end: item.span.end } }
  }

  #parsePrimary(head: Head | null): Clause {
    const start = this.#at
    this.#clauses += 1
    if (this.#clauses > QUERY_CLAUSES_MAX) tooComplex(`over ${QUERY_CLAUSES_MAX} clauses`)
    if (this.#isEnd()) this.#fail(start, 'something is missing here; write a word, or field:value')
    if (this.#match(KEYWORD)) {
      this.#fail(
        start,
        `"${this.#text.slice(start, this.#at)}" stands between two clauses; quote it`,
      )
    }
    if (this.#text[start] === '(') return this.#parseGroup(head)
    const found = head === null ? this.#parseHead() : null
    if (found) return this.#parseCompared(found)
    const pattern = this.#parsePattern()
    const span = { start, end: this.#at }
    if (head) return { kind: 'compare', field: head.field, operator: head.operator, pattern, span }
    const isAll = pattern.length === 1 && pattern[0] === null
    return isAll ? { kind: 'all', span } : { kind: 'words', pattern, span }
  }

  #parseCompared(head: Head): Clause {
    const { field, operator, start } = head
    if (this.#text[this.#at] === '(') return this.#parseGroup(head)
    if (this.#isEnd() || /\s/.test(this.#text[this.#at] ?? '')) {
      const has = operator === ':' ? `, or ${field}:* for "has any"` : ''
      this.#fail(this.#at, `a value is missing after ${field}${operator}; write one${has}`)
    }
    const pattern = this.#parsePattern()
    return { kind: 'compare', field, operator, pattern, span: { start, end: this.#at } }
  }

  #parseGroup(head: Head | null): Clause {
    const open = this.#at
    this.#at += 1
    this.#match(SPACE)
    if (this.#text[this.#at] === ')') this.#fail(open, 'these parentheses are empty')
    const inside = this.#deeper(() => this.#parseOr(head))
    this.#match(SPACE)
    if (this.#text[this.#at] !== ')') this.#fail(open, 'this "(" is never closed; add a ")"')
    this.#at += 1
    return { ...inside, span: { start: head?.start ?? open, end: this.#at } }
  }

  #parseHead(): Head | null {
    const start = this.#at
    const field = this.#match(FIELD)
    const operator = field === null ? null : this.#match(OPERATOR)
    if (field === null || operator === null) {
      this.#at = start
      return null
    }
    return { field, operator: operatorOf(operator), start }
  }

  #parsePattern(): Pattern {
    return this.#text[this.#at] === '"' ? [this.#parseQuoted()] : this.#parseBare()
  }

  #parseQuoted(): string {
    const open = this.#at
    let out = ''
    for (let i = open + 1; i < this.#text.length; i++) {
      const char = this.#text[i] ?? ''
      if (char === '"') {
        this.#at = i + 1
        return out
      }
      if (char === '\\') i += 1
      out += this.#text[i] ?? ''
    }
    return this.#fail(open, 'this quotation mark is never closed; add a second one')
  }

  /**
   * Up to white space, a parenthesis or a quotation mark; `\` takes the next character as it is.
   */
  #parseBare(): Pattern {
    const start = this.#at
    const parts: (string | null)[] = []
    let literal = ''
    const flush = () => {
      if (literal !== '') parts.push(literal)
      literal = ''
    }
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] ?? ''
      if (/[\s()"]/.test(char)) break
      this.#at += 1
      if (char === '*') {
        flush()
        if (parts.at(-1) !== null) parts.push(null)
        continue
      }
      literal += char === '\\' ? this.#parseEscaped() : char
    }
    flush()
    return parts.length > 0 ? parts : this.#fail(start, 'a value is missing here')
  }

  #parseEscaped(): string {
    const char = this.#text[this.#at]
    if (char === undefined) return this.#fail(this.#at - 1, 'a character is missing after "\\"')
    this.#at += 1
    return char
  }

  #deeper(parseInside: () => Clause): Clause {
    this.#depth += 1
    if (this.#depth > QUERY_DEPTH_MAX) tooComplex(`nested deeper than ${QUERY_DEPTH_MAX}`)
    const inside = parseInside()
    this.#depth -= 1
    return inside
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (!found) return null
    this.#at = pattern.lastIndex
    return found[0]
  }

  #fail(at: number, what: string): never {
    throw new TocsinError('query.syntax', {
      public: `the query is wrong at character ${at + 1}: ${what}`,
    })
  }
}

function operatorOf(text: string): Operator {
  const operator = text.trim()
  return operator === '>=' || operator === '<=' || operator === '>' || operator === '<'
    ? operator
    : ':'
}

function tooComplex(what: string): never {
  throw new TocsinError('query.too_complex', { public: `the query is ${what}; ask for less` })
}
