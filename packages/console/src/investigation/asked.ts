// What is investigated stands in the address: an alert, or an entity. One question to the server,
// which reads four weeks of events for it.

import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { useAddress } from '../address/address.tsx'
import { type Answer, ask } from '../api/api.ts'

export type Investigation = Answer<'GET /v1/investigations'>
export type Path = Investigation['chain'][number]
export type Run = Investigation['during'][number]

export type Subject = { readonly alert: string } | { readonly entity: string }

/** null where the address names nothing. */
export function useSubject(): Subject | null {
  const { search } = useAddress()
  const { alert, entity } = search
  if (alert !== undefined) return { alert }
  return entity === undefined ? null : { entity }
}

export function useInvestigation(subject: Subject): UseQueryResult<Investigation> {
  return useQuery({
    queryKey: ['investigation', subject],
    queryFn: ({ signal }) => ask('GET /v1/investigations', { query: subject, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** As the address and the command line write an entity. */
export function entityText({ type, id }: Investigation['entity']): string {
  return `${type}:${id}`
}
