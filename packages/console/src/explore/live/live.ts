// The live view: the newest page of a question, and from then on every event as it becomes durable.
// It holds still while somebody reads: scrolled away from the top, a row in focus, an event open,
// or by the button. What comes meanwhile waits, in a bounded number. Rows are drawn at most four
// times a second. A hidden page lets its connection go (a browser has six to a server) and goes on
// where it was.

import { useEffect, useMemo, useRef, useState } from 'react'
import { openAnswer } from '../../api/api.ts'
import type { FoundEvent } from '../asking.ts'
import { buildLiveBuffer, type LiveBuffer, type LiveRow } from './live-buffer.ts'
import { buildStreamReader, type Message } from './stream-text.ts'

export type { LiveRow } from './live-buffer.ts'

export type Live = {
  readonly rows: readonly LiveRow<FoundEvent>[]
  readonly waiting: number
  readonly dropped: number
  readonly hasUnknownGap: boolean
  readonly isHeld: boolean
  /** Held by the button. */
  readonly isPaused: boolean
  readonly state: 'opening' | 'open' | 'broken' | 'refused'
  readonly error: Error | null
  setPaused(isPaused: boolean): void
  noteScroll(isAtTop: boolean): void
  noteFocus(isInside: boolean): void
}

const ROWS_MAX = 1000
const DRAW_MS = 250
const RECONNECT_MS = 2000

type Asked = {
  readonly isOn: boolean
  /** The page below is there. */
  readonly isReady: boolean
  readonly q: string
  readonly seed: readonly LiveRow<FoundEvent>[]
  readonly isOpen: boolean
}

export function useLive({ isOn, isReady, q, seed, isOpen }: Asked): Live | null {
  const [, draw] = useState(0)
  const [state, setState] = useState<Live['state']>('opening')
  const [error, setError] = useState<Error | null>(null)
  const [isPaused, setPaused] = useState(false)
  const [isAway, setAway] = useState(false)
  const [isInside, setInside] = useState(false)
  const buffer = useRef<LiveBuffer<FoundEvent> | null>(null)
  const isFollowing = isOn && isReady
  const start = useRef(seed)
  start.current = seed

  useEffect(() => {
    if (!isFollowing) return
    const own = buildLiveBuffer(ROWS_MAX, start.current)
    buffer.current = own
    setState('opening')
    setError(null)
    let timer: ReturnType<typeof setTimeout> | null = null
    const drawSoon = () => {
      timer ??= setTimeout(() => {
        timer = null
        draw(count => count + 1)
      }, DRAW_MS)
    }
    const stop = follow({
      q,
      after: newestIndex(start.current),
      take(row) {
        own.take(row)
        drawSoon()
      },
      tell(next, fault) {
        setState(next)
        setError(fault)
      },
    })
    return () => {
      stop()
      if (timer) clearTimeout(timer)
      buffer.current = null
    }
  }, [isFollowing, q])

  const isHeld = isPaused || isAway || isInside || isOpen
  useEffect(() => {
    const own = buffer.current
    if (!own || own.isHeld === isHeld) return
    if (isHeld) own.hold()
    else own.release()
    draw(count => count + 1)
  }, [isHeld])
  const [acts] = useState(() => ({
    setPaused,
    noteScroll: (isAtTop: boolean) => setAway(!isAtTop),
    noteFocus: setInside,
  }))
  const now = buffer.current?.state() ?? null
  return useMemo(() => {
    if (!isOn) return null
    const none = { rows: start.current, waiting: 0, dropped: 0, hasUnknownGap: false }
    return { ...(now ?? none), isHeld, isPaused, state, error, ...acts }
  }, [isOn, now, isHeld, isPaused, state, error, acts])
}

/** Where the page below ends in the log: the stream goes on behind it. */
function newestIndex(rows: readonly LiveRow<FoundEvent>[]): number | null {
  let newest: number | null = null
  for (const row of rows) {
    const integrity: unknown = row.kind === 'event' ? Reflect.get(row.event, 'integrity') : null
    const index = Number(Reflect.get(Object(integrity), 'index') ?? Number.NaN)
    if (index > (newest ?? -1)) newest = index
  }
  return newest
}

type Following = {
  readonly q: string
  readonly after: number | null
  take(row: LiveRow<FoundEvent>): void
  tell(state: Live['state'], error: Error | null): void
}

/** Goes on until it is stopped, over broken connections and hidden pages. */
function follow({ q, after, take, tell }: Following): () => void {
  let lastId = after === null ? null : String(after)
  let connection: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | null = null
  let isStopped = false
  let gaps = 0

  async function connect(): Promise<void> {
    if (isStopped || document.hidden || connection) return
    const own = new AbortController()
    connection = own
    try {
      const response = await openAnswer('GET /v1/events/tail', {
        query: q === '' ? {} : { q },
        signal: own.signal,
        ...(lastId === null ? {} : { lastEventId: lastId }),
      })
      tell('open', null)
      await readMessages(response, takeMessage)
      tell('broken', null)
    } catch (error) {
      if (own.signal.aborted) return
      const isRefused = error instanceof Error && Reflect.get(error, 'status') === 400
      tell(isRefused ? 'refused' : 'broken', error instanceof Error ? error : null)
      if (isRefused) return
    } finally {
      if (connection === own) connection = null
    }
    timer = setTimeout(() => void connect(), RECONNECT_MS)
  }

  function takeMessage({ id, event, data }: Message): void {
    if (id !== null) lastId = id
    const value: unknown = JSON.parse(data)
    if (event === 'gap') {
      gaps += 1
      const missing: unknown = Reflect.get(Object(value), 'dropped')
      const known = typeof missing === 'number' ? missing : null
      take({ kind: 'gap', id: `gap ${gaps}`, missing: known })
    } else if (event === 'message') {
      const found = parseEvent(value, id)
      take({ kind: 'event', id: found.id, event: found })
    }
  }

  const turn = () => {
    if (document.hidden) connection?.abort()
    else void connect()
  }
  document.addEventListener('visibilitychange', turn)
  void connect()
  return () => {
    isStopped = true
    document.removeEventListener('visibilitychange', turn)
    if (timer) clearTimeout(timer)
    connection?.abort()
  }
}

async function readMessages(response: Response, take: (message: Message) => void): Promise<void> {
  const decoder = new TextDecoder()
  const reader = buildStreamReader()
  const body = response.body?.getReader()
  for (;;) {
    const piece = await body?.read()
    if (!piece || piece.done) return
    for (const message of reader.read(decoder.decode(piece.value, { stream: true }))) {
      take(message)
    }
  }
}

/** The stream says where the event stands in the log beside it. */
function parseEvent(value: unknown, id: string | null): FoundEvent {
  const event = value as FoundEvent
  return id === null ? event : { ...event, ...{ integrity: { index: Number(id) } } }
}
