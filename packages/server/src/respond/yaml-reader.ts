// Reads a YAML document member by member and collects every mistake with its line. What it hands
// out is plain, bounded data; after a mistake it goes on with a stand-in, so that one reading finds
// all of them.

import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'

export type Problem = {
  readonly line: number
  /** What is wrong and how to mend it. */
  readonly says: string
}

export type Members = ReadonlyMap<string, YamlValue>

type Reading = { readonly lines: LineCounter; readonly problems: Problem[] }

const ITEMS_MAX = 1000
const NAME_CHARS_SHOWN = 60

/** One value of the document: where it stands and how it is called in a sentence. */
export class YamlValue {
  readonly line: number
  readonly #node: Node | null
  readonly #name: string
  readonly #reading: Reading

  constructor(node: unknown, name: string, reading: Reading, nearLine: number) {
    this.#node = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node : null
    this.#name = name
    this.#reading = reading
    const at = this.#node?.range?.[0]
    this.line = at === undefined ? nearLine : reading.lines.linePos(at).line
  }

  get isMap(): boolean {
    return isMap(this.#node)
  }

  get isText(): boolean {
    return typeof this.#scalar === 'string'
  }

  get #scalar(): unknown {
    return isScalar(this.#node) ? this.#node.value : undefined
  }

  /** Notes a mistake at this value. */
  fail(says: string): void {
    this.#reading.problems.push({ line: this.line, says })
  }

  #failType(wanted: string): void {
    const hint = isAlias(this.#node) ? '; write the value out, anchors are not taken here' : ''
    this.fail(`${this.#name} must be ${wanted}${hint}`)
  }

  /** The members of a mapping; others than `names` are mistakes. */
  members(names: readonly string[]): Members {
    const found = new Map<string, YamlValue>()
    if (!isMap(this.#node)) {
      this.#failType(`a mapping of ${names.join(', ')}`)
      return found
    }
    for (const { key, value } of this.#node.items) {
      const name = isScalar(key) ? String(key.value) : ''
      const at = new YamlValue(key, name, this.#reading, this.line)
      const shown = JSON.stringify(name.slice(0, NAME_CHARS_SHOWN))
      if (names.includes(name)) found.set(name, new YamlValue(value, name, this.#reading, at.line))
      else at.fail(`${shown} is not a member of ${this.#name}; there are ${names.join(', ')}`)
    }
    return found
  }

  items(): readonly YamlValue[] {
    if (!isSeq(this.#node) || this.#node.items.length > ITEMS_MAX) {
      this.#failType(`a list of at most ${ITEMS_MAX} items`)
      return []
    }
    const name = `an item of ${this.#name}`
    return this.#node.items.map(item => new YamlValue(item, name, this.#reading, this.line))
  }

  text(charsMax: number): string {
    const value = this.#scalar
    if (typeof value === 'string' && value !== '' && value.length <= charsMax) return value
    this.#failType(`text of 1 to ${charsMax} characters`)
    return ''
  }

  whole(min: number, max: number): number {
    const value = this.#scalar
    const isWhole = typeof value === 'number' && Number.isInteger(value)
    if (isWhole && value >= min && value <= max) return value
    this.#failType(`a whole number from ${min} to ${max}`)
    return min
  }

  /** The first of the choices where it is none of them. */
  choice<T extends string>(first: T, ...others: readonly T[]): T {
    const choices = [first, ...others]
    const found = choices.find(choice => choice === this.#scalar)
    if (found === undefined) this.#failType(`one of ${choices.join(', ')}`)
    return found ?? first
  }
}

export type YamlReading = { readonly root: YamlValue | null; readonly problems: Problem[] }

export function readYaml(text: string): YamlReading {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const problems: Problem[] = document.errors.map(({ pos, message }) => ({
    line: lines.linePos(pos[0]).line,
    says: `this is not YAML: ${message.split('\n')[0]?.slice(0, 200) ?? ''}`,
  }))
  if (problems.length > 0) return { root: null, problems }
  if (document.contents === null) {
    problems.push({ line: 1, says: 'the file is empty; write at least `version: 1`' })
    return { root: null, problems }
  }
  return { root: new YamlValue(document.contents, 'the policy', { lines, problems }, 1), problems }
}
