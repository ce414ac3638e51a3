// Finds functions in JavaScript whose quotes and comments are blank: where each begins and ends,
// how it is called, and how many parameters it takes.

import { lineFinder, type Source } from './source.ts'

export type FunctionSpan = {
  readonly name: string
  readonly line: number
  readonly lines: number
  readonly parameters: number
  readonly start: number
  readonly end: number
}

type Head = { readonly name: string; readonly start: number; readonly parameters: number }

const CONTROL = /^(?:if|for|while|switch|catch|with|await)$/

/** Functions, methods and arrow functions with a body in braces. */
export function functionsOf({ js }: Source): readonly FunctionSpan[] {
  const found: FunctionSpan[] = []
  const open: (Head | null)[] = []
  const lineAt = lineFinder(js)
  for (let at = 0; at < js.length; at++) {
    if (js[at] === '{') open.push(functionHead(js, at))
    const head = js[at] === '}' ? open.pop() : null
    if (!head) continue
    const line = lineAt(head.start)
    found.push({ ...head, line, lines: lineAt(at) - line + 1, end: at })
  }
  return found
}

/** Arrow functions without braces take parameters, too. */
export function expressionArrows({ js }: Source): readonly Head[] {
  return [...js.matchAll(/=>(?!\s*\{)/g)].flatMap(({ index }) => arrowHead(js, index) ?? [])
}

/** What stands before a brace, when the brace opens the body of a function. */
function functionHead(js: string, brace: number): Head | null {
  const before = js.slice(0, brace).trimEnd()
  if (before.endsWith('=>')) return arrowHead(js, before.length - 2)
  if (!before.endsWith(')')) return null
  const open = openingOf(js, before.length - 1)
  const [, name = ''] = /([\w$#]*)\s*$/.exec(js.slice(Math.max(0, open - 200), open)) ?? []
  if (CONTROL.test(name)) return null
  const start = js.slice(0, open).trimEnd().length - name.length
  if (/\bextends\s+[\w$.]*$/.test(js.slice(Math.max(0, start - 200), start + name.length)))
    return null
  const parameters = countParameters(js.slice(open + 1, before.length - 1))
  return { name: name === 'function' ? '' : name, start, parameters }
}

function arrowHead(js: string, arrow: number): Head | null {
  const before = js.slice(0, arrow).trimEnd()
  const last = before.length - 1
  const isList = before.endsWith(')')
  const open = isList ? openingOf(js, last) : before.search(/[\w$]+$/)
  if (open < 0) return null
  const lead = js.slice(Math.max(0, open - 200), open).replace(/\basync\s*$/, '')
  const [, name = ''] = /([\w$#]+)\s*[=:]\s*$/.exec(lead) ?? []
  const parameters = isList ? countParameters(js.slice(open + 1, last)) : 1
  return { name, start: open, parameters }
}

/** Position of the bracket that a closing one at `close` closes. */
function openingOf(js: string, close: number): number {
  let depth = 0
  for (let at = close; at >= 0; at--) {
    if (')]}'.includes(js[at] ?? ' ')) depth += 1
    if ('([{'.includes(js[at] ?? ' ')) depth -= 1
    if (depth === 0) return at
  }
  return 0
}

function countParameters(list: string): number {
  let depth = 0
  let flat = ''
  for (const char of list) {
    if ('([{'.includes(char)) depth += 1
    if (depth === 0 || /\S/.test(char)) flat += depth > 0 ? '_' : char
    if (')]}'.includes(char)) depth -= 1
  }
  return flat.split(',').filter(part => part.trim() !== '').length
}

/** The innermost function around a position that has a name. */
export function enclosingName(spans: readonly FunctionSpan[], at: number): string {
  const around = spans.filter(({ name, start, end }) => name !== '' && start <= at && at <= end)
  return around.toSorted((a, b) => b.start - a.start)[0]?.name ?? ''
}
