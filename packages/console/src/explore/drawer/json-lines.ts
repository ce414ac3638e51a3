// JSON as lines to look at, made only as far as somebody looks: an object of a million values costs
// what its open part costs. Containers open by themselves while the view is short; of a long one
// the first hundred members are shown, and more when asked.

import { namesOf } from '../event-values.ts'

export type JsonLine = {
  /** Places of members on the way, `/0/12`: keys may be as long as they like. */
  readonly path: string
  readonly depth: number
  /** Name of the member; null in a list and at the root. */
  readonly key: string | null
} & (
  | { readonly kind: 'open'; readonly isList: boolean; readonly count: number }
  | { readonly kind: 'shut'; readonly isList: boolean; readonly count: number }
  | { readonly kind: 'close'; readonly isList: boolean }
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
  /** Members that are not shown yet. */
  | { readonly kind: 'more'; readonly left: number }
)

/** What the reader chose; a path without an entry is as the view thinks best. */
export type JsonChoice = {
  readonly isOpen: ReadonlyMap<string, boolean>
  /** How many members of a container are shown. */
  readonly shown: ReadonlyMap<string, number>
}

export const MEMBERS_SHOWN = 100
/** Beyond these lines nothing opens by itself. */
const LINES_OPENED = 200
const DEPTH_OPENED = 4
const LINES_MAX = 20_000

export function jsonLines(root: unknown, choice: JsonChoice): readonly JsonLine[] {
  const lines: JsonLine[] = []
  const write = (value: unknown, line: Pick<JsonLine, 'path' | 'depth' | 'key'>) => {
    if (!isContainer(value)) {
      lines.push({ ...line, kind: 'value', value: scalarOf(value) })
      return
    }
    const isList = Array.isArray(value)
    const keys = isList ? null : namesOf(value)
    const count = keys?.length ?? (isList ? value.length : 0)
    const isShort = line.depth < DEPTH_OPENED && lines.length < LINES_OPENED
    const isOpen = count > 0 && (choice.isOpen.get(line.path) ?? isShort)
    if (!isOpen || lines.length >= LINES_MAX) {
      lines.push({ ...line, kind: 'shut', isList, count })
      return
    }
    lines.push({ ...line, kind: 'open', isList, count })
    const { path, depth } = line
    const shown = Math.min(choice.shown.get(path) ?? MEMBERS_SHOWN, count)
    let at = 0
    while (at < shown && lines.length < LINES_MAX) {
      const key = keys?.[at] ?? null
      write(Reflect.get(value, key ?? at), { path: `${path}/${at}`, depth: depth + 1, key })
      at += 1
    }
    const inside = { path, depth: depth + 1, key: null }
    if (at < count) lines.push({ ...inside, kind: 'more', left: count - at })
    lines.push({ path, depth, key: null, kind: 'close', isList })
  }
  write(root, { path: '', depth: 0, key: null })
  return lines
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function scalarOf(value: unknown): string | number | boolean | null {
  const isScalar =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isScalar ? value : null
}
