// Text → tokens, by hand and in linear time. What a character means depends on two things only:
// whether a field and its operator stand before it (then a value comes), and whether it stands in
// the parentheses behind a field (then words are values, and a colon belongs to them).

import { encodeUtf8 } from '../bytes.ts'
import { isIpv6 } from './network.ts'
import {
  type Operator,
  type Pattern,
  QUERY_VALUE_BYTES_MAX,
  QUERY_WILDCARDS_MAX,
  type Report,
  type Span,
} from './syntax.ts'

export type Token =
  | { readonly kind: 'open' | 'close' | 'and' | 'or' | 'not' | 'end'; readonly span: Span }
  /** A field with its operator and the white space around that; `fieldEnd` ends the name. */
  | {
      readonly kind: 'head'
      readonly field: string
      readonly operator: Operator
      readonly fieldEnd: number
      readonly span: Span
    }
  | {
      readonly kind: 'value'
      readonly pattern: Pattern
      readonly isQuoted: boolean
      readonly span: Span
    }

const FIELD = /[A-Za-z_][\w.-]*/y
const OPERATOR = /\s*(>=|<=|>|<)\s*|(:)\s*/y
/** Operators of other languages, which would otherwise be searched for as text, in silence. */
const FOREIGN = /!?={1,2}(?=[^\s()"=])/y
const FOREIGN_START = /(?:[=!<>:][^\s()"]*|&&?|\|\|?)(?=[\s()"]|$)/y
const ADDRESS = /[0-9A-Fa-f:.]{2,45}(?:\/\d{1,3})?(?=[\s()"]|$)/y
const KEYWORD = /(and|or|not)(?=[\s()"]|$)/iy
const SPACE = /\s*/y
const VALUE_END = /[\s()"]/

/** The last token is `end`. The text must be well-formed UTF-16. */
export function tokensOf(text: string, report: Report): readonly Token[] {
  return new Scanner(text, report).scan()
}

class Scanner {
  readonly #text: string
  readonly #report: Report
  readonly #tokens: Token[] = []
  /** For each open parenthesis, whether it holds values of a field. */
  readonly #groups: boolean[] = []
  #at = 0

  constructor(text: string, report: Report) {
    this.#text = text
    this.#report = report
  }

  scan(): readonly Token[] {
    for (;;) {
      this.#match(SPACE)
      const start = this.#at
      if (start >= this.#text.length) break
      this.#tokens.push(this.#scanToken(start))
    }
    const end = this.#text.length
    this.#tokens.push({ kind: 'end', span: { start: end, end } })
    return this.#tokens
  }

  #scanToken(start: number): Token {
    const last = this.#tokens.at(-1)
    const isBehindField = last?.kind === 'head'
    const char = this.#text[start]
    if (char === '(') {
      this.#groups.push(isBehindField || this.#isInValues())
      return this.#single('open')
    }
    if (char === ')') {
      this.#groups.pop()
      return this.#single('close')
    }
    // In `actor.id: and …` a value is missing; `actor.id:and` has one.
    const isGap = isBehindField && /\s/.test(this.#text[start - 1] ?? '')
    const keyword = isBehindField && !isGap ? null : this.#scanKeyword()
    if (keyword) return keyword
    return isBehindField ? this.#scanValue() : this.#scanClauseStart(start)
  }

  #scanKeyword(): Token | null {
    const start = this.#at
    const kind = this.#match(KEYWORD)?.[0].toLowerCase()
    const isKeyword = kind === 'and' || kind === 'or' || kind === 'not'
    return isKeyword ? { kind, span: { start, end: this.#at } } : null
  }

  #scanClauseStart(start: number): Token {
    // A dash with a space behind it is a dash: people paste `build - deploy`.
    if (/^-[^\s)]/.test(this.#text.slice(start, start + 2))) return this.#single('not')
    return (this.#isInValues() ? null : this.#scanHead()) ?? this.#scanValue()
  }

  #isInValues(): boolean {
    return this.#groups.at(-1) ?? false
  }

  #single(kind: 'open' | 'close' | 'not'): Token {
    this.#at += 1
    return { kind, span: { start: this.#at - 1, end: this.#at } }
  }

  #scanHead(): Token | null {
    const start = this.#at
    // An IPv6 address by itself is text to look for, though it looks like a field and a value.
    ADDRESS.lastIndex = start
    if (isIpv6(ADDRESS.exec(this.#text)?.[0] ?? '')) return null
    const field = this.#match(FIELD)?.[0]
    const fieldEnd = this.#at
    const write = `write ${field}:value, or -${field}:value for all others`
    const found = field && (this.#match(OPERATOR) ?? this.#refuse(FOREIGN, write))
    if (!field) this.#refuse(FOREIGN_START, 'no clause begins so; write field:value, and, or, not')
    if (!field || !found) {
      this.#at = start
      return null
    }
    const operator = operatorOf(found[1] ?? ':')
    return { kind: 'head', field, operator, fieldEnd, span: { start, end: this.#at } }
  }

  #refuse(pattern: RegExp, what: string): RegExpExecArray | null {
    const start = this.#at
    const found = this.#match(pattern)
    const span = { start, end: this.#at }
    if (found) this.#fail(span, `${what}; quote the whole to search for the text`)
    return found
  }

  #scanValue(): Token {
    const start = this.#at
    const isQuoted = this.#text[start] === '"'
    const pattern = isQuoted ? [this.#scanQuoted()] : this.#scanBare()
    const span = { start, end: this.#at }
    this.#checkSize(pattern, span)
    return { kind: 'value', pattern, isQuoted, span }
  }

  #checkSize(pattern: Pattern, span: Span): void {
    const code = 'query.too_complex'
    if (pattern.filter(part => part === null).length > QUERY_WILDCARDS_MAX) {
      const message = `the value at ${place(span)} has over ${QUERY_WILDCARDS_MAX} "*"; use fewer`
      this.#report({ code, message, span })
    }
    if (encodeUtf8(pattern.join('')).length > QUERY_VALUE_BYTES_MAX) {
      const limit = `over ${QUERY_VALUE_BYTES_MAX} bytes; shorten it, with a "*" at its end`
      this.#report({ code, message: `the value at ${place(span)} is ${limit}`, span })
    }
  }

  #scanQuoted(): string {
    const open = this.#at
    let out = ''
    for (this.#at += 1; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] ?? ''
      if (char === '"') {
        this.#at += 1
        return out
      }
      if (char === '\\') this.#at += 1
      out += this.#text[this.#at] ?? ''
    }
    this.#at = this.#text.length
    const span = { start: open, end: this.#at }
    this.#fail(span, 'this quotation mark is never closed; add a second one')
    return out
  }

  /** Up to white space, a parenthesis or a quotation mark; `\` takes the next character as is. */
  #scanBare(): Pattern {
    const parts: (string | null)[] = []
    let literal = ''
    for (; this.#at < this.#text.length; this.#at++) {
      let char = this.#text[this.#at] ?? ''
      if (VALUE_END.test(char)) break
      if (char === '*') {
        if (literal !== '') parts.push(literal)
        literal = ''
        if (parts.at(-1) !== null) parts.push(null)
        continue
      }
      if (char === '\\') char = this.#scanEscaped()
      literal += char
    }
    if (literal !== '' || parts.length === 0) parts.push(literal)
    return parts
  }

  #scanEscaped(): string {
    const start = this.#at
    const char = this.#text[start + 1]
    if (char === undefined) {
      this.#fail({ start, end: start + 1 }, 'a character is missing after "\\"')
      return '\\'
    }
    this.#at += 1
    return char
  }

  #fail(span: Span, what: string): void {
    this.#report({ code: 'query.syntax', message: wrongAt(span, what), span })
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found) this.#at = pattern.lastIndex
    return found
  }
}

export function wrongAt(span: Span, what: string): string {
  return `the query is wrong at ${place(span)}: ${what}`
}

function place({ start }: Span): string {
  return `character ${start + 1}`
}

function operatorOf(text: string): Operator {
  return text === '>=' || text === '<=' || text === '>' || text === '<' ? text : ':'
}
