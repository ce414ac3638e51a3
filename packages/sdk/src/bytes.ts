// Bytes and their spellings: UTF-8, base64, base64url, hex. Written out in plain code, because the
// core also runs where there is neither TextDecoder, Buffer nor atob. Every parser is strict: bytes
// have exactly one spelling that is accepted, so two texts that differ never mean the same thing.

import { TocsinError } from './errors.ts'

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`
const HEX = '0123456789abcdef'
// String.fromCharCode takes its characters as arguments, and engines limit their number.
const CHUNK_CHARS = 4096
const NOT_A_DIGIT = 255

function malformed(what: string): TocsinError {
  return new TocsinError('bytes.malformed', { public: what })
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const part of parts) size += part.length
  const out = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** For public values only: the time it takes tells where two inputs differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** UTF-8 of `text`. Throws `bytes.malformed` on half a surrogate pair, which has no UTF-8. */
export function encodeUtf8(text: string): Uint8Array {
  const out = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) return encodeLongUtf8(text)
    out[i] = unit
  }
  return out
}

// Text beyond ASCII takes a detour that every JavaScript engine has: percent-encoding is UTF-8, and
// strict in both directions.
function encodeLongUtf8(text: string): Uint8Array {
  let escaped: string
  try {
    escaped = encodeURIComponent(text)
  } catch {
    throw malformed('the text holds half a surrogate pair')
  }
  const out = new Uint8Array(escaped.length)
  let at = 0
  for (let i = 0; i < escaped.length; i++) {
    const isEscape = escaped.charAt(i) === '%'
    const hex = escaped.slice(i + 1, i + 3)
    out[at++] = isEscape ? Number.parseInt(hex, 16) : escaped.charCodeAt(i)
    if (isEscape) i += 2
  }
  return out.slice(0, at)
}

/**
 * The text that `bytes` spell in UTF-8 (RFC 3629). Throws `bytes.malformed` on anything else:
 * overlong forms, surrogates, points above U+10FFFF, a cut sequence. A byte order mark is kept.
 */
export function parseUtf8(bytes: Uint8Array): string {
  if (isAscii(bytes)) return asciiText(bytes)
  try {
    return decodeURIComponent(encodeHex(bytes).replaceAll(/../g, '%$&'))
  } catch {
    throw malformed('the bytes are not UTF-8')
  }
}

function isAscii(bytes: Uint8Array): boolean {
  let all = 0
  for (let i = 0; i < bytes.length; i++) all |= bytes[i] ?? 0
  return all < 0x80
}

// Reflect.apply reads the bytes in place; spreading them walks an iterator at ten times the cost.
function asciiText(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK_CHARS) return Reflect.apply(String.fromCharCode, null, bytes)
  let text = ''
  for (let i = 0; i < bytes.length; i += CHUNK_CHARS) {
    text += Reflect.apply(String.fromCharCode, null, bytes.subarray(i, i + CHUNK_CHARS))
  }
  return text
}

/** Standard base64 with padding (RFC 4648 §4). */
export function encodeBase64(bytes: Uint8Array): string {
  return pad(encodeSixes(bytes, STANDARD))
}

/** Base64url without padding (RFC 4648 §5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeSixes(bytes, URL_SAFE)
}

/** Throws `bytes.malformed` unless `text` is exactly what `encodeBase64` writes. */
export function parseBase64(text: string): Uint8Array {
  const end = text.endsWith('==') ? text.length - 2 : text.length - (text.endsWith('=') ? 1 : 0)
  const digits = text.slice(0, end)
  if (pad(digits) !== text) throw malformed('the base64 has wrong padding')
  return parseSixes(digits, STANDARD_DIGITS, 'base64')
}

/** Throws `bytes.malformed` unless `text` is exactly what `encodeBase64Url` writes. */
export function parseBase64Url(text: string): Uint8Array {
  return parseSixes(text, URL_SAFE_DIGITS, 'base64url')
}

function pad(digits: string): string {
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, '=')
}

function digitTable(alphabet: string): Uint8Array {
  const table = new Uint8Array(128).fill(NOT_A_DIGIT)
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i
  return table
}

const STANDARD_DIGITS = digitTable(STANDARD)
const URL_SAFE_DIGITS = digitTable(URL_SAFE)
const HEX_DIGITS = digitTable(HEX)

function encodeSixes(bytes: Uint8Array, alphabet: string): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const three = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text += alphabet.charAt(three >> 18) + alphabet.charAt((three >> 12) & 63)
    if (left > 1) text += alphabet.charAt((three >> 6) & 63)
    if (left > 2) text += alphabet.charAt(three & 63)
  }
  return text
}

function parseSixes(text: string, table: Uint8Array, form: string): Uint8Array {
  if (text.length % 4 === 1) throw malformed(`the ${form} is cut off`)
  const out = new Uint8Array(Math.floor((text.length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const digit = table[text.charCodeAt(i)] ?? NOT_A_DIGIT
    if (digit === NOT_A_DIGIT) throw malformed(`character ${i} is not ${form}`)
    held = ((held << 6) | digit) & 0xfff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      out[at++] = held >> bits
    }
  }
  // Bits that belong to no byte must be zero, or several texts would spell the same bytes.
  if ((held & ((1 << bits) - 1)) !== 0) throw malformed(`the ${form} ends in stray bits`)
  return out
}

/** Lower-case hex. */
export function encodeHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15)
  return text
}

/** Throws `bytes.malformed` unless `text` is lower-case hex of whole bytes. */
export function parseHex(text: string): Uint8Array {
  if (text.length % 2 === 1) throw malformed('the hex is cut off')
  const out = new Uint8Array(text.length / 2)
  for (let i = 0; i < text.length; i++) {
    const digit = HEX_DIGITS[text.charCodeAt(i)] ?? NOT_A_DIGIT
    if (digit === NOT_A_DIGIT) throw malformed(`character ${i} is not lower-case hex`)
    out[i >> 1] = ((out[i >> 1] ?? 0) << 4) | digit
  }
  return out
}
