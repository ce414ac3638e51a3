// The four states of everything that is asked of the server, never mixed: a skeleton in the shape
// of the result (only after 150 ms), empty (why, and what next), an error with the request's id,
// and partial (what is there, and what is missing). Every screen shows its answers through
// `Loaded`.

import './states.css'
import { Button } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Problem } from '../api/api.ts'
import { visible } from '../value/value.tsx'

type LoadedProps<T> = {
  readonly result: UseQueryResult<T>
  /** What stands there until the answer comes, as large as the answer. */
  readonly skeleton: ReactNode
  /** null when the answer holds something. */
  readonly empty?: (answer: T) => ReactNode | null
  /** What is missing, as a sentence; null when it is whole. */
  readonly missing?: (answer: T) => string | null
  readonly children: (answer: T) => ReactNode
}

export function Loaded<T>({
  result,
  skeleton,
  empty,
  missing,
  children,
}: LoadedProps<T>): ReactNode {
  const { data, error, refetch } = result
  if (data === undefined && error) return <Failed error={error} retry={refetch} />
  if (data === undefined) return <Skeleton>{skeleton}</Skeleton>
  const nothing = empty?.(data) ?? null
  const gap = missing?.(data) ?? null
  return (
    <>
      {error && <Failed error={error} retry={refetch} isOld />}
      {gap !== null && <Partial>{gap}</Partial>}
      {nothing ?? children(data)}
    </>
  )
}

export function Skeleton({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <div className="skeleton" aria-busy="true" data-state="loading">
      <span className="unseen">Loading</span>
      {children}
    </div>
  )
}

/** A grey block of a size in pixels or any CSS length. */
export function Bone({
  width = '100%',
  height = 14,
}: {
  readonly width?: number | string
  readonly height?: number | string
}): ReactNode {
  return <div className="bone" style={{ width, height }} aria-hidden="true" />
}

/** As many lines as the result will have. */
export function Bones({
  rows,
  height = 28,
}: {
  readonly rows: number
  readonly height?: number
}): ReactNode {
  return (
    <div className="stack" style={{ gap: 1 }}>
      {Array.from({ length: rows }, (_, i) => (
        <Bone key={i} height={height - 1} />
      ))}
    </div>
  )
}

/** Why nothing is here, and what to do next. */
export function Empty({
  title,
  children,
}: {
  readonly title: string
  readonly children?: ReactNode
}): ReactNode {
  return (
    <div className="notice" data-state="empty">
      <h2>{title}</h2>
      {children}
    </div>
  )
}

export function Partial({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <div className="partial" role="status" data-state="partial">
      {children}
    </div>
  )
}

/** `isOld`: an earlier answer is still shown below. */
export function Failed({
  error,
  retry,
  isOld = false,
}: {
  readonly error: Error
  readonly retry?: () => unknown
  readonly isOld?: boolean
}): ReactNode {
  const problem = error instanceof Problem ? error : null
  return (
    <div className="notice" role="alert" data-state="error">
      <h2>{problem?.title ?? 'The console made a mistake'}</h2>
      <p>{visible(error.message)}</p>
      {isOld && <p className="quiet">Below is what was there before.</p>}
      {problem && problem.help !== '' && <p className="quiet">{problem.help}</p>}
      <p className="quiet">
        {problem?.requestId && (
          <>
            Request <span className="id">{problem.requestId}</span>
            {' · '}
          </>
        )}
        <span className="id">{problem?.code ?? error.name}</span>
      </p>
      {retry && <Button onClick={() => void retry()}>Try again</Button>}
    </div>
  )
}
