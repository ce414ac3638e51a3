// What belongs to the reader and not to the address: questions asked before, and views saved under
// a name. Kept in the browser's storage, which anything may have written to, so it is read as
// strangers'.

const HISTORY_KEY = 'tocsin.questions'
const VIEWS_KEY = 'tocsin.views'
const HISTORY_MAX = 30
const VIEWS_MAX = 50
const NAME_CHARS_MAX = 80
const TEXT_CHARS_MAX = 8192

export type View = {
  readonly name: string
  /** Path and query string on this server. */
  readonly href: string
}

export function parseHistory(text: string | null): readonly string[] {
  return listIn(text)
    .filter(one => typeof one === 'string')
    .filter(one => one !== '' && one.length <= TEXT_CHARS_MAX)
    .slice(0, HISTORY_MAX)
}

/** The newest first, each once. */
export function withQuestion(history: readonly string[], question: string): readonly string[] {
  const asked = question.trim()
  if (asked === '' || asked.length > TEXT_CHARS_MAX) return history
  return [asked, ...history.filter(one => one !== asked)].slice(0, HISTORY_MAX)
}

export function parseViews(text: string | null): readonly View[] {
  return listIn(text).flatMap(toView).slice(0, VIEWS_MAX)
}

/** In place of the one with its name, or as the last. Names are cut to what a menu shows. */
export function withView(views: readonly View[], { name, href }: View): readonly View[] {
  const view = { name: name.trim().slice(0, NAME_CHARS_MAX), href }
  if (view.name === '' || !isOwnHref(href)) return views
  const at = views.findIndex(one => one.name === view.name)
  const next = at === -1 ? [...views, view] : views.with(at, view)
  return next.slice(-VIEWS_MAX)
}

function toView(value: unknown): readonly View[] {
  if (typeof value !== 'object' || value === null) return []
  const name: unknown = Reflect.get(value, 'name')
  const href: unknown = Reflect.get(value, 'href')
  if (typeof name !== 'string' || typeof href !== 'string' || !isOwnHref(href)) return []
  return name === '' ? [] : [{ name: name.slice(0, NAME_CHARS_MAX), href }]
}

/** A path of this console: nothing that leads elsewhere, or runs. */
function isOwnHref(href: string): boolean {
  return /^\/events(?:\?|$)/.test(href) && href.length <= TEXT_CHARS_MAX
}

function listIn(text: string | null): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

export function readHistory(): readonly string[] {
  return parseHistory(localStorage.getItem(HISTORY_KEY))
}

export function rememberQuestion(question: string): void {
  write(HISTORY_KEY, withQuestion(readHistory(), question))
}

export function readViews(): readonly View[] {
  return parseViews(localStorage.getItem(VIEWS_KEY))
}

export function writeViews(views: readonly View[]): void {
  write(VIEWS_KEY, views)
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // A full or forbidden storage costs a convenience, nothing that was asked for.
  }
}
