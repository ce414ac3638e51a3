// The key that everything hangs on, as this browser remembers it. The first time it can only be
// taken as shown; comparing it with what the operator gives by another way makes it worth more. It
// changes only when a person forgets it here.

import { Button, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { useAddress } from '../address/address.tsx'
import { nowMs } from '../clock/clock.ts'
import { CopyLine } from '../copy-line/copy-line.tsx'
import { Panel } from '../panel/panel.tsx'
import { Bones, Skeleton } from '../states/states.tsx'
import type { KnownLog, Looked } from '../trust/trust.ts'
import { forget, rememberComparison } from '../trust/trust.ts'
import { count, visible, When } from '../value/value.tsx'
import type { LogState } from './log-state.ts'

export function KeyPanel({
  state,
  looked,
  known,
}: {
  readonly state: LogState
  readonly looked: Looked | null
  readonly known: KnownLog | null
}): ReactNode {
  const title = 'The key of this log'
  if (!known) {
    return (
      <Panel title={title} className="key-panel">
        {looked === null ? (
          <Skeleton>
            <Bones rows={6} />
          </Skeleton>
        ) : (
          <p>No key is remembered: nothing was shown yet that could be trusted.</p>
        )}
      </Panel>
    )
  }
  return (
    <Panel title={title} className="key-panel">
      <CopyLine text={known.vkey} what="key" />
      <Facts known={known} />
      {known.comparedMs === null && <Compare known={known} shard={state.shard} />}
      <Forget known={known} isRefused={looked?.kind === 'refused'} />
    </Panel>
  )
}

function Facts({ known }: { readonly known: KnownLog }): ReactNode {
  const { zone } = useAddress()
  const { firstSeenMs, comparedMs, size, seenMs } = known
  return (
    <dl className="facts">
      <dt>First seen</dt>
      <dd>
        <When ms={firstSeenMs} zone={zone} /> in this browser
      </dd>
      <dt>Compared</dt>
      <dd>
        {comparedMs === null ? (
          <span className="doubt">not yet with the operator’s</span>
        ) : (
          <>
            <When ms={comparedMs} zone={zone} />, the same as the operator’s
          </>
        )}
      </dd>
      <dt>Last checkpoint</dt>
      <dd>
        {count(size)} entries, seen <When ms={seenMs} zone={zone} isRelative />
      </dd>
    </dl>
  )
}

function Compare({
  known,
  shard,
}: {
  readonly known: KnownLog
  readonly shard: string
}): ReactNode {
  const [text, setText] = useState('')
  const [isOther, setOther] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const isSame = text.trim() === known.vkey
    setOther(!isSame)
    if (isSame) rememberComparison(known.origin, nowMs())
  }
  return (
    <form onSubmit={submit} className="stack compare">
      <p>
        This browser took the key as the server showed it. Compare it with the one that the operator
        gives you by another way; on the server’s machine it is the file{' '}
        <span className="id">log/{visible(shard)}/log.vkey</span> of the data directory.
      </p>
      <div className="row">
        <TextInput
          className="grow"
          aria-label="Key that the operator gave you"
          placeholder="Paste the operator’s key"
          value={text}
          onChange={event => {
            setText(event.currentTarget.value)
            setOther(false)
          }}
          autoComplete="off"
          spellCheck={false}
        />
        <Button type="submit" disabled={text.trim() === ''}>
          Compare
        </Button>
      </div>
      {isOther && (
        <p role="alert" className="differs-note">
          This is another key. Do not trust this log before the operator has explained why.
        </p>
      )}
    </form>
  )
}

/** In two steps: whoever forgets the key takes the next one that is shown. */
function Forget({
  known,
  isRefused,
}: {
  readonly known: KnownLog
  readonly isRefused: boolean
}): ReactNode {
  const client = useQueryClient()
  const [isAsked, setAsked] = useState(false)
  const go = () => {
    forget(known.origin)
    setAsked(false)
    void client.invalidateQueries({ queryKey: ['look'] })
  }
  if (!isAsked) {
    return (
      <div>
        <Button
          variant="subtle"
          color={isRefused ? 'critical' : 'ink'}
          onClick={() => setAsked(true)}
        >
          Forget this key …
        </Button>
      </div>
    )
  }
  return (
    <div className="stack forget" role="group" aria-label="Forget this key">
      <p>
        The key that the server shows next will be taken for the log’s own, and what was seen and
        verified here no longer counts. Do this only if you know why the log is another one.
      </p>
      <div className="row">
        <Button color="critical" onClick={go}>
          Forget it
        </Button>
        <Button variant="subtle" onClick={() => setAsked(false)}>
          Keep it
        </Button>
      </div>
    </div>
  )
}
