// Where somebody wanted to go before they had to sign in. The link may be opened in another tab, so
// it is kept in the browser, for as long as a link works. Only addresses of this console are taken
// back.

const STORAGE_KEY = 'tocsin.asked'
const KEPT_MS = 15 * 60_000
const HOME = '/'

export function printAsked(address: string, nowMs: number): string {
  return JSON.stringify({ address, atMs: nowMs })
}

/** `HOME` where nothing is kept, it is too old, or it leads anywhere else. */
export function readAsked(text: string | null, nowMs: number): string {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    const address: unknown = Reflect.get(Object(value), 'address')
    const atMs: unknown = Reflect.get(Object(value), 'atMs')
    const isFresh = typeof atMs === 'number' && Math.abs(nowMs - atMs) < KEPT_MS
    return isFresh && typeof address === 'string' && isOwn(address) ? address : HOME
  } catch {
    return HOME
  }
}

/** A path of this console: `//host` and `/\host` are other servers to a browser. */
function isOwn(address: string): boolean {
  return /^\/(?![/\\])[^\s\\]*$/.test(address) && !address.startsWith('/sign-in')
}

export function rememberAsked(nowMs: number): void {
  const address = location.pathname + location.search
  if (isOwn(address)) localStorage.setItem(STORAGE_KEY, printAsked(address, nowMs))
}

/** Once. */
export function takeAsked(nowMs: number): string {
  const address = readAsked(localStorage.getItem(STORAGE_KEY), nowMs)
  localStorage.removeItem(STORAGE_KEY)
  return address
}
