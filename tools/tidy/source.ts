// Reads TypeScript as text: which files there are, what stands in comments and quotes, what is only
// type, what each file imports. TypeScript 7 has no stable interface for programs; Node's own
// stripping of types keeps every other character in its place, so that comparing before and after
// tells what was type, without a parser of our own.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'

export const ROOT: string = join(import.meta.dirname, '../..')

const NOT_ERASABLE = 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'

export type Source = {
  /** Path below the repository, with slashes. */
  readonly path: string
  readonly text: string
  /** Comments, and what quotes and regular expressions hold, are blanks; every position is kept. */
  readonly code: string
  /** Of the code, what is not type; every position is kept. */
  readonly js: string
}

/** Files that git knows or would add, as far as they are there. */
export function listFiles(): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate']
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 << 20 })
  const gone = execFileSync('git', ['ls-files', '-z', '--deleted'], { cwd: ROOT, encoding: 'utf8' })
  const missing = new Set(gone.split('\0'))
  return listed.split('\0').filter(path => path !== '' && !missing.has(path))
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

export function readSource(path: string): Source {
  return sourceOf(path, readText(path))
}

export function sourceOf(path: string, text: string): Source {
  if (path.endsWith('.tsx')) return screenOf(path, text)
  const code = blankQuoted(text)
  return { path, text, code, js: withoutTypes(path, code) }
}

/**
 * Text between tags may hold an apostrophe and no quote, so of a screen only comments are blanked:
 * enough to see imports, names and lines. What it holds inside is the linter's.
 */
function screenOf(path: string, text: string): Source {
  const blank = (comment: string) => comment.replaceAll(/[^\n]/g, ' ')
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, blank)
  return { path, text, code, js: code }
}

function withoutTypes(path: string, code: string): string {
  try {
    return stripTypeScriptTypes(code)
  } catch (cause) {
    // An enum is no type that could be taken out; a rule of its own finds it.
    const isEnum = cause instanceof Error && 'code' in cause && cause.code === NOT_ERASABLE
    if (isEnum) return code
    throw new Error(`${path} cannot be read as TypeScript`, { cause })
  }
}

/** Tells the 1-based line of a position. */
export function lineFinder(text: string): (at: number) => number {
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index)
  return at => {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] ?? at) < at) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}

export type Import = { readonly spec: string; readonly line: number; readonly isThread: boolean }

const IMPORT = /(?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*(['"])/g
/** Threads are started by the name of a file beside the caller. */
const THREAD = /\bstartThread\b[^(]*\(\s*import\.meta\.url,\s*(['"])/g

/** Modules that a file loads: imports of values and types, re-exports, `import()`, worker files. */
export function importsOf({ text, code }: Source): readonly Import[] {
  const lineAt = lineFinder(code)
  const found = (pattern: RegExp, isThread: boolean) =>
    [...code.matchAll(pattern)].flatMap(match => {
      const start = match.index + match[0].length
      const spec = text.slice(start, text.indexOf(match[1] ?? "'", start))
      const isUrl = match[0].startsWith('new URL')
      if (isUrl && !/^\.{1,2}\/.*\.[jt]s$/.test(spec)) return []
      const name = isThread ? `./${spec}.ts` : spec
      return [{ spec: name, line: lineAt(match.index), isThread: isThread || isUrl }]
    })
  return [...found(IMPORT, false), ...found(THREAD, true)]
}

/** Blanks comments and what quotes hold; the quotes stay, and so does code inside templates. */
export function blankQuoted(text: string): string {
  let out = ''
  let depth = 0
  /** Depth of braces at which each template, interrupted by code, goes on. */
  const templates: number[] = []
  const keep = (count: number) => {
    out += text.slice(out.length, out.length + count)
  }
  const blankTo = (end: number) => {
    out += text.slice(out.length, end).replaceAll(/[^\n]/g, ' ')
  }
  const blankTemplate = () => {
    blankTo(templateEnd(text, out.length))
    if (text[out.length] === '$') templates.push(depth)
    keep(text[out.length] === '$' ? 2 : 1)
  }
  while (out.length < text.length) {
    const char = text[out.length] ?? ''
    const isRegExp = char === '/' && startsRegExp(out)
    if (text.startsWith('//', out.length)) blankTo(endOf(text, '\n', out.length))
    else if (text.startsWith('/*', out.length)) blankTo(endOf(text, '*/', out.length + 2) + 2)
    else {
      const isTemplateGoingOn = char === '}' && depth === templates.at(-1)
      if (char === '{') depth += 1
      if (char === '}' && !isTemplateGoingOn) depth -= 1
      if (isTemplateGoingOn) templates.pop()
      keep(1)
      if (char === '`' || isTemplateGoingOn) blankTemplate()
      else if (char === "'" || char === '"') blankTo(quoteEnd(text, out.length, char))
      else if (isRegExp) blankTo(regExpEnd(text, out.length))
      if (char === "'" || char === '"' || isRegExp) keep(1)
    }
  }
  return out
}

function endOf(text: string, what: string, from: number): number {
  const end = text.indexOf(what, from)
  return end < 0 ? text.length : end
}

/** Where the quote closes, or the line ends. */
function quoteEnd(text: string, from: number, quote: string): number {
  let at = from
  while (at < text.length && text[at] !== quote && text[at] !== '\n')
    at += text[at] === '\\' ? 2 : 1
  return Math.min(at, text.length)
}

/** Position of the closing backtick, or of the dollar sign that begins code. */
function templateEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) {
    at += text[at] === '\\' ? 2 : 1
  }
  return Math.min(at, text.length)
}

function regExpEnd(text: string, from: number): number {
  let isClass = false
  let at = from
  for (; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '[') isClass = true
    else if (text[at] === ']') isClass = false
    else if (text[at] === '/' && !isClass) break
  }
  return Math.min(at, text.length)
}

/** A slash divides after a value; elsewhere it begins a regular expression. */
function startsRegExp(out: string): boolean {
  const before = out.slice(-200).trimEnd()
  if (/(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|await|yield)$/.test(before))
    return true
  return !/[\w$)\]}'"`]$/.test(before)
}
