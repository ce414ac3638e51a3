// Overview: is anything wrong now, and is data still arriving? The answer stands in the first line;
// below it what made it, the alert that matters most first. Every panel loads for itself.

import './overview.css'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { useAddress } from '../address/address.tsx'
import { urlOf } from '../api/api.ts'
import { type Table, TakeAlong } from '../download/download.tsx'
import {
  askAllAgain,
  RANKED_FIELDS,
  type Series,
  TRAFFIC,
  useEver,
  useFreshness,
  useSeries,
} from './asked.ts'
import { Figures } from './figures.tsx'
import { FirstEvent } from './first-event.tsx'
import { Headline } from './headline.tsx'
import { NewestAlerts } from './newest.tsx'
import { Ranking } from './rankings.tsx'
import { Riskiest } from './riskiest.tsx'
import { Sources } from './sources.tsx'
import { Story } from './story.tsx'
import { Traffic } from './traffic.tsx'

export default function Overview(): ReactNode {
  const client = useQueryClient()
  const [isFirst, setFirst] = useIsFirst()
  const goOn = () => {
    void askAllAgain(client)
    setFirst(false)
  }
  return (
    <div className="overview">
      <Headline isFirst={isFirst} actions={<Take />} />
      {isFirst ? <FirstEvent done={goOn} /> : <Panels />}
    </div>
  )
}

/** Whether nothing ever arrived; stays so until somebody goes on. */
function useIsFirst() {
  const [isFirst, setFirst] = useState(false)
  const { data } = useSeries()
  const isQuiet = data?.totals.events === 0
  const ever = useEver(isQuiet).data
  const isNothing = isQuiet && ever?.events.length === 0
  useEffect(() => {
    if (isNothing) setFirst(true)
  }, [isNothing])
  return [isFirst, setFirst] as const
}

function Panels(): ReactNode {
  useFreshness()
  return (
    <>
      <Story />
      <Figures />
      <Traffic kind="volume" className="wide" />
      <Sources className="narrow" />
      <NewestAlerts className="half" />
      <Riskiest className="half" />
      <Traffic kind="latency" className="third" />
      <Traffic kind="tokens" className="third" />
      <Traffic kind="cost" className="third" />
      <Ranking field="endpoint" title="Top endpoints" many="endpoints" className="pair" />
      <Ranking field="model.served" title="Top models" many="models" className="pair" />
    </>
  )
}

function Take(): ReactNode {
  const { range } = useAddress()
  const { data } = useSeries()
  const query = { q: TRAFFIC, ...range }
  return (
    <TakeAlong
      tables={[
        {
          name: 'Traffic over time',
          file: 'tocsin-traffic.csv',
          table: () => (data ? trafficTable(data) : null),
        },
        {
          name: 'Figures of the range',
          file: 'tocsin-figures.csv',
          table: () => (data ? figuresTable(data) : null),
        },
      ]}
      urls={[
        urlOf('GET /v1/series', { query }),
        urlOf('GET /v1/facets', { query: { ...query, fields: RANKED_FIELDS.join(',') } }),
        urlOf('GET /v1/alerts', { query: { state: 'open' } }),
        urlOf('GET /v1/entities'),
      ]}
    />
  )
}

function trafficTable({ buckets }: Series): Table {
  const [first] = buckets
  const names = Object.keys(first ?? {})
  return {
    head: names.map(name => (name === 't' ? 'time' : name)),
    rows: buckets.map(bucket =>
      Object.entries(bucket).map(([name, value]) =>
        name === 't' && value !== null ? new Date(value).toISOString() : value,
      ),
    ),
  }
}

function figuresTable({ totals, from, to }: Series): Table {
  return {
    head: ['figure', 'value'],
    rows: [
      ['start', new Date(from).toISOString()],
      ['end', new Date(to).toISOString()],
      ...Object.entries(totals),
    ],
  }
}
