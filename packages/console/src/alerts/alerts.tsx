// Alerts: what must be decided next? The inbox, and beside it the alert that is open.

import './alerts.css'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useMemo, useState } from 'react'
import { useAddress } from '../address/address.tsx'
import { useKeys } from '../keys/keys.ts'
import { useSession, useWhyNot } from '../session/session.tsx'
import { Bones, Loaded } from '../states/states.tsx'
import { count } from '../value/value.tsx'
import type { ActionsProps, FormKind } from './actions.tsx'
import { useBulk } from './bulk.ts'
import { BulkBar, type BulkBarProps } from './bulk-bar.tsx'
import { acknowledge } from './changes.ts'
import { EmptyInbox } from './empty-inbox.tsx'
import { Inbox } from './inbox.tsx'
import { type InboxQuestion, useInbox, useQuestion } from './inbox-data.ts'
import { alertsIn, groupingOf, linesOf } from './lines.ts'
import { Opened } from './opened.tsx'
import { isSelected, NOTHING, type Selection, sizeOf, toggled } from './selection.ts'
import { StatusLine } from './status-line.tsx'
import { Toolbar } from './toolbar.tsx'
import { type Undoing, useUndoing } from './undoing.ts'
import { useWalk, type Walk } from './walk.ts'

const SKELETON_ROWS = 16

export default function Alerts(): ReactNode {
  const { search } = useAddress()
  const question = useQuestion()
  const inbox = useInbox(question)
  const grouping = groupingOf(search.group)
  const lines = useMemo(() => linesOf(inbox.pages, grouping), [inbox.pages, grouping])
  const alerts = useMemo(() => alertsIn(lines), [lines])
  const walk = useWalk(alerts, inbox.result)
  const undoing = useUndoing()
  const many = useMany(question, undoing)
  const one = useOne(walk, undoing)
  const loaded = alerts.map(({ id }) => id)
  const toggle = (id: string) => many.select(toggled(many.selection, id, loaded))
  const total = inbox.head?.total ?? 0
  useInboxKeys({ walk, one, many, undoing, total, toggle })
  const { opened, at } = walk
  const more = inbox.result.hasNextPage ? () => void inbox.result.fetchNextPage() : null
  return (
    <div className={opened === null ? 'alerts' : 'alerts is-split'}>
      <Toolbar question={question} inbox={inbox} />
      {sizeOf(many.selection) > 0 ? (
        <BulkBar {...many} total={total} />
      ) : (
        <StatusLine inbox={inbox} undoing={undoing} />
      )}
      <div className="alerts-body">
        <div className="inbox sheet">
          <Loaded
            result={inbox.result}
            skeleton={<Bones rows={SKELETON_ROWS} height={40} />}
            empty={([page]) =>
              page && alerts.length === 0 ? <EmptyInbox page={page} question={question} /> : null
            }
          >
            {() => (
              <Inbox
                lines={lines}
                grouping={grouping}
                isWhole={!inbox.result.hasNextPage}
                opened={opened}
                current={walk.current}
                setCurrent={walk.setCurrent}
                isSelected={id => isSelected(many.selection, id)}
                toggle={toggle}
                open={walk.open}
                more={more}
                focusRow={walk.focusRow}
              />
            )}
          </Loaded>
        </div>
        {opened !== null && (
          <Opened
            id={opened}
            listed={alerts[at] ?? null}
            place={at < 0 ? 'Not in this list' : `${count(at + 1)} of ${count(total)}`}
            previous={at > 0 ? () => walk.step(-1) : null}
            next={walk.hasNext ? () => walk.step(1) : null}
            close={walk.close}
            {...one}
          />
        )}
      </div>
    </div>
  )
}

/** What is done with the alert that is open, or that the focus is on. */
function useOne({ opened, current, open }: Walk, { act, run }: Undoing): One {
  const client = useQueryClient()
  const mayNot = useWhyNot('triage')
  const [asked, setAsked] = useState<{ readonly id: string; readonly kind: FormKind } | null>(null)
  return {
    form: asked !== null && asked.id === opened ? asked.kind : null,
    setForm(kind) {
      if (current === null || mayNot !== null) return
      setAsked(kind === null ? null : { id: current, kind })
      if (kind !== null && opened === null) open(current)
    },
    act,
    acknowledge() {
      if (current === null) return
      run(async () => {
        if (mayNot !== null) throw new Error(mayNot)
        return acknowledge(client, current)
      })
    },
  }
}

type One = Pick<ActionsProps, 'form' | 'setForm' | 'act' | 'acknowledge'>
type Many = Omit<BulkBarProps, 'total'>

/** What is done with all that is selected. */
function useMany(question: InboxQuestion, { show }: Undoing): Many {
  const [selection, select] = useState<Selection>(NOTHING)
  const [isResolving, setResolving] = useState(false)
  const clear = () => {
    select(NOTHING)
    setResolving(false)
  }
  const bulk = useBulk(selection, question, change => {
    show(change)
    clear()
  })
  const { text, from, to } = question
  // What was selected is selected by a question; another question selects nothing.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another question clears it
  useEffect(clear, [text, from, to])
  return { bulk, selection, select, clear, isResolving, setResolving }
}

type Keyed = {
  readonly walk: Walk
  readonly one: One
  readonly many: Many
  readonly undoing: Undoing
  readonly total: number
  readonly toggle: (id: string) => void
}

function useInboxKeys({ walk, one, many, undoing, total, toggle }: Keyed): void {
  const { principal } = useSession()
  const { bulk, select, clear, setResolving } = many
  const isMany = sizeOf(many.selection) > 0
  const leave = () => {
    if (one.form !== null) one.setForm(null)
    else if (isMany) clear()
    else if (walk.opened !== null) walk.close()
  }
  useKeys([
    { press: 'j', what: 'Next alert of the question', run: () => walk.step(1) },
    { press: 'k', what: 'Previous alert', run: () => walk.step(-1) },
    { press: 'Escape', what: 'Close what is open', run: leave },
    {
      press: 'x',
      what: 'Select the alert',
      run: () => walk.current !== null && toggle(walk.current),
    },
    {
      press: 'X',
      what: 'Select all that match',
      run: () => select({ kind: 'all', count: total }),
    },
    {
      press: 'e',
      what: 'Acknowledge',
      run: () => (isMany ? bulk.say({ action: 'ack' }) : one.acknowledge()),
    },
    {
      press: 'a',
      what: 'Assign',
      run: () =>
        isMany ? bulk.say({ action: 'assign', assignee: principal }) : one.setForm('assign'),
    },
    {
      press: 'r',
      what: 'Resolve: what it was, and why',
      run: () => (isMany ? setResolving(true) : one.setForm('resolve')),
    },
    { press: 'm', what: 'Suppress for a while', run: () => one.setForm('suppress') },
    { press: 'z', what: 'Undo what was just done', run: undoing.undo },
  ])
}
