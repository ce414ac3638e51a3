// Reads TypeScript as text: which files there are, what each imports, where functions begin and
// end. No compiler: TypeScript 7 has no stable interface for it, and rules of style need no types.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT: string = join(import.meta.dirname, '../..')

export type Source = {
  /** Path below the repository, with slashes. */
  readonly path: string
  readonly text: string
  /** The same with comments, strings and templates blanked out, line for line. */
  readonly code: string
}

/** Every file that git knows or would add. */
export function trackedFiles(): readonly string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard']
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 << 20 })
  return listed.split('\n').filter(path => path !== '')
}

export function readSource(path: string): Source {
  return sourceOf(path, readFileSync(join(ROOT, path), 'utf8'))
}

export function sourceOf(path: string, text: string): Source {
  return { path, text, code: blank(text) }
}

/** Module specifiers of static and dynamic imports and re-exports. */
export function importsOf({ text }: Source): readonly string[] {
  const found = text.matchAll(/^(?:import|export|\}).*\bfrom ['"]([^'"]+)['"]/gm)
  const bare = text.matchAll(/^import ['"]([^'"]+)['"]/gm)
  const dynamic = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)
  return [...found, ...bare, ...dynamic].map(match => match[1] ?? '')
}

export type FunctionSpan = {
  readonly name: string
  readonly line: number
  /** Lines of its own: those of functions inside it are theirs. */
  readonly ownLines: number
  readonly parameters: number
}

type OpenBrace = {
  readonly name: string
  readonly start: number
  readonly parameters: number
  /** It opens a function. */
  readonly is: boolean
  /** Lines of functions inside. */
  inner: number
}

