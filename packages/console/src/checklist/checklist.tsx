// Five steps through the demo's top story, where the events are made up: a panel above the overview, a
// line on every other screen. It covers nothing and asks for nothing: each step is a link, and knows
// by itself when it was done.

import './checklist.css'
import { ActionIcon, Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { type Changes, entityPath, Go, useAddress } from '../address/address.tsx'
import { type Answer, ask, onChanged, Problem } from '../api/api.ts'
import { useSession } from '../session/session.tsx'
import { Plain, Severity } from '../value/value.tsx'
import { beginStory, dismiss, markDone, startAgain, useProgress } from './progress.ts'
import { nextStep, STEPS, type Step, stepsAt, topStory } from './steps.ts'

const ASK_MS = 15_000
const ALERTS = 200

type Story = Pick<Answer<'GET /v1/alerts/{id}'>, 'id' | 'entity' | 'level' | 'sentence' | 'title'>

const WORDS: { readonly [step in Step]: readonly [name: string, what: string] } = {
  open: ['Open the alert', 'Who did what, and why that is unlike them'],
  compare: ['Compare with normal', 'The same account as it used to be'],
  chain: ['Follow the chain', 'From person and credential to the data'],
  undo: ['Slow down, and undo', 'Take a decision, then take it back'],
  verify: ['Verify the log', 'Prove that nothing was changed'],
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
  const hasBegun = progress.done.length > 0
  if (progress.isDismissed || !story || (path !== '/' && !hasBegun)) return null
  const next = nextStep(progress)
  return (
    <aside className={path === '/' ? 'checklist is-open' : 'checklist'} aria-label="First steps">
      {path === '/' && <Head story={story} next={next} />}
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
      <ActionIcon aria-label="Put the first steps away" onClick={() => dismiss(true)}>
        <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" fill="none">
          <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" strokeWidth="1.6" />
        </svg>
      </ActionIcon>
    </aside>
  )
}

/** Fixed once somebody began with it: a newer alert does not change what the steps are about. */
function useStory(): Story | null {
  const { story, done } = useProgress()
  const begun = done.length > 0 ? story : null
  const newest = useQuery({
    queryKey: ['checklist', 'top'],
    queryFn: async () => {
      const { alerts } = await ask('GET /v1/alerts', { query: { state: 'open', limit: ALERTS } })
      return topStory(alerts, null)
    },
    enabled: begun === null,
    refetchInterval: ASK_MS,
    retry: false,
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
  const found = (begun === null ? newest.data : kept.data) ?? null
  useEffect(() => {
    if (found) beginStory(found.id)
  }, [found])
  return found
}

function Head({ story, next }: { readonly story: Story; readonly next: Step | null }): ReactNode {
  if (next === null) {
    return (
      <div className="story">
        <span className="grow">You have seen how Tocsin notices, explains, acts and proves.</span>
        <Button variant="subtle" onClick={startAgain}>
          Start again
        </Button>
      </div>
    )
  }
  return (
    <div className="story">
      <Severity level={story.level} />
      <span className="grow">
        <Plain text={story.sentence} charsMax={300} />
      </span>
    </div>
  )
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
