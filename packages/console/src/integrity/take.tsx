// What one takes along from Integrity: the seals and the known gaps as the server tells them, and
// the commands that find out the same without this page.

import type { ReactNode } from 'react'
import { urlOf } from '../api/api.ts'
import { type Table, TakeAlong } from '../download/download.tsx'
import type { LogState } from './log-state.ts'

export function Take({ state }: { readonly state: LogState }): ReactNode {
  return (
    <TakeAlong
      tables={[
        { name: 'Seals', file: 'seals.csv', table: () => sealTable(state) },
        { name: 'Known gaps', file: 'gaps.csv', table: () => gapTable(state) },
      ]}
      urls={[urlOf('GET /v1/log')]}
      commands={[`tocsin verify ${location.origin}/log/${state.shard} --vkey log.vkey`]}
    />
  )
}

const iso = (ms: number) => new Date(ms).toISOString()

function sealTable({ seals }: LogState): Table {
  return {
    head: ['time', 'entries', 'root'],
    rows: seals.map(({ timeMs, size, root }) => [iso(timeMs), size, root]),
  }
}

function gapTable({ gaps }: LogState): Table {
  return {
    head: ['start', 'end', 'source', 'via', 'lost', 'lostBytes', 'reason', 'detail', 'event'],
    rows: gaps.map(({ fromMs, toMs, source, via, lost, lostBytes, reason, detail, eventId }) => [
      ...[iso(fromMs), iso(toMs), source, via, lost, lostBytes],
      ...[reason, detail, eventId],
    ]),
  }
}
