// The event as JSON, as the server gave it, opened as far as somebody looks (json-lines.ts).

import { Button } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useMemo, useRef, useState } from 'react'
import { urlOf } from '../../api/api.ts'
import { count, Plain, visible } from '../../value/value.tsx'
import type { FoundEvent } from '../asking.ts'
import { cutJson } from '../event-values.ts'
import { useExplored } from '../explored.ts'
import { type JsonChoice, type JsonLine, jsonLines, MEMBERS_SHOWN } from './json-lines.ts'
import { LongText } from './long-text.tsx'

const LINE_PX = 20
const INDENT_PX = 14
const KEY_CHARS_MAX = 120
const TEXT_CHARS_MAX = 300
/** Longer ones are for a file. */
const COPIED_CHARS_MAX = 1_000_000
const STEP = 1000

export function JsonTab({ event }: { readonly event: FoundEvent }): ReactNode {
  const { acts } = useExplored()
  const copy = async () => {
    // A look at its beginning tells whether it is short, without walking through all of it.
    const isShort = cutJson(event, COPIED_CHARS_MAX).length <= COPIED_CHARS_MAX
    if (isShort) await navigator.clipboard.writeText(JSON.stringify(event, null, 2))
    acts.say(isShort ? 'JSON copied' : 'It is too long to be copied; download it')
  }
  return (
    <>
      <div className="row json-acts">
        <Button variant="default" onClick={() => void copy()}>
          Copy
        </Button>
        <Button
          variant="default"
          component="a"
          href={urlOf('GET /v1/events/{id}', { params: { id: event.id } })}
          download={`${event.id}.json`}
        >
          Download whole
        </Button>
      </div>
      <JsonView key={event.id} value={event} isTall />
    </>
  )
}

export function JsonView({
  value,
  isTall = false,
}: {
  readonly value: unknown
  readonly isTall?: boolean
}): ReactNode {
  const box = useRef<HTMLDivElement>(null)
  const [choice, setChoice] = useState<JsonChoice>({ isOpen: new Map(), shown: new Map() })
  const [text, setText] = useState<string | null>(null)
  const lines = useMemo(() => jsonLines(value, choice), [value, choice])
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE_PX,
    overscan: 20,
  })
  const turn = (path: string, isOpen: boolean) =>
    setChoice({ ...choice, isOpen: new Map([...choice.isOpen, [path, isOpen]]) })
  const more = (path: string) => {
    const shown = choice.shown.get(path) ?? MEMBERS_SHOWN
    setChoice({ ...choice, shown: new Map([...choice.shown, [path, shown + STEP]]) })
  }
  return (
    <>
      {text !== null && (
        <div className="json-text">
          <button type="button" onClick={() => setText(null)}>
            Back to all
          </button>
          <div>
            <LongText text={text} />
          </div>
        </div>
      )}
      <section
        ref={box}
        className={isTall ? 'json is-tall' : 'json'}
        aria-label="JSON"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys
        tabIndex={0}
      >
        <div style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const line = lines[index]
            if (!line) return null
            const style = {
              transform: `translateY(${start}px)`,
              paddingLeft: 8 + line.depth * INDENT_PX,
            }
            return (
              <div key={index} className="json-line" style={style}>
                <Line line={line} turn={turn} more={more} read={setText} />
              </div>
            )
          })}
        </div>
      </section>
    </>
  )
}

function Line({
  line,
  turn,
  more,
  read,
}: {
  readonly line: JsonLine
  readonly turn: (path: string, isOpen: boolean) => void
  readonly more: (path: string) => void
  readonly read: (text: string) => void
}): ReactNode {
  const key = line.key === null ? null : visible(line.key.slice(0, KEY_CHARS_MAX))
  const name = key === null ? null : <span className="json-key">{key}: </span>
  switch (line.kind) {
    case 'open':
    case 'shut': {
      const isOpen = line.kind === 'open'
      const sign = line.isList ? '[' : '{'
      const end = line.isList ? ']' : '}'
      if (line.count === 0) return [name, sign, end]
      return (
        <button
          type="button"
          className="json-turn"
          aria-expanded={isOpen}
          onClick={() => turn(line.path, !isOpen)}
        >
          <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span> {name}
          {isOpen ? sign : `${sign} ${count(line.count)} ${end}`}
        </button>
      )
    }
    case 'close':
      return line.isList ? ']' : '}'
    case 'more':
      return (
        <button type="button" className="json-turn" onClick={() => more(line.path)}>
          {count(line.left)} more
        </button>
      )
    default:
      return [name, <Scalar key="value" value={line.value} read={read} />]
  }
}

function Scalar({
  value,
  read,
}: {
  readonly value: string | number | boolean | null
  readonly read: (text: string) => void
}): ReactNode {
  if (typeof value !== 'string') return <span className="json-plain">{String(value)}</span>
  const isCut = value.length > TEXT_CHARS_MAX
  return (
    <>
      <span className="json-string">
        "<Plain isOneLine text={value.slice(0, TEXT_CHARS_MAX)} />
        {isCut ? '…' : '"'}
      </span>
      {isCut && (
        <button type="button" className="json-turn" onClick={() => read(value)}>
          {count(value.length)} characters
        </button>
      )}
    </>
  )
}
