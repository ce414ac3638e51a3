// Nothing to decide: what is watched all the same, and what else could be looked at.

import type { ReactNode } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { Empty } from '../states/states.tsx'
import { count } from '../value/value.tsx'
import type { InboxQuestion, Page } from './inbox-data.ts'
import { DEFAULT_QUESTION } from './question.ts'

export function EmptyInbox({
  page,
  question,
}: {
  readonly page: Page
  readonly question: InboxQuestion
}): ReactNode {
  const { search } = useAddress()
  const isUsual = question.text === DEFAULT_QUESTION
  const { acknowledged, resolved } = page.counts
  const others = acknowledged + resolved
  return (
    <Empty title={isUsual ? 'All triaged' : 'No alert fits the question'}>
      {isUsual ? (
        <p>
          Nothing in this time range waits for a decision
          {others > 0 && <>; {count(others)} were acknowledged or resolved</>}.
        </p>
      ) : (
        <p>
          <Go to="/alerts" changes={{ aq: null }}>
            Ask for open alerts
          </Go>{' '}
          or{' '}
          <Go to="/alerts" changes={{ aq: '*' }}>
            for all of them
          </Go>
          {search.from !== undefined && (
            <>
              , or{' '}
              <Go to="/alerts" changes={{ from: null, to: null }}>
                for the last 30 days
              </Go>
            </>
          )}
          .
        </p>
      )}
      {isUsual && <Watched page={page} />}
    </Empty>
  )
}

function Watched({ page }: { readonly page: Page }): ReactNode {
  const { budget, suppressed, watched } = page
  return (
    <>
      <p>
        {count(watched.rules)} rules watch {count(watched.entities)} entities. What is found of one
        of them within a day becomes an alert when it scores {budget.threshold.toFixed(1)} or more.
      </p>
      {suppressed > 0 && (
        <p>
          <Go to="/alerts" changes={{ aq: 'suppressed:true' }}>
            {count(suppressed)} held back by suppressions
          </Go>
        </p>
      )}
      <p className="quiet">
        To see that it works: <span className="id">tocsin rules test</span> runs every rule against
        its cases, <span className="id">tocsin backtest all</span> against what is in the log.
      </p>
    </>
  )
}