const HEAD =
  /(?:\bfunction\s*\*?\s*(\w*)|(?:^|[\s{};,(=:])(?:async\s+)?\*?(#?\w+)(?=(?:<[^>()]*>)?\([^;]*$))/

/** Functions, methods and arrow functions with a body in braces. */
export function functionsOf({ code }: Source): readonly FunctionSpan[] {
  const spans: FunctionSpan[] = []
  const stack: OpenBrace[] = []
  let line = 1
  let last = 0
  for (let at = 0; at < code.length; at++) {
    const char = code[at]
    if (char === '\n') line += 1
    if (char === '{') {
      // Statements end without semicolons; a blank line is the surest border between two.
      const head = code.slice(Math.max(last, code.lastIndexOf('\n\n', at)), at)
      const found = functionHead(head)
      const lines = found ? head.slice(found.at).split('\n').length - 1 : 0
      const { name = '', parameters = 0 } = found ?? {}
      stack.push({ name, start: line - lines, inner: 0, parameters, is: found !== null })
    }
    if (char === '}') {
      const done = stack.pop()
      if (done?.is) {
        const lines = line - done.start + 1
        const outer = stack.findLast(open => open.is)
        if (outer) outer.inner += lines
        const { name, start, inner, parameters } = done
        spans.push({ name, line: start, ownLines: lines - inner, parameters })
      } else if (done) {
        const outer = stack.findLast(open => open.is)
        if (outer) outer.inner += done.inner
      }
    }
    if (char === '{' || char === '}' || char === ';') last = at + 1
  }
  return spans
}

type Head = { readonly name: string; readonly at: number; readonly parameters: number }

/** What stands before a brace, when the brace opens a function's body. */
function functionHead(head: string): Head | null {
  if (/\b(?:if|for|while|switch|catch|class|interface|type|enum|do|else|try)\b/.test(head)) {
    if (!/=>\s*$/.test(head) && !/\bfunction\b/.test(head)) return null
  }
  const arrow = /=>\s*$/.test(head)
  const match = HEAD.exec(head)
  if (!arrow && !/\)\s*(?::[\s\S]*)?$/.test(head)) return null
  if (!arrow && !match) return null
  const name = match?.[1] ?? match?.[2] ?? ''
  return { name, at: match?.index ?? 0, parameters: countParameters(head) }
}

function countParameters(head: string): number {
  const open = head.indexOf('(')
  if (open < 0) return 0
  let depth = 0
  let commas = 0
  let isEmpty = true
  for (let at = open; at < head.length; at++) {
    const char = head[at] ?? ''
    if ('([{<'.includes(char)) depth += 1
    else if (')]}'.includes(char) || (char === '>' && head[at - 1] !== '=')) depth -= 1
    else if (char === ',' && depth === 1 && /\S/.test(nextText(head, at))) commas += 1
    else if (depth === 1 && /\S/.test(char)) isEmpty = false
    if (depth === 0) break
  }
  return isEmpty ? 0 : commas + 1
}

/** A trailing comma before the closing bracket adds no parameter. */
function nextText(head: string, comma: number): string {
  const rest = head.slice(comma + 1).trimStart()
  return rest.startsWith(')') ? '' : rest.slice(0, 1)
}

/** Name of the function in whose lines a line lies; the innermost one. */
export function enclosingFunction(source: Source, line: number): string {
  const spans = functionSpansWithEnds(source)
  const inside = spans.filter(s => s.line <= line && line <= s.end)
  return inside.sort((a, b) => b.line - a.line)[0]?.name ?? ''
}

function functionSpansWithEnds(
  source: Source,
): readonly { name: string; line: number; end: number }[] {
  const lines = source.code.split('\n')
  return functionsOf(source).map(({ name, line }) => {
    let depth = 0
    for (let at = line - 1; at < lines.length; at++) {
      for (const char of lines[at] ?? '') {
        if (char === '{') depth += 1
        if (char === '}') depth -= 1
      }
      if (depth === 0 && (lines[at] ?? '').includes('}')) return { name, line, end: at + 1 }
    }
    return { name, line, end: lines.length }
  })
}

/** Comments, strings, templates and regular expressions become spaces; newlines stay. */
export function blank(text: string): string {
  let out = ''
  let at = 0
  while (at < text.length) {
    const end = tokenEnd(text, at, out)
    if (end > at) out += text.slice(at, end).replaceAll(/[^\n]/g, ' ')
    else out += text[at]
    at = Math.max(end, at + 1)
  }
  return out
}

/** End of the comment, string, template or regular expression that starts at `at`; else `at`. */
function tokenEnd(text: string, at: number, before: string): number {
  const two = text.slice(at, at + 2)
  if (two === '//') return lineEnd(text, at)
  if (two === '/*') return text.indexOf('*/', at + 2) < 0 ? text.length : text.indexOf('*/', at) + 2
  const char = text[at]
  if (char === "'" || char === '"') return quoteEnd(text, at, char)
  if (char === '`') return templateEnd(text, at)
  const startsRegExp = /(?:^|[=(,:;!&|?{}[\n]|\breturn|=>)\s*$/.test(before.slice(-12))
  if (char === '/' && startsRegExp) return regExpEnd(text, at)
  return at
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

function quoteEnd(text: string, at: number, quote: string): number {
  for (let i = at + 1; i < text.length && text[i] !== '\n'; i++) {
    if (text[i] === '\\') i += 1
    else if (text[i] === quote) return i + 1
  }
  return at + 1
}

function templateEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i += 1
    else if (text[i] === '`') return i + 1
    else if (text.startsWith('${', i)) i = braceEnd(text, i + 2)
  }
  return text.length
}

function braceEnd(text: string, at: number): number {
  let depth = 1
  for (let i = at; i < text.length; i++) {
    const char = text[i] ?? ''
    if (char === '`') i = templateEnd(text, i) - 1
    else if (char === "'" || char === '"') i = quoteEnd(text, i, char) - 1
    else if (char === '{') depth += 1
    else if (char === '}') depth -= 1
    if (depth === 0) return i
  }
  return text.length
}

function regExpEnd(text: string, at: number): number {
  let isClass = false
  for (let i = at + 1; i < text.length && text[i] !== '\n'; i++) {
    if (text[i] === '\\') i += 1
    else if (text[i] === '[') isClass = true
    else if (text[i] === ']') isClass = false
    else if (text[i] === '/' && !isClass) return i + 1
  }
  return at
}
