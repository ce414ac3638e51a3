// What an event holds at a field's path, and its words. Events come from the server as they were
// sealed; nothing here walks further into one than it must, since a value can be as large as it
// likes.

export type EventValue = string | number | boolean | object

const LIST_SHOWN_MAX = 256

/** In order, through lists on the way; what is absent is left out. */
export function valuesAt(event: unknown, path: string): readonly EventValue[] {
  let found: readonly unknown[] = [event]
  for (const key of path.split('.')) {
    found = found.flatMap(value => listOf(memberOf(value, key)))
  }
  return found.filter(isValue)
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return Reflect.get(value, key)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, LIST_SHOWN_MAX) : [value]
}

function isValue(value: unknown): value is EventValue {
  return value !== null && value !== undefined
}

/** The first text or number there, else null. */
export function textAt(event: unknown, path: string): string | null {
  const [value] = valuesAt(event, path)
  return value === undefined || typeof value === 'object' ? null : String(value)
}

/** As a question writes it; null for what cannot be asked for. */
export function askedText(value: EventValue): string | null {
  return typeof value === 'object' ? null : String(value)
}

/** JSON in one line, of at most about so many characters: reads no more of it than that. */
export function cutJson(value: unknown, charsMax: number): string {
  const out: string[] = []
  let left = charsMax
  const put = (text: string) => {
    out.push(text)
    left -= text.length
  }
  const write = (one: unknown) => {
    if (left <= 0) return
    if (typeof one === 'string') put(JSON.stringify(one.slice(0, left)))
    else if (typeof one !== 'object' || one === null) put(String(one))
    else if (Array.isArray(one)) writeItems(one)
    else writeMembers(one)
  }
  const writeItems = (list: readonly unknown[]) => {
    put('[')
    for (let i = 0; i < list.length && left > 0; i++) {
      if (i > 0) put(', ')
      write(list[i])
    }
    put(']')
  }
  const writeMembers = (one: object) => {
    put('{')
    let isFirst = true
    for (const key of namesOf(one)) {
      if (left <= 0) break
      if (!isFirst) put(', ')
      isFirst = false
      put(`${JSON.stringify(key.slice(0, left))}: `)
      write(Reflect.get(one, key))
    }
    put('}')
  }
  write(value)
  const text = out.join('')
  return left < 0 ? `${text.slice(0, charsMax)}…` : text
}

const known = new WeakMap<object, readonly string[]>()

/** Names of an object's members, looked up once: of a million that takes a moment. */
export function namesOf(value: object): readonly string[] {
  const names = known.get(value) ?? Object.keys(value)
  known.set(value, names)
  return names
}
