// The condition of a rule: names of selections joined by and, or, not and parentheses, and
// `1 of x*`, `all of them`. Several conditions are alternatives.

import { type EventTest, everyTest, NEVER, notTest, someTest } from './event-test.ts'
import { anyPattern, parsePattern } from './pattern.ts'
import { meant, type Path, quoted, type RuleReader } from './reading.ts'

const CONDITION_CHARS_MAX = 2000
const DEPTH_MAX = 32
const TOKEN = /[()]|[^\s()]+/g
const WORDS = ['and', 'or', 'not', 'of', 'them']

export type Selections = ReadonlyMap<string, EventTest>

/** The test, and the names of the selections that it uses. */
export type Condition = { readonly test: EventTest; readonly used: ReadonlySet<string> }

export function readCondition(
  reader: RuleReader,
  value: unknown,
  path: Path,
  selections: Selections,
): Condition {
  const used = new Set<string>()
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  const tests = items.map((item, i) => {
    const at = Array.isArray(value) ? [...path, i] : path
    if (typeof item === 'string' && item.trim() !== '' && item.length <= CONDITION_CHARS_MAX) {
      return new ConditionReader(reader, at, selections, used).read(item)
    }
    reader.refuse(at, 'the condition must be text', 'name the selections, like `selection`')
    return NEVER
  })
  return { test: someTest(tests), used }
}

class ConditionReader {
  readonly #reader: RuleReader
  readonly #path: Path
  readonly #selections: Selections
  readonly #used: Set<string>
  #tokens: readonly string[] = []
  #at = 0
  #isBroken = false

  constructor(reader: RuleReader, path: Path, selections: Selections, used: Set<string>) {
    this.#reader = reader
    this.#path = path
    this.#selections = selections
    this.#used = used
  }

  read(text: string): EventTest {
    if (text.includes('|')) {
      const fix = 'write a correlation rule (type event_count) over this one'
      return this.#refuse('aggregations behind | are no part of Sigma any more', fix)
    }
    this.#tokens = text.match(TOKEN) ?? []
    const test = this.#either(0)
    const rest = this.#tokens[this.#at]
    if (rest !== undefined) this.#refuse(`${quoted(rest)} is too much`, 'join with and or or')
    return test
  }

  #either(depth: number): EventTest {
    const tests = [this.#both(depth)]
    while (this.#take('or')) tests.push(this.#both(depth))
    return someTest(tests)
  }

  #both(depth: number): EventTest {
    const tests = [this.#one(depth)]
    while (this.#take('and')) tests.push(this.#one(depth))
    return everyTest(tests)
  }

  #one(depth: number): EventTest {
    if (depth > DEPTH_MAX) return this.#refuse('the condition nests too deep', 'write it flatter')
    if (this.#take('not')) return notTest(this.#one(depth + 1))
    if (this.#take('(')) {
      const test = this.#either(depth + 1)
      if (!this.#take(')')) this.#refuse('a parenthesis is not closed', 'close it with )')
      return test
    }
    const token = this.#tokens[this.#at++]
    if (token === undefined || token === ')' || WORDS.includes(token.toLowerCase())) {
      const found = token === undefined ? 'the end' : quoted(token)
      return this.#refuse(`a selection must stand before ${found}`, 'name one')
    }
    return this.#peek() === 'of' ? this.#quantified(token) : this.#selection(token)
  }

  /** `1 of x*`, `any of them`, `all of x*`. */
  #quantified(count: string): EventTest {
    this.#at += 1
    const isAll = count.toLowerCase() === 'all'
    if (!isAll && count !== '1' && count.toLowerCase() !== 'any')
      return this.#refuse(`${quoted(count)} of is not known`, 'write 1 of or all of')
    const pattern = this.#tokens[this.#at++] ?? ''
    const isNamed = anyPattern([parsePattern(pattern === 'them' ? '*' : pattern)], true)
    const names = [...this.#selections.keys()].filter(
      name => isNamed(name) && (!name.startsWith('_') || pattern.startsWith('_')),
    )
    if (names.length === 0)
      return this.#refuse(`no selection is called ${quoted(pattern)}`, 'name selections above')
    const tests = names.map(name => this.#selection(name))
    return isAll ? everyTest(tests) : someTest(tests)
  }

  #selection(name: string): EventTest {
    this.#used.add(name)
    const known = this.#selections.get(name)
    if (known) return known
    const names = [...this.#selections.keys()]
    const fix = meant(name, names, `the selections are ${names.join(', ')}`)
    return this.#refuse(`no selection is called ${quoted(name)}`, fix)
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]?.toLowerCase()
  }

  #take(word: string): boolean {
    if (this.#peek() !== word) return false
    this.#at += 1
    return true
  }

  /** What follows a mistake would only be said again. */
  #refuse(what: string, fix: string): EventTest {
    if (!this.#isBroken) this.#reader.refuse(this.#path, what, fix)
    this.#isBroken = true
    return NEVER
  }
}
