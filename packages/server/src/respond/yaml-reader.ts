// Reads a YAML document member by member and collects every mistake with its line. What it hands
// out is plain, bounded data; after a mistake it goes on with a stand-in, so that one reading finds
// all of them.

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
} from 'yaml'

export type Problem = {
  readonly line: number
  /** What is wrong and how to mend it. */
  readonly says: string
}

export type Members = ReadonlyMap<string, YamlValue>

/** One value of the document: where it stands and how it is called in a sentence. */
export interface YamlValue {
  readonly line: number
  readonly isMap: boolean
  readonly isText: boolean
  /** The members of a mapping; others than `names` are mistakes. */
  members(names: readonly string[]): Members
  items(): readonly YamlValue[]
  text(charsMax: number): string
  whole(min: number, max: number): number
  choice<T extends string>(choices: readonly T[]): T
  /** Notes a mistake at this value. */
  fail(says: string): void
}

const ITEMS_MAX = 1000
const DEPTH_NAME_CHARS = 60

export type YamlReading = { readonly root: YamlValue | null; readonly problems: Problem[] }

export function readYaml(text: string): YamlReading {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    maxAliasCount: 0,
  } as object)
  const problems: Problem[] = []
  for (const { pos, message } of document.errors) {
    problems.push({
      line: lines.linePos(pos[0]).line,
      says: `this is not YAML: ${firstLine(message)}`,
    })
  }
  if (problems.length > 0) return { root: null, problems }
  if (document.contents === null) {
    problems.push({ line: 1, says: 'the file is empty; write at least `version: 1`' })
    return { root: null, problems }
  }
  return { root: valueAt(document.contents, 'the policy', { lines, problems }), problems }
}

type Reading = { readonly lines: LineCounter; readonly problems: Problem[] }

function valueAt(
  node: Node | ParsedNode | null,
  name: string,
  reading: Reading,
  nearLine = 1,
): YamlValue {
  const at = node?.range?.[0]
  const line = at === undefined ? nearLine : reading.lines.linePos(at).line
  const fail = (says: string) => void reading.problems.push({ line, says })
  const scalar = isScalar(node) ? node.value : undefined
  return {
    line,
    isMap: isMap(node),
    isText: typeof scalar === 'string',
    fail,
    members(names) {
      const found = new Map<string, YamlValue>()
      if (!isMap(node)) {
        fail(`${name} must be a mapping of ${names.join(', ')}${aliasHint(node)}`)
        return found
      }
      for (const { key, value } of node.items) {
        const member = isScalar(key) ? String(key.value) : ''
        const keyLine = valueAt(isScalar(key) ? key : null, name, reading, line).line
        if (names.includes(member)) {
          const below =
            value === null || isMap(value) || isSeq(value) || isScalar(value) || isAlias(value)
              ? value
              : null
          found.set(member, valueAt(below, member, reading, keyLine))
        } else {
          const shown = JSON.stringify(member.slice(0, DEPTH_NAME_CHARS))
          reading.problems.push({
            line: keyLine,
            says: `${shown} is not a member of ${name}; there are ${names.join(', ')}`,
          })
        }
      }
      return found
    },
    items() {
      if (!isSeq(node) || node.items.length > ITEMS_MAX) {
        fail(`${name} must be a list of at most ${ITEMS_MAX} items${aliasHint(node)}`)
        return []
      }
      return node.items.map(item =>
        valueAt(
          isMap(item) || isSeq(item) || isScalar(item) || isAlias(item) ? item : null,
          `an item of ${name}`,
          reading,
          line,
        ),
      )
    },
    text(charsMax) {
      if (typeof scalar === 'string' && scalar !== '' && scalar.length <= charsMax) return scalar
      fail(`${name} must be text of 1 to ${charsMax} characters${aliasHint(node)}`)
      return ''
    },
    whole(min, max) {
      if (typeof scalar === 'number' && Number.isInteger(scalar) && scalar >= min && scalar <= max)
        return scalar
      fail(`${name} must be a whole number from ${min} to ${max}`)
      return min
    },
    choice(choices) {
      const found = choices.find(choice => choice === scalar)
      if (found !== undefined) return found
      fail(`${name} must be one of ${choices.join(', ')}`)
      return choices[0] as never
    },
  }
}

function aliasHint(node: unknown): string {
  return isAlias(node) ? '; anchors and aliases are not taken here, write the value out' : ''
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.slice(0, 200) ?? ''
}
