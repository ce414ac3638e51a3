// The sentence, what it rests on, and the button that makes it true. A refusal is red, comes first
// and names what differs; nothing hides it until the log is found good again.

import { Progress as Bar, Button } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useAddress } from '../address/address.tsx'
import { useNowMs } from '../clock/clock.ts'
import { Bone, Failed, Skeleton } from '../states/states.tsx'
import {
  type Intact,
  type KnownLog,
  type Looked,
  useVerification,
  type Verification,
} from '../trust/trust.ts'
import { bytes, count, duration, visible, When } from '../value/value.tsx'
import { figuresOf, type Headline, headlineOf, scopeOf, type Tone } from './words.ts'

export type VerdictProps = {
  readonly looked: UseQueryResult<Looked>
  readonly known: KnownLog | null
  /** Starts or stops verifying; null where the key is not trusted. */
  readonly run: (() => void) | null
  readonly actions: ReactNode
}

export function VerdictSheet(props: VerdictProps): ReactNode {
  const { looked, known, run } = props
  const verification = useVerification()
  const now = useNowMs()
  const shown = looked.data ?? null
  if (looked.error && !shown) {
    return (
      <section className="sheet verdict is-wide" aria-label="Verdict">
        <Failed error={looked.error} retry={looked.refetch} />
      </section>
    )
  }
  const headline = shown && headlineOf(shown, known, now)
  const checked = known?.checked ?? null
  const isRefused = shown?.kind === 'refused'
  return (
    <section
      className={`sheet verdict is-wide is-${headline?.tone ?? 'plain'}`}
      aria-label="Verdict"
    >
      <div className="verdict-head">
        {headline ? <Sentence headline={headline} /> : <Looking />}
        {props.actions}
        {isRefused ? (
          <Button variant="outline" color="critical" onClick={() => void looked.refetch()}>
            Look again
          </Button>
        ) : (
          <Run run={run} verification={verification} hasChecked={checked !== null} />
        )}
      </div>
      {shown?.kind === 'refused' && known && <Differences looked={shown} known={known} />}
      {verification.kind === 'running' && <Running verification={verification} />}
      {verification.kind === 'failed' && (
        <p role="alert" className="verdict-note">
          It could not be verified to the end: {verification.message}.
        </p>
      )}
      {!isRefused && checked?.kind === 'intact' && verification.kind !== 'running' && (
        <Scope checked={checked} />
      )}
    </section>
  )
}

const MARKS: { readonly [tone in Tone]: string } = {
  good: 'M11 1.5 3 4.5v6c0 5 3.5 8.5 8 10 4.5-1.5 8-5 8-10v-6ZM7 11l3 3 5.5-6',
  plain: 'M11 1.5 3 4.5v6c0 5 3.5 8.5 8 10 4.5-1.5 8-5 8-10v-6Z',
  bad: 'M11 1.5 3 4.5v6c0 5 3.5 8.5 8 10 4.5-1.5 8-5 8-10v-6ZM8 8l6 6M14 8l-6 6',
}

function Sentence({ headline }: { readonly headline: Headline }): ReactNode {
  const { tone, title, more } = headline
  return (
    <>
      <svg className="verdict-mark" width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
        <path d={MARKS[tone]} fill="none" stroke="currentColor" strokeWidth="1.8" />
      </svg>
      <div className="grow" role={tone === 'bad' ? 'alert' : 'status'}>
        <h2>{visible(title)}</h2>
        <p className="verdict-more">{visible(more)}</p>
      </div>
    </>
  )
}

function Looking(): ReactNode {
  return (
    <div className="grow">
      <Skeleton>
        <div className="stack">
          <Bone width="60%" height={20} />
          <Bone width="40%" height={16} />
        </div>
      </Skeleton>
    </div>
  )
}

function Run({
  run,
  verification,
  hasChecked,
}: {
  readonly run: (() => void) | null
  readonly verification: Verification
  readonly hasChecked: boolean
}): ReactNode {
  const isRunning = verification.kind === 'running'
  const words = hasChecked ? 'Verify again' : 'Verify in this browser'
  return (
    <Button
      variant={hasChecked || isRunning ? 'outline' : 'filled'}
      disabled={run === null}
      onClick={() => run?.()}
      rightSection={<kbd>v</kbd>}
    >
      {isRunning ? 'Stop' : words}
    </Button>
  )
}

function Running({
  verification,
}: {
  readonly verification: Extract<Verification, { kind: 'running' }>
}): ReactNode {
  const { done, size, bytes: read, tookMs } = verification.progress ?? NOT_YET
  const part = size === 0 ? 0 : done / size
  const perMs = done / Math.max(tookMs, 1)
  const left = perMs > 0 ? duration((size - done) / perMs) : '…'
  return (
    <div className="verdict-note">
      <Bar value={part * 100} aria-label="Verified so far" size="sm" color="var(--accent)" />
      <p className="figures">
        {count(done)} of {count(size)} entries · {bytes(read)} · {count(Math.round(perMs * 1000))}{' '}
        entries a second · {left} left
      </p>
    </div>
  )
}

const NOT_YET = { done: 0, size: 0, bytes: 0, tookMs: 0 }

function Scope({ checked }: { readonly checked: Intact }): ReactNode {
  const { zone } = useAddress()
  const { shown, not } = scopeOf(checked)
  const { firstMs, lastMs } = checked
  return (
    <div className="scope">
      <div>
        <h3>Shown here</h3>
        <ul>
          {shown.map(sentence => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </div>
      <div>
        <h3>Not shown here</h3>
        <ul>
          {not.map(sentence => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </div>
      <dl>
        <dt>Root</dt>
        <dd className="id wrap">{checked.root}</dd>
        {firstMs !== null && lastMs !== null && (
          <>
            <dt>Entries</dt>
            <dd>
              <When ms={firstMs} zone={zone} /> – <When ms={lastMs} zone={zone} />
            </dd>
          </>
        )}
        <dt>Read</dt>
        <dd>{figuresOf(checked)}</dd>
      </dl>
    </div>
  )
}

/** What this browser remembers beside what the server shows; what differs is marked. */
function Differences({
  looked: { shown },
  known,
}: {
  readonly looked: Extract<Looked, { kind: 'refused' }>
  readonly known: KnownLog
}): ReactNode {
  const rows = [
    ['Name', known.origin, shown?.origin],
    ['Key', known.vkey, shown?.vkey],
    ['Entries', count(known.size), shown ? count(shown.size) : undefined],
  ] as const
  return (
    <table className="plain differences">
      <thead>
        <tr>
          <th scope="col">
            <span className="unseen">What</span>
          </th>
          <th scope="col">This browser remembers</th>
          <th scope="col">The server shows</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, mine, theirs]) => (
          <tr key={name} className={mine === theirs ? undefined : 'differs'}>
            <th scope="row">
              {name}
              {mine !== theirs && <span className="unseen"> (differs)</span>}
            </th>
            <td className="id wrap">{visible(mine)}</td>
            <td className="id wrap">{theirs === undefined ? 'nothing' : visible(theirs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
