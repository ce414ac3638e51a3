// Integrity: can I prove that nothing was changed or went missing? The sentence on top says what this
// browser found out by itself; below stand the seals, the key that everything hangs on, known gaps,
// and the proof of one event. What the server says of itself is shown as what it says.

import './integrity.css'
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ask } from '../api/api.ts'
import { nowMs } from '../clock/clock.ts'
import { useKeys } from '../keys/keys.ts'
import { Bone, Loaded } from '../states/states.tsx'
import { EventProof } from './event-proof.tsx'
import { Gaps } from './gaps.tsx'
import { KeyPanel } from './key-panel.tsx'
import { knownFor } from './known-log.ts'
import type { LogState } from './log-state.ts'
import type { Looked } from './look.ts'
import { advance, knownLogs, meet, useKnownLogs } from './memory.ts'
import { Seals } from './seals.tsx'
import { VerdictSheet } from './verdict-sheet.tsx'
import { lookAt, startVerification, stopVerification, useVerification } from './verification.ts'

const ASK_MS = 10_000
const LOOK_MS = 60_000

export default function Integrity(): ReactNode {
  // The same question as the frame's, asked once for both.
  const log = useQuery({
    queryKey: ['log'],
    queryFn: () => ask('GET /v1/log'),
    refetchInterval: ASK_MS,
    retry: false,
  })
  return (
    <Loaded result={log} skeleton={<Waiting />}>
      {state => <Judged state={state} />}
    </Loaded>
  )
}

function Judged({ state }: { readonly state: LogState }): ReactNode {
  const prefix = `/log/${state.shard}`
  const logs = useKnownLogs()
  const looked = useLooked(prefix)
  const shown = looked.data ?? null
  const origin = shown?.kind === 'refused' ? shown.known : (shown?.shown.origin ?? state.origin)
  const known = knownFor(logs, origin)
  const isTrusted = shown !== null && shown.kind !== 'refused' && known?.origin === origin
  const verification = useVerification()
  const isRunning = verification.kind === 'running'
  const run = () => {
    if (isRunning) stopVerification()
    else if (known && isTrusted) void startVerification(prefix, known)
  }
  useKeys([{ press: 'v', what: 'Verify the log in this browser, or stop', run }])
  return (
    <div className="integrity">
      <VerdictSheet
        looked={looked}
        known={known}
        verification={verification}
        run={known && isTrusted ? run : null}
      />
      <Seals state={state} checked={isTrusted ? known.checked : null} />
      <KeyPanel state={state} looked={shown} known={known} />
      <Gaps state={state} />
      <EventProof prefix={prefix} known={shown === null ? undefined : isTrusted ? known : null} />
    </div>
  )
}

/** Looks now and then, and remembers what continues what was seen before. */
function useLooked(prefix: string): UseQueryResult<Looked> {
  return useQuery({
    queryKey: ['look', prefix],
    queryFn: async () => {
      const found = await lookAt(prefix, knownLogs())
      if (found.kind === 'refused') return found
      const seen = { ...found.shown, note: found.note }
      if (found.kind === 'first') meet(seen, nowMs())
      else advance(seen.origin, seen, nowMs())
      return found
    },
    refetchInterval: LOOK_MS,
    retry: false,
  })
}

/** As large as what comes. */
function Waiting(): ReactNode {
  return (
    <div className="integrity">
      <div className="sheet verdict is-wide">
        <Bone height={96} />
      </div>
      <Bone height={236} />
      <Bone height={236} />
      <Bone height={120} />
      <Bone height={160} />
    </div>
  )
}
