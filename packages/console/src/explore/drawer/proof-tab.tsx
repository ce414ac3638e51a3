// The proof that the event stands in the log: computed in this browser from what the server gave,
// and beside it, as such, what is only the server's word.

import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Go } from '../../address/address.tsx'
import { type Answer, ask, urlOf } from '../../api/api.ts'
import { Bones, Loaded } from '../../states/states.tsx'
import { useTrust } from '../../trust/trust.ts'
import { count, Plain } from '../../value/value.tsx'
import { ed25519, sha256 } from '../../worker/worker.ts'
import type { FoundEvent } from '../asking.ts'
import { type ProofVerdict, verifyProof } from './verify-proof.ts'

type Claimed = Answer<'GET /v1/events/{id}/proof'>
type Judged = { readonly claimed: Claimed; readonly verdict: ProofVerdict }

export function ProofTab({ event }: { readonly event: FoundEvent }): ReactNode {
  const { id } = event
  const result = useQuery({
    queryKey: ['proof', id],
    queryFn: async ({ signal }): Promise<Judged> => {
      const claimed = await ask('GET /v1/events/{id}/proof', { params: { id }, signal })
      return { claimed, verdict: await verifyProof(id, claimed, { sha256, ed25519 }) }
    },
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  })
  return (
    <Loaded result={result} skeleton={<Bones rows={10} />}>
      {judged => <Shown id={id} {...judged} />}
    </Loaded>
  )
}

function Shown({
  id,
  claimed,
  verdict,
}: Judged & {
  readonly id: string
}): ReactNode {
  const { index, size, origin } = claimed
  return (
    <div className="stack">
      <p className={verdict.isProved ? 'verdict is-right' : 'verdict is-wrong'} role="status">
        {verdict.isProved
          ? `Verified here: entry ${count(index)} of ${count(size)} in the log ${origin}.`
          : 'This proof does not hold. Do not rely on what this server shows.'}
      </p>
      <ol className="steps">
        {verdict.steps.map(({ what, isRight, detail }) => (
          <li key={what} className={isRight ? 'is-right' : 'is-wrong'}>
            <span>
              {isRight ? '✓' : '✗'} {what}
              <span className="unseen">{isRight ? ': right' : ': wrong'}</span>
            </span>
            <span className="id quiet">{detail}</span>
          </li>
        ))}
      </ol>
      <KeyTrust claimed={claimed} />
      <Sections claimed={claimed} />
      <p>
        <Button
          variant="default"
          component="a"
          href={urlOf('GET /v1/events/{id}/receipt', { params: { id } })}
          download={`${id}.tlog-proof`}
        >
          Download the receipt
        </Button>{' '}
        <span className="quiet">It proves the same without this server.</span>
      </p>
      <Raw claimed={claimed} root={verdict.root} />
    </div>
  )
}

/** What this browser knows of the log's key by itself (trust/): no server can change that. */
function KeyTrust({ claimed }: { readonly claimed: Claimed }): ReactNode {
  const { origin, shard, size, vkey } = claimed
  const { known, isRefused } = useTrust({ origin, shard, checkpointSize: size })
  if (isRefused || (known !== null && known.origin === origin && known.vkey !== vkey)) {
    return (
      <p className="verdict is-wrong">
        This is not the log that this browser remembers: <Go to="/integrity">see why</Go>.
      </p>
    )
  }
  if (known?.vkey === vkey && known.comparedMs !== null) {
    return <p>The key is the one that a person compared in this browser.</p>
  }
  return (
    <p>
      {known?.vkey === vkey
        ? 'The key is the one that this browser remembers; nobody has compared it yet: '
        : "Which key is the log's own is the server's word until you compare it: "}
      <Go to="/integrity">under Integrity</Go>.
    </p>
  )
}

function Sections({ claimed }: { readonly claimed: Claimed }): ReactNode {
  return (
    <>
      <p className="quiet">
        What lies sealed behind the entry, by the server's word; the verifier checks it over the
        files:
      </p>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Section</th>
            <th scope="col">Kept</th>
            <th scope="col">As sealed</th>
            <th scope="col">As committed</th>
          </tr>
        </thead>
        <tbody>
          {claimed.sections.map(({ name, retention, isStored, isAsSealed, isAsCommitted }, i) => (
            <tr key={i}>
              <td>{name === null ? 'cannot be opened' : <Plain text={name} />}</td>
              <td>{isStored ? retention : 'gone'}</td>
              <td>{said(isAsSealed)}</td>
              <td>{said(isAsCommitted)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

function said(isRight: boolean | null): string {
  if (isRight === null) return 'unknown'
  return isRight ? 'yes' : 'NO'
}

function Raw({
  claimed,
  root,
}: {
  readonly claimed: Claimed
  readonly root: string | null
}): ReactNode {
  return (
    <details className="proof-raw">
      <summary>Entry, path and checkpoint</summary>
      <h3>Leaf hash</h3>
      <p className="id">{claimed.leafHash}</p>
      <h3>Path, leaf to root</h3>
      <ol>
        {claimed.proof.map((hash, i) => (
          <li key={i} className="id">
            {hash}
          </li>
        ))}
      </ol>
      <h3>Root</h3>
      <p className="id">{root ?? 'could not be read'}</p>
      <h3>Checkpoint</h3>
      <pre className="id">
        <Plain text={claimed.checkpoint} />
      </pre>
    </details>
  )
}
