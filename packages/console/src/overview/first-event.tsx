// A server to which nothing ever came: how to see it with made-up data, how to send a first event,
// and a detector that says when it is there. It asks only what is not recorded as a look.

import { Button, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Act } from '../act/act.tsx'
import { Go } from '../address/address.tsx'
import { type Answer, ask, Problem } from '../api/api.ts'
import { nowMs, useNowMs } from '../clock/clock.ts'
import { Panel } from '../panel/panel.tsx'
import { useWhyNot } from '../session/session.tsx'
import { Plain, span } from '../value/value.tsx'
import { TRAFFIC, useLog } from './asked.ts'
import { examplesFor, KEY_PLACE, MAKE_KEY } from './examples.ts'

const DETECT_MS = 5000

export function FirstEvent({ done }: { readonly done: () => void }): ReactNode {
  const [key, setKey] = useState<string | null>(null)
  return (
    <div className="first">
      <Panel title="Demo data" note="a made-up company, nothing to connect">
        <div className="stack">
          <p>
            A month of traffic of 60 people, 25 services and 12 models, in which one service begins
            to copy a customer dataset. In another folder, in a terminal of this machine:
          </p>
          <Paste text="TOCSIN_LISTEN=127.0.0.1:7118 npx tocsin demo" what="Command" />
          <p className="quiet">
            It is a server of its own with its own log: nothing of it comes into this one. Ctrl+C
            ends it, and deleting its folder removes it.
          </p>
        </div>
      </Panel>
      <Panel title="Send your first event" note="two steps">
        <div className="stack">
          <KeyStep apiKey={key} made={setKey} />
          <Examples apiKey={key} />
          <Detector done={done} />
        </div>
      </Panel>
    </div>
  )
}

function KeyStep({
  apiKey,
  made,
}: {
  readonly apiKey: string | null
  readonly made: (key: string) => void
}): ReactNode {
  const whyNot = useWhyNot('admin')
  const [wrong, setWrong] = useState<string | null>(null)
  const make = async () => {
    try {
      const body = { name: 'first-event', scopes: ['ingest'] }
      made((await ask('POST /v1/keys', { body })).key)
    } catch (error) {
      setWrong(error instanceof Problem ? error.message : String(error))
    }
  }
  return (
    <div className="stack">
      <p>
        <strong>1.</strong> A key that may send events, and nothing else.
      </p>
      {apiKey === null ? (
        <div className="row">
          <Act whyNot={whyNot} run={() => void make()}>
            Make a key
          </Act>
          <span className="quiet">
            or in a terminal: <span className="id">{MAKE_KEY}</span>
          </span>
        </div>
      ) : (
        <>
          <Paste text={apiKey} what="Key" />
          <p className="quiet">It is shown this once; below it already stands in its place.</p>
        </>
      )}
      {wrong !== null && <p role="alert">{wrong}</p>}
    </div>
  )
}

function Examples({ apiKey }: { readonly apiKey: string | null }): ReactNode {
  const examples = examplesFor(location.origin, apiKey ?? KEY_PLACE)
  const [name, setName] = useState(examples[0]?.name ?? '')
  const shown = examples.find(example => example.name === name)
  return (
    <div className="stack">
      <p>
        <strong>2.</strong> Something that sends an event.
      </p>
      <SegmentedControl
        aria-label="How to send"
        data={examples.map(example => example.name)}
        value={name}
        onChange={setName}
      />
      {shown && (
        <>
          <p className="quiet">{shown.what}</p>
          <Paste text={shown.text} what="Example" />
        </>
      )}
    </div>
  )
}

function Paste({ text, what }: { readonly text: string; readonly what: string }): ReactNode {
  const [said, setSaid] = useState('')
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setSaid('Copied')
  }
  return (
    <div className="paste">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys */}
      <section className="paste-text" tabIndex={0} aria-label={what}>
        <pre className="id">{text}</pre>
      </section>
      <Button variant="subtle" onClick={() => void copy()} aria-label={`Copy: ${what}`}>
        {said === '' ? 'Copy' : said}
      </Button>
      <span className="unseen" role="status">
        {said}
      </span>
    </div>
  )
}

type Event = Answer<'GET /v1/events'>['events'][number]

function Detector({ done }: { readonly done: () => void }): ReactNode {
  const now = useNowMs()
  const [sinceMs] = useState(nowMs)
  const sources = useQuery({
    queryKey: ['sources'],
    queryFn: ({ signal }) => ask('GET /v1/sources', { signal }),
    refetchInterval: DETECT_MS,
  })
  const isHere = sources.data?.sources.some(({ events }) => events > 0) ?? false
  const first = useQuery({
    queryKey: ['first-event'],
    queryFn: ({ signal }) => ask('GET /v1/events', { query: { q: TRAFFIC, limit: 1 }, signal }),
    enabled: isHere,
    refetchInterval: ({ state }) => (state.data?.events.length ? false : DETECT_MS),
  })
  const event = first.data?.events[0]
  const refused = (sources.data?.sources ?? []).reduce((sum, one) => sum + one.refused, 0)
  return (
    <div className="detector" role="status" data-state={event ? 'arrived' : 'waiting'}>
      {event ? (
        <Arrived event={event} done={done} />
      ) : (
        <>
          <p>
            <span className="waiting-mark" aria-hidden="true" /> Waiting for the first event
            <span aria-hidden="true"> · {span(Math.max(0, now - sinceMs))}</span>
          </p>
          {refused > 0 && (
            <p>
              {refused} {refused === 1 ? 'event was' : 'events were'} refused: the answer to the
              sender names the field and what to write instead.
            </p>
          )}
          {sources.error && <p>The server does not answer: {sources.error.message}</p>}
        </>
      )}
    </div>
  )
}

function Arrived({ event, done }: { readonly event: Event; readonly done: () => void }): ReactNode {
  const log = useLog().data
  const isSealed = log !== undefined && log.checkpointSize > parseIndex(event)
  return (
    <div className="stack">
      <p>
        <strong>The first event is here, {isSealed ? 'sealed into the log' : 'stored'}:</strong>{' '}
        <Plain text={event.actor.id} charsMax={100} /> did{' '}
        <Plain text={event.operation} charsMax={100} />.
      </p>
      <div className="row">
        <Button variant="filled" onClick={done}>
          Show the overview
        </Button>
        <Go to="/events" changes={{ sel: event.id }}>
          Open the event with its proof
        </Go>
      </div>
    </div>
  )
}

/** Where it stands in the log; what does not say so is not sealed yet. */
function parseIndex(event: object): number {
  const place: unknown = Reflect.get(event, 'integrity')
  const index: unknown =
    typeof place === 'object' && place !== null ? Reflect.get(place, 'index') : null
  return typeof index === 'number' ? index : Number.POSITIVE_INFINITY
}
