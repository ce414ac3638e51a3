// The key that this browser remembers of a log. Integrity writes it down when the log is first
// seen, and never replaces it by what a server says.

const STORAGE_KEY = 'tocsin.known-logs'

/** The vkey; null where the log was never seen here. */
export function rememberedKey(storage: Pick<Storage, 'getItem'>, origin: string): string | null {
  try {
    const logs: unknown = JSON.parse(storage.getItem(STORAGE_KEY) ?? '[]')
    const known: unknown = Array.isArray(logs)
      ? logs.find(log => Reflect.get(Object(log), 'origin') === origin)
      : null
    const vkey: unknown = Reflect.get(Object(known), 'vkey')
    return typeof vkey === 'string' ? vkey : null
  } catch {
    return null
  }
}
