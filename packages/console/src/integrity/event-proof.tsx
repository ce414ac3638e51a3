// The proof of one event: its place in the log, and every hash from it up to the root, computed
// here. The server only hands over the hashes; whether they fit is found out in this browser.

import { Button, TextInput } from '@mantine/core'
import { skipToken, useQuery } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { type Answer, ask, urlOf } from '../api/api.ts'
import { CopyLine } from '../copy-line/copy-line.tsx'
import { Panel } from '../panel/panel.tsx'
import { Bones, Loaded } from '../states/states.tsx'
import type { KnownLog, Proved } from '../trust/trust.ts'
import { proveEvent } from '../trust/trust.ts'
import { count, Plain, When } from '../value/value.tsx'
import { Ladder } from './ladder.tsx'

type Claimed = Answer<'GET /v1/events/{id}/proof'>

export function EventProof({
  prefix,
  known,
}: {
  readonly prefix: string
  /** null where the log is refused, undefined while nobody has looked yet. */
  readonly known: KnownLog | null | undefined
}): ReactNode {
  const { search } = useAddress()
  const id = search.event?.toLowerCase() ?? null
  return (
    <Panel
      title="Proof of one event"
      note="that it stands in the log, and where"
      className="event-proof is-wide"
    >
      <Choose key={id} id={id} />
      {id === null ? (
        <p className="quiet" data-state="empty">
          Paste the id of an event, or open one under <Go to="/events">Explore</Go> and follow its
          proof.
        </p>
      ) : known === null ? (
        <p>A proof is worth nothing while the log is refused.</p>
      ) : (
        <Proving id={id} prefix={prefix} known={known ?? null} />
      )}
    </Panel>
  )
}

function Choose({ id }: { readonly id: string | null }): ReactNode {
  const { set } = useAddress()
  const [text, setText] = useState(id ?? '')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    set({ event: text.trim() || null })
  }
  return (
    <form onSubmit={submit} className="row choose">
      <TextInput
        className="grow"
        aria-label="Id of an event"
        placeholder="Id of an event, for instance 0190b5a0-0000-7000-8000-000000000042"
        value={text}
        onChange={event => setText(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <Button type="submit">Prove</Button>
    </form>
  )
}

function Proving({
  id,
  prefix,
  known,
}: {
  readonly id: string
  readonly prefix: string
  readonly known: KnownLog | null
}): ReactNode {
  const result = useQuery({
    queryKey: ['proof', id, known?.vkey],
    queryFn: known ? ({ signal }) => proofOf({ id, prefix, known }, signal) : skipToken,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return (
    <Loaded result={result} skeleton={<Bones rows={12} />}>
      {({ claim, proved }) => <Shown id={id} claim={claim} proved={proved} />}
    </Loaded>
  )
}

type Asking = { readonly id: string; readonly prefix: string; readonly known: KnownLog }

async function proofOf({ id, prefix, known }: Asking, signal: AbortSignal) {
  const claim = await ask('GET /v1/events/{id}/proof', { params: { id }, signal })
  return { claim, proved: await proveEvent(prefix, known, { id, claim }) }
}

function Shown({
  id,
  claim,
  proved,
}: {
  readonly id: string
  readonly claim: Claimed
  readonly proved: Proved
}): ReactNode {
  const isProved = proved.doubts.length === 0
  return (
    <div className="proof-columns">
      <div className="stack">
        <div
          className={isProved ? 'proof-verdict is-good' : 'proof-verdict is-bad'}
          role={isProved ? 'status' : 'alert'}
        >
          {isProved ? (
            <p>
              Verified here: this event is entry {count(claim.index)} of {count(proved.size)}.
            </p>
          ) : (
            proved.doubts.map(doubt => <p key={doubt}>Not proved: {doubt}.</p>)
          )}
        </div>
        <Facts claim={claim} proved={proved} id={id} />
        <Sections claim={claim} />
        <Offline id={id} shard={claim.shard} />
      </div>
      <Ladder proved={proved} index={claim.index} />
    </div>
  )
}

function Facts({
  claim,
  proved,
  id,
}: {
  readonly claim: Claimed
  readonly proved: Proved
  readonly id: string
}): ReactNode {
  const { zone } = useAddress()
  const steps = proved.steps.length
  return (
    <dl className="facts">
      <dt>Event</dt>
      <dd>
        <Go to="/events" changes={{ sel: id }} className="id">
          {id}
        </Go>
      </dd>
      {proved.entry && (
        <>
          <dt>Logged</dt>
          <dd>
            <When ms={proved.entry.timeMs} zone={zone} />
          </dd>
        </>
      )}
      <dt>Path</dt>
      <dd>
        {count(steps)} {steps === 1 ? 'hash' : 'hashes'} up to the root of {count(claim.size)}{' '}
        entries
      </dd>
      <dt>Root</dt>
      <dd className="id wrap">{proved.root}</dd>
    </dl>
  )
}

function Sections({ claim }: { readonly claim: Claimed }): ReactNode {
  if (claim.sections.length === 0) return null
  return (
    <table className="plain">
      <caption>
        Sealed parts, as the server finds them; they are encrypted and do not leave it
      </caption>
      <thead>
        <tr>
          <th scope="col">Part</th>
          <th scope="col">Kept</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        {claim.sections.map((section, i) => (
          <tr key={i}>
            <td>
              {section.name === null ? (
                <span className="quiet">cannot be opened</span>
              ) : (
                <Plain text={section.name} isOneLine />
              )}
            </td>
            <td className="id">{section.retention}</td>
            <td>{stateOf(section)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function stateOf({ isStored, isAsSealed, isAsCommitted }: Claimed['sections'][number]): ReactNode {
  if (!isStored) return 'no longer kept'
  if (isAsSealed === false || isAsCommitted === false) {
    return <span className="differs-note">changed since it was sealed</span>
  }
  return isAsCommitted === null ? 'as it was sealed; its key is gone' : 'what the entry commits to'
}

function Offline({ id, shard }: { readonly id: string; readonly shard: string }): ReactNode {
  const log = `${location.origin}/log/${shard}`
  return (
    <div className="stack offline">
      <div className="row">
        <Button
          component="a"
          href={urlOf('GET /v1/events/{id}/receipt', { params: { id } })}
          download={`${id}.tlog-proof`}
        >
          Download the receipt
        </Button>
        <span className="quiet">A file that proves it without this server (C2SP tlog-proof)</span>
      </div>
      <h3>Without this page</h3>
      <p className="quiet">The receipt, against a key that you keep:</p>
      <CopyLine text={`tocsin verify ${id}.tlog-proof --vkey log.vkey`} what="command" />
      <p className="quiet">The whole log, as Tocsin checks it, and as another maker’s tool does:</p>
      <CopyLine text={`tocsin verify ${log} --vkey log.vkey`} what="command" />
      <CopyLine
        text={
          'go run github.com/transparency-dev/tessera/cmd/fsck@v1.0.4 ' +
          `--storage_url=${log}/ --public_key=log.vkey --ui=false`
        }
        what="command"
      />
    </div>
  )
}
