// The query box: an input of one line that knows the language (@tocsin/sdk/query). It offers
// fields, operators and values where the cursor stands (APG combobox with a list), underlines what
// is wrong and says it below, and hands the text on at Enter. What it holds while somebody types is
// a draft; the question that is asked stands in the address.

import './query-box.css'
import { useQuery } from '@tanstack/react-query'
import { completions, lintQuery, type Problem, type QueryField } from '@tocsin/sdk/query'
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { nowMs } from '../clock/clock.ts'
import { useKeys } from '../keys/keys.ts'
import { visible } from '../value/value.tsx'

export type Offer = {
  readonly label: string
  readonly insert: string
  readonly detail: string
}

export type QueryBoxProps = {
  /** The question that is asked now. */
  readonly text: string
  readonly fields: readonly QueryField[]
  readonly ask: (text: string) => void
  /** Values of a field seen in events, most frequent first. */
  readonly valuesOf?: (field: string) => Promise<readonly Offer[]>
  readonly label: string
  readonly placeholder?: string
  /** Questions asked before, offered while nothing is written. */
  readonly recent?: readonly string[]
  /** What the values depend on besides their field: the time range. */
  readonly valuesOver?: string
  /** What the server said of the question that was asked. */
  readonly refusal?: string | null
}

const OFFERS_MAX = 12

export function QueryBox(props: QueryBoxProps): ReactNode {
  const { text, fields, ask, label, placeholder, refusal = null } = props
  const [draft, setDraft] = useState(text)
  const [cursor, setCursor] = useState(0)
  const [isOpen, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const input = useRef<HTMLInputElement>(null)
  const mirror = useRef<HTMLDivElement>(null)
  const list = useId()
  useEffect(() => setDraft(text), [text])
  useKeys([{ press: '/', what: 'To the query', run: () => input.current?.focus() }])
  const { offers, span, isRecent } = useOffers(props, draft, cursor, isOpen)
  const faults = draft === '' ? [] : lintQuery(draft, fields, nowMs()).problems
  const fault = faults[0]?.message ?? (draft.trim() === text ? refusal : null)
  const take = (offer: Offer | undefined) => {
    if (!offer) return
    const next = draft.slice(0, span.start) + offer.insert + draft.slice(span.end)
    const place = span.start + offer.insert.length
    setDraft(next)
    setAt(-1)
    // What was asked before is a whole question.
    if (isRecent) {
      setOpen(false)
      ask(next)
      return
    }
    requestAnimationFrame(() => {
      input.current?.setSelectionRange(place, place)
      setCursor(place)
    })
  }
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const isRun = event.key === 'Enter' && (event.ctrlKey || event.metaKey)
    if (step !== undefined && offers.length > 0) {
      // From "nothing chosen" (-1) down through the offers and round again.
      const places = offers.length + 1
      setOpen(true)
      setAt(((at + 1 + step + places) % places) - 1)
    } else if (event.key === 'Enter' && !isRun && at >= 0 && isOpen) take(offers[at])
    else if (event.key === 'Tab' && isOpen && at >= 0) take(offers[at])
    else if (event.key === 'Enter') {
      setOpen(false)
      ask(draft.trim())
    } else if (event.key === 'Escape' && isOpen) setOpen(false)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const isListed = isOpen && offers.length > 0
  return (
    <div className="query-box">
      <div className="line">
        <Mirror ref={mirror} draft={draft} faults={faults} />
        <input
          ref={input}
          value={draft}
          placeholder={placeholder}
          aria-label={label}
          role="combobox"
          aria-expanded={isListed}
          aria-controls={list}
          aria-autocomplete="list"
          aria-invalid={fault !== null}
          aria-describedby={fault === null ? undefined : `${list}-faults`}
          aria-activedescendant={isListed && at >= 0 ? `${list}-${at}` : undefined}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={event => {
            setDraft(event.currentTarget.value)
            setCursor(event.currentTarget.selectionStart ?? 0)
            setOpen(true)
            setAt(-1)
          }}
          onClick={() => setOpen(isOpen || draft === '')}
          onSelect={event => setCursor(event.currentTarget.selectionStart ?? 0)}
          onScroll={event => {
            if (mirror.current) mirror.current.scrollLeft = event.currentTarget.scrollLeft
          }}
          onBlur={() => setOpen(false)}
          onKeyDown={press}
        />
      </div>
      {isListed && <Offered list={list} offers={offers} at={at} take={take} />}
      {fault !== null && !isListed && <Fault id={`${list}-faults`} text={fault} />}
    </div>
  )
}

function Offered({
  list,
  offers,
  at,
  take,
}: {
  readonly list: string
  readonly offers: readonly Offer[]
  readonly at: number
  readonly take: (offer: Offer) => void
}): ReactNode {
  return (
    <div className="offers" role="listbox" id={list} aria-label="What can stand here">
      {offers.map((offer, i) => (
        <div
          key={`${offer.label} ${offer.insert}`}
          id={`${list}-${i}`}
          role="option"
          aria-selected={i === at}
          className="offer"
          onMouseDown={event => event.preventDefault()}
          onClick={() => take(offer)}
        >
          <span className="name">{visible(offer.label)}</span>
          <span className="quiet cut">{offer.detail}</span>
        </div>
      ))}
    </div>
  )
}

function Fault({ id, text }: { readonly id: string; readonly text: string }): ReactNode {
  return (
    <div className="faults" id={id} role="status">
      {visible(text)}
    </div>
  )
}

type Offers = {
  readonly offers: readonly Offer[]
  readonly isRecent: boolean
  readonly span: { readonly start: number; readonly end: number }
}

function useOffers(
  { fields, valuesOf, valuesOver = '', recent = [] }: QueryBoxProps,
  draft: string,
  cursor: number,
  isOpen: boolean,
): Offers {
  const { items, span, field } = completions(draft, cursor, fields)
  const typed = draft.slice(span.start, cursor).replace(/^"/, '').toLowerCase()
  const seen = useQuery({
    queryKey: ['values', field, valuesOver],
    queryFn: () => valuesOf?.(field ?? '') ?? [],
    enabled: isOpen && field !== null && valuesOf !== undefined,
    staleTime: 60_000,
    retry: false,
  })
  if (draft === '' && recent.length > 0) {
    const offers = recent.map(text => ({ label: text, insert: text, detail: 'asked before' }))
    return { offers, span: { start: 0, end: 0 }, isRecent: true }
  }
  const values = field === null ? [] : (seen.data ?? [])
  const fitting = values.filter(value => value.label.toLowerCase().includes(typed))
  const known = new Set(fitting.map(offer => offer.label))
  const others = items.filter(item => !known.has(item.label))
  return { offers: [...fitting, ...others].slice(0, OFFERS_MAX), span, isRecent: false }
}

/** The same text under the input, with waves where it is wrong. */
function Mirror({
  ref,
  draft,
  faults,
}: {
  readonly ref: { current: HTMLDivElement | null }
  readonly draft: string
  readonly faults: readonly Problem[]
}): ReactNode {
  const [first] = faults
  if (!first) return <div ref={ref} className="mirror" aria-hidden="true" />
  const { start, end } = first.span
  // An error at the end of the text has nothing to underline but the place behind it.
  const wrong = draft.slice(start, end) || ' '
  return (
    <div ref={ref} className="mirror" aria-hidden="true">
      {draft.slice(0, start)}
      <span className="wrong">{wrong}</span>
      {draft.slice(end)}
    </div>
  )
}
