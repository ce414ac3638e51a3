// Makes JSON of what access logs write in its place. nginx puts bare variables into its log_format:
// an empty one gives `"rt":,`, a missing one `-`, no status `000`, two upstreams `0.002, 0.003`;
// and without `escape=json` it writes `\xXX` into strings. One pass, no guesses about quotes: a
// string ends where JSON says it does, so that no text of a client's can become a key.

import { decodeHexRun, hexRunEnd, isHexEscape } from './escapes.ts'

const BACKSLASH = 0x5c
const QUOTE = 0x22
const COLON = 0x3a
const SPACE = 0x20
const JSON_ESCAPES = '"\\/bfnrtu'
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const PLAIN_NUMBER = /^-?\d+(?:\.\d+)?$/
const HEX4 = /^[0-9a-fA-F]{4}$/

/** The text with its mistakes repaired; whether it is JSON now, only JSON.parse can tell. */
export function repairJson(text: string): string {
  let out = ''
  let at = 0
  let valueWanted = false
  while (at < text.length) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) {
      const end = stringEnd(text, at)
      out += repairString(text.slice(at, end))
      at = end
      valueWanted = false
    } else if (valueWanted && unit > SPACE && !'{['.includes(text.charAt(at))) {
      const end = bareEnd(text, at)
      out += repairBare(text.slice(at, end).trim())
      at = end
      valueWanted = false
    } else {
      if (unit > SPACE) valueWanted = unit === COLON
      out += text.charAt(at)
      at += 1
    }
  }
  return out
}

/** Index behind the closing quote of the string that opens at `at`. */
function stringEnd(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    if (!isEscaped(text, end, at)) return end + 1
  }
  return text.length
}

/** Whether an odd number of backslashes stands before `at`, behind `from`. */
function isEscaped(text: string, at: number, from: number): boolean {
  let first = at
  while (first - 1 > from && text.charCodeAt(first - 1) === BACKSLASH) first -= 1
  return (at - first) % 2 === 1
}

function repairString(quoted: string): string {
  let out = ''
  for (let at = 0; at < quoted.length; ) {
    const unit = quoted.charCodeAt(at)
    if (isHexEscape(quoted, at)) {
      const end = hexRunEnd(quoted, at)
      out += JSON.stringify(decodeHexRun(quoted.slice(at, end))).slice(1, -1)
      at = end
    } else if (unit === BACKSLASH) {
      const known = isJsonEscape(quoted, at)
      out += known ? quoted.slice(at, at + 2) : '\\\\'
      at += known ? 2 : 1
    } else {
      out += unit < SPACE ? JSON.stringify(quoted.charAt(at)).slice(1, -1) : quoted.charAt(at)
      at += 1
    }
  }
  return out
}

function isJsonEscape(text: string, at: number): boolean {
  const letter = text.charAt(at + 1)
  if (letter === '' || !JSON_ESCAPES.includes(letter)) return false
  return letter !== 'u' || HEX4.test(text.slice(at + 2, at + 6))
}

/**
 * End of a value without quotes: before the comma that a key follows, or before the closing brace.
 * A list of two upstreams has commas of its own.
 */
function bareEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const letter = text.charAt(i)
    if (letter === '}' || letter === ']' || letter === '"') return i
    if (letter === ',' && /^,\s*["}\]]/.test(text.slice(i, i + 64))) return i
  }
  return text.length
}

function repairBare(token: string): string {
  if (token === '' || token === '-') return 'null'
  if (JSON_NUMBER.test(token) || token === 'true' || token === 'false' || token === 'null') {
    return token
  }
  return PLAIN_NUMBER.test(token) ? String(Number(token)) : JSON.stringify(token)
}

/**
 * How many keys the outermost object of JSON text has, counting each as often as it stands there.
 * JSON.parse silently takes the last of two equal keys, and with a log_format of `escape=none` a
 * client can write keys of its own.
 */
export function countKeys(text: string): number {
  let depth = 0
  let keys = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) {
      at = stringEnd(text, at) - 1
    } else if (unit === COLON) {
      if (depth === 1) keys += 1
    } else if (unit === 0x7b || unit === 0x5b) depth += 1
    else if (unit === 0x7d || unit === 0x5d) depth -= 1
  }
  return keys
}
