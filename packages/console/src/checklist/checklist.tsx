// Five steps through the demo's top story, where the events are made up: a panel above the
// overview, and once begun a line on every other screen. It covers nothing and asks for nothing:
// each step is a link, and knows by itself when it was done.

import './checklist.css'
import { ActionIcon, Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useMemo } from 'react'
import { type Changes, entityPath, Go, useAddress } from '../address/address.tsx'
import { type Answer, ask, onChanged, Problem } from '../api/api.ts'
import { nowMs } from '../clock/clock.ts'
import { useSession } from '../session/session.tsx'
import { topStory } from '../story/story.ts'
import { beginStory, dismiss, markDone, startAgain, useProgress } from './progress.ts'
import { nextStep, STEPS, type Step, stepsAt } from './steps.ts'

const ALERTS = 100

type Story = Pick<Answer<'GET /v1/alerts/{id}'>, 'id' | 'entity'>

const WORDS: { readonly [step in Step]: readonly [name: string, what: string] } = {
  open: ['Open the alert', 'Who did what, unlike before'],
  compare: ['Compare with normal', 'Now beside the usual'],
  chain: ['Follow the chain', 'From person to data'],
  undo: ['Slow down and undo', 'Act, and take it back'],
  verify: ['Verify the log', 'Nothing was changed'],
}

/** A step that only its own screen can know of. */
export function stepDone(step: Step): void {
  markDone([step])
}

export function Checklist(): ReactNode {
  const { demo } = useSession()
  return demo ? <Steps /> : null
}

function Steps(): ReactNode {
  const { path, search } = useAddress()
  const progress = useProgress()
  const story = useStory()
  useEffect(() => markDone(stepsAt(path, search)), [path, search])
  useEffect(
    () =>
      onChanged(route => {
        if (route === 'POST /v1/responses/{id}/undo') markDone(['undo'])
      }),
    [],
  )
  const isWide = path === '/'
  const next = nextStep(progress)
  const isShown = isWide || (progress.done.length > 0 && next !== null)
  if (progress.isDismissed || !isShown) return null
  return (
    <aside className={isWide ? 'checklist is-wide' : 'checklist'} aria-label="First steps">
      {next === null && <AllDone />}
      {story && next !== null && (
        <ol className="steps">
          {STEPS.map((step, i) => (
            <StepLink
              key={step}
              step={step}
              number={i + 1}
              story={story}
              isDone={progress.done.includes(step)}
              isNext={step === next}
            />
          ))}
        </ol>
      )}
      {!story && next !== null && <span className="grow" />}
      <ActionIcon aria-label="Put the first steps away" onClick={() => dismiss(true)}>
        <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" fill="none">
          <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" strokeWidth="1.6" />
        </svg>
      </ActionIcon>
    </aside>
  )
}

function AllDone(): ReactNode {
  return (
    <>
      <span className="grow all-done">
        All five steps are done: you have seen how Tocsin notices, explains, acts and proves.
      </span>
      <Button variant="subtle" onClick={startAgain}>
        Start again
      </Button>
    </>
  )
}

/** Fixed once somebody began with it: a newer alert does not change what the steps are about. */
function useStory(): Story | null {
  const { story, done } = useProgress()
  const begun = done.length > 0 ? story : null
  // The overview's question, asked once for both.
  const open = useQuery({
    queryKey: ['overview', 'open'],
    queryFn: ({ signal }) =>
      ask('GET /v1/alerts', { query: { state: 'open', limit: ALERTS }, signal }),
    enabled: begun === null,
  })
  const kept = useQuery({
    queryKey: ['checklist', begun],
    queryFn: () => ask('GET /v1/alerts/{id}', { params: { id: begun ?? '' } }),
    enabled: begun !== null,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  const isGone = kept.error instanceof Problem && kept.error.status === 404
  useEffect(() => {
    if (isGone) startAgain()
  }, [isGone])
  const top = useMemo(() => topStory(open.data?.alerts ?? [], nowMs()), [open.data])
  const found = begun === null ? top : (kept.data ?? null)
  const id = found?.id ?? null
  useEffect(() => {
    if (id !== null) beginStory(id)
  }, [id])
  return found
}

function StepLink({
  step,
  number,
  story,
  isDone,
  isNext,
}: {
  readonly step: Step
  readonly number: number
  readonly story: Story
  readonly isDone: boolean
  readonly isNext: boolean
}): ReactNode {
  const [name, what] = WORDS[step]
  const { to, changes } = placeOf(step, story)
  const state = isDone ? 'is-done' : isNext ? 'is-next' : ''
  return (
    <li className={state}>
      <Go to={to} changes={changes} className="step">
        <span className="mark" aria-hidden="true">
          {isDone ? '✓' : number}
        </span>
        <span>
          <span className="name">{name}</span>
          {isDone && <span className="unseen"> (done)</span>}
          <span className="what">{what}</span>
        </span>
      </Go>
    </li>
  )
}

type Place = { readonly to: string; readonly changes: Changes }

function placeOf(step: Step, { id, entity }: Story): Place {
  switch (step) {
    case 'open':
    case 'undo':
      return { to: '/alerts', changes: { sel: id, aq: null } }
    case 'compare':
      return { to: entityPath(entity), changes: {} }
    case 'chain':
      return { to: '/investigate', changes: { alert: id } }
    case 'verify':
      return { to: '/integrity', changes: {} }
  }
}

/** For the menu: brings back what was put away. */
export function useChecklistAgain(): (() => void) | null {
  const { demo } = useSession()
  const { isDismissed } = useProgress()
  return demo && isDismissed ? () => dismiss(false) : null
}
