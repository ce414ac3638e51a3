// A YAML file as plain data with the line of each part, read under limits: a rule's file comes from
// people, and may come from a stranger. What is wrong is a row with its line; nothing throws.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml'

/** A rule or its cases; the longest of ours has 4 kB. */
export const YAML_BYTES_MAX: number = 256 * 1024
export const YAML_DOCUMENTS_MAX = 50
/** How many values aliases may be written out to: what is small in a file is small in memory. */
const ALIASES_MAX = 100

export type YamlPath = readonly (string | number)[]

export type YamlDocument = {
  readonly value: unknown
  /** 1-based line of the key or item at the path, or of what is nearest above it. */
  readonly lineOf: (path: YamlPath) => number
}

export type YamlProblem = { readonly line: number; readonly what: string; readonly fix: string }

export type YamlFile = {
  readonly documents: readonly YamlDocument[]
  readonly problems: readonly YamlProblem[]
}

/** Empty documents are left out. */
export function readYamlFile(path: string): YamlFile {
  const text = readBounded(path)
  if (text === null) {
    const what = `the file is longer than ${YAML_BYTES_MAX} bytes`
    return failed({ line: 1, what, fix: 'cut it into several files' })
  }
  return parseYaml(text)
}

/** null when it is too long. Whatever it grows to meanwhile, no more is read. */
function readBounded(path: string): string | null {
  const descriptor = openSync(path, 'r')
  try {
    if (fstatSync(descriptor).size > YAML_BYTES_MAX) return null
    const bytes = Buffer.alloc(YAML_BYTES_MAX + 1)
    let size = 0
    for (;;) {
      const read = readSync(descriptor, bytes, size, bytes.length - size, size)
      size += read
      if (size > YAML_BYTES_MAX) return null
      if (read === 0) return bytes.toString('utf8', 0, size)
    }
  } finally {
    closeSync(descriptor)
  }
}

export function parseYaml(text: string): YamlFile {
  const lines = new LineCounter()
  const parsed = attempt(() => parseAllDocuments(text, { lineCounter: lines, prettyErrors: false }))
  if (parsed === null) {
    return failed({ line: 1, what: 'lists and maps nest too deep', fix: 'write it flatter' })
  }
  const documents = Array.isArray(parsed) ? parsed : []
  if (documents.length > YAML_DOCUMENTS_MAX) {
    const what = `the file has more than ${YAML_DOCUMENTS_MAX} documents`
    return failed({ line: 1, what, fix: 'cut it into several files' })
  }
  const problems = documents.flatMap(({ errors, warnings }) =>
    [...errors, ...warnings].map(({ pos, message }) => ({
      line: lines.linePos(pos[0]).line,
      what: `this is no YAML: ${message.split('\n')[0]}`,
      fix: 'mind quotes, colons and how far lines are set in',
    })),
  )
  if (problems.length > 0) return { documents: [], problems }
  const read: YamlDocument[] = []
  for (const document of documents) {
    const lineOf = (path: YamlPath) => lineAt(document.contents, path, lines)
    const plain = attempt(() => ({ value: document.toJS({ maxAliasCount: ALIASES_MAX }) }))
    if (plain === null) {
      const what = `aliases (*name) stand for nothing, or for more than ${ALIASES_MAX} values`
      return failed({ line: lineOf([]), what, fix: 'write the values out' })
    }
    const value: unknown = plain.value
    if (value !== null && value !== undefined) read.push({ value, lineOf })
  }
  return { documents: read, problems: [] }
}

/** null when the library gave up: it has no other way to say that a limit was reached. */
function attempt<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof ReferenceError || error instanceof RangeError) return null
    throw error
  }
}

function failed(problem: YamlProblem): YamlFile {
  return { documents: [], problems: [problem] }
}

function lineAt(root: unknown, path: YamlPath, lines: LineCounter): number {
  let node = root
  let at = startOf(node) ?? 0
  for (const key of path) {
    if (isAlias(node)) break
    const found = isMap(node)
      ? node.items.find(pair => keyText(pair.key) === String(key))
      : undefined
    const item: unknown = isSeq(node) && typeof key === 'number' ? node.items[key] : undefined
    const next: unknown = found ? found.value : item
    const start = startOf(found ? found.key : item)
    if (start === null) break
    at = start
    node = next
  }
  return lines.linePos(at).line
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key)
}

function startOf(node: unknown): number | null {
  const range = isNode(node) ? node.range : null
  return range ? range[0] : null
}

function isNode(node: unknown): node is Node {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node)
}
