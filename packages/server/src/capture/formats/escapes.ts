// Spellings that access logs use for text: `\xXX` for bytes (nginx, Apache), `\"` and `\\`, and the
// request target with its query string. Nothing here throws; what cannot be decoded stays as it was
// written.

import { hash } from 'node:crypto'
import { cutUtf8, utf8OrEscaped } from '../utf8-text.ts'

const BACKSLASH = 0x5c
const LETTER_X = 0x78
/** A text that is cut ends in this many characters of digest, so that two texts stay two. */
const DIGEST_CHARS = 16

/**
 * Undoes `\xXX`, `\"` and `\\`. Runs of `\xXX` are bytes of UTF-8; a byte that is none, and control
 * characters, stay spelled out, so that neither a terminal nor a page ever gets them raw.
 */
export function unescapeText(text: string): string {
  let at = text.indexOf('\\')
  if (at < 0) return text
  let out = text.slice(0, at)
  while (at < text.length) {
    if (text.charCodeAt(at) !== BACKSLASH) {
      const next = text.indexOf('\\', at)
      const end = next < 0 ? text.length : next
      out += text.slice(at, end)
      at = end
    } else if (isHexEscape(text, at)) {
      const end = hexRunEnd(text, at)
      out += decodeHexRun(text.slice(at, end))
      at = end
    } else {
      out += unescapeOne(text.charAt(at + 1))
      at += 2
    }
  }
  return out
}

function unescapeOne(letter: string): string {
  return letter === '"' || letter === '\\' ? letter : `\\${letter}`
}

export function isHexEscape(text: string, at: number): boolean {
  return (
    text.charCodeAt(at) === BACKSLASH &&
    text.charCodeAt(at + 1) === LETTER_X &&
    isHexDigit(text.charCodeAt(at + 2)) &&
    isHexDigit(text.charCodeAt(at + 3))
  )
}

/** End of the run of `\xXX` that starts at `at`. */
export function hexRunEnd(text: string, at: number): number {
  let end = at + 4
  while (isHexEscape(text, end)) end += 4
  return end
}

/** What a run of `\xXX` spells. A byte that is not UTF-8 spoils only itself. */
export function decodeHexRun(run: string): string {
  return utf8OrEscaped(Buffer.from(run.replaceAll('\\x', ''), 'hex'), 'escape')
}

function isHexDigit(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 70) || (unit >= 97 && unit <= 102)
}

/** The path of a request target: without query string, fragment, scheme, host or password. */
export function pathOf(target: string): string {
  const path = withoutQuery(target)
  if (path.startsWith('/')) return path
  const scheme = path.indexOf('://')
  if (scheme < 0) return path.slice(path.lastIndexOf('@') + 1)
  const slash = path.indexOf('/', scheme + 3)
  return slash < 0 ? '/' : path.slice(slash)
}

/** Text up to a query string or fragment. */
export function withoutQuery(text: string): string {
  const query = text.indexOf('?')
  const head = query < 0 ? text : text.slice(0, query)
  const fragment = head.indexOf('#')
  return fragment < 0 ? head : head.slice(0, fragment)
}

/**
 * The text if it fits, else its beginning and a digest of the whole: a client must not become
 * somebody else, or nobody, by sending an identity that is too long.
 */
export function fitText(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax) return text
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length <= bytesMax) return text
  const tail = `~${hash('sha256', bytes, 'hex').slice(0, DIGEST_CHARS)}`
  return `${cutUtf8(bytes, bytesMax - tail.length)}${tail}`
}
