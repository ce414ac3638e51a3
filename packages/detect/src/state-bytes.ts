// State as bytes and back, without anything of a platform: unsigned varints, IEEE doubles, UTF-8
// texts. A reader refuses what was cut short, so a torn snapshot is never taken for a state.

import { encodeUtf8, parseUtf8 } from '@tocsin/sdk/bytes'
import { TocsinError } from '@tocsin/sdk/errors'

export interface StateWriter {
  /** A safe integer, 0 or more. */
  count(value: number): void
  /** An integer of less than 52 bits. */
  integer(value: number): void
  number(value: number): void
  text(value: string): void
  bytes(value: Uint8Array): void
  finish(): Uint8Array
}

export interface StateReader {
  count(): number
  integer(): number
  number(): number
  text(): string
  /** A view of what is read. */
  bytes(): Uint8Array
  readonly atEnd: boolean
}

const FIRST_BYTES = 4096

export function writeState(): StateWriter {
  let bytes = new Uint8Array(FIRST_BYTES)
  let view = new DataView(bytes.buffer)
  let at = 0

  function reserve(size: number): void {
    if (at + size <= bytes.length) return
    const larger = new Uint8Array(Math.max(bytes.length * 2, at + size))
    larger.set(bytes)
    bytes = larger
    view = new DataView(bytes.buffer)
  }

  function count(value: number): void {
    reserve(8)
    let rest = value
    // Not with shifts: they cut a number at 32 bits.
    while (rest >= 128) {
      bytes[at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    bytes[at++] = rest
  }

  function append(value: Uint8Array): void {
    count(value.length)
    reserve(value.length)
    bytes.set(value, at)
    at += value.length
  }

  return {
    count,
    integer: value => count(value < 0 ? -value * 2 - 1 : value * 2),
    number(value) {
      reserve(8)
      view.setFloat64(at, value, true)
      at += 8
    },
    text: value => append(encodeUtf8(value.toWellFormed())),
    bytes: append,
    finish: () => bytes.slice(0, at),
  }
}

export function readState(bytes: Uint8Array): StateReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0

  function take(size: number): number {
    const from = at
    if (from + size > bytes.length) throw tornState()
    at += size
    return from
  }

  function count(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = bytes[take(1)] ?? 0
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
      if (scale > Number.MAX_SAFE_INTEGER) throw tornState()
    }
  }

  function cut(): Uint8Array {
    const size = count()
    const from = take(size)
    return bytes.subarray(from, from + size)
  }

  return {
    count,
    integer() {
      const value = count()
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    },
    number: () => view.getFloat64(take(8), true),
    text: () => parseUtf8(cut()),
    bytes: cut,
    get atEnd() {
      return at === bytes.length
    },
  }
}

function tornState(): TocsinError {
  return new TocsinError('detect.bad_state', {
    public:
      'the saved state of the detectors is cut short or damaged; it is made again from the log',
  })
}
