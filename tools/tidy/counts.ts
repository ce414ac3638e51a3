// What is not forbidden outright but may only become less: casts and the like, long functions, long
// files, long lists of parameters.

import { enclosingName, expressionArrows, functionsOf } from './functions.ts'
import type { Source } from './source.ts'

export const FUNCTION_LINES_MAX = 70
export const FILE_LINES_MAX = 500
export const PARAMETERS_MAX = 4

/** Count by `path rule`, or `path rule name`, of what is over the limit. */
export type Counts = { readonly [key: string]: number }

/** Casts outside functions called parse…, `any`, `!` and enums. */
export function typeCounts(source: Source): Counts {
  const { path, code, js } = source
  const isType = (at: number) => js[at] === ' '
  const functions = functionsOf(source)
  const casts = positions(code, /\bas\b(?!\s+const\b)/g).filter(at => {
    const before = code.slice(0, at).trimEnd()
    // What is cast stays when types are taken out; in `import type { A as B }` nothing does.
    const isValue = before.endsWith('!') || !isType(before.length - 1)
    return isType(at) && isValue && !enclosingName(functions, at).startsWith('parse')
  })
  const anys = positions(code, /\bany\b/g).filter(isType)
  const nonNulls = positions(code, /!/g).filter(isType)
  const enums = positions(code, /\benum\s+\w+\s*\{/g)
  return over(0, {
    [`${path} as`]: casts.length,
    [`${path} any`]: anys.length,
    [`${path} non-null`]: nonNulls.length,
    [`${path} enum`]: enums.length,
  })
}

export function functionCounts(source: Source): Counts {
  const { path } = source
  const spans = functionsOf(source)
  const heads = [...spans, ...expressionArrows(source)]
  return {
    ...over(FUNCTION_LINES_MAX, byName(`${path} function`, spans, 'lines')),
    ...over(PARAMETERS_MAX, byName(`${path} parameters`, heads, 'parameters')),
  }
}

export function fileCounts(path: string, text: string): Counts {
  return over(FILE_LINES_MAX, { [`${path} lines`]: text.split('\n').length - 1 })
}

/** What has grown beyond what is recorded, and what has shrunk without being recorded. */
export function ratchetFaults(found: Counts, recorded: Counts): readonly string[] {
  const keys = new Set([...Object.keys(found), ...Object.keys(recorded)])
  return [...keys].flatMap(key => {
    const [now, then] = [found[key] ?? 0, recorded[key] ?? 0]
    if (now > then)
      return [`${key}: ${now}${then > 0 ? `, recorded ${then}` : ''}; make it smaller`]
    return now < then ? [`${key}: ${now}, recorded ${then}; record it: UPDATE=1 npm test tidy`] : []
  })
}

function positions(code: string, pattern: RegExp): readonly number[] {
  return [...code.matchAll(pattern)].map(({ index }) => index)
}

/** What exceeds a limit. */
export function over(limit: number, counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > limit))
}

/** The largest of those with the same name. */
function byName<K extends string>(
  prefix: string,
  heads: readonly ({ readonly name: string } & { readonly [key in K]: number })[],
  key: K,
): Counts {
  const counts: { [name: string]: number } = {}
  for (const head of heads) {
    const name = `${prefix} ${head.name || '(no name)'}`
    counts[name] = Math.max(counts[name] ?? 0, head[key])
  }
  return counts
}
