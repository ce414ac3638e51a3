// Integrity: can I prove that nothing was changed or went missing? The sentence on top says what
// this browser found out by itself; below stand the seals, the key that everything hangs on, known
// gaps, and the proof of one event. What the server says of itself is shown as what it says.

import './integrity.css'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ask } from '../api/api.ts'
import { useKeys } from '../keys/keys.ts'
import { Bone, Loaded } from '../states/states.tsx'
import { prefixOf, toggleVerification, useTrust } from '../trust/trust.ts'
import { EventProof } from './event-proof.tsx'
import { Gaps } from './gaps.tsx'
import { KeyPanel } from './key-panel.tsx'
import type { LogState } from './log-state.ts'
import { Seals } from './seals.tsx'
import { Take } from './take.tsx'
import { VerdictSheet } from './verdict-sheet.tsx'

const ASK_MS = 10_000

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
  const prefix = prefixOf(state.shard)
  const { looked, known, isTrusted } = useTrust(state)
  const trusted = isTrusted ? known : null
  const run = () => {
    if (trusted) toggleVerification(prefix, trusted)
  }
  useKeys([{ press: 'v', what: 'Verify the log in this browser, or stop', run }])
  return (
    <div className="integrity">
      <VerdictSheet
        looked={looked}
        known={known}
        run={trusted ? run : null}
        actions={<Take state={state} />}
      />
      <Seals state={state} checked={trusted?.checked ?? null} />
      <KeyPanel state={state} looked={looked.data ?? null} known={known} />
      <Gaps state={state} />
      <EventProof prefix={prefix} known={looked.data ? trusted : undefined} />
    </div>
  )
}

/** As large as what comes. */
function Waiting(): ReactNode {
  return (
    <div className="integrity">
      <div className="sheet verdict is-wide">
        <Bone height={46} />
      </div>
      <Bone height={340} />
      <Bone height={340} />
      <div className="is-wide">
        <Bone height={80} />
      </div>
      <div className="is-wide">
        <Bone height={130} />
      </div>
    </div>
  )
}
