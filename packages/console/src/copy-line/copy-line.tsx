// A line for somewhere else: a key, a command. Shown whole, copied with one press.

import './copy-line.css'
import { ActionIcon } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { visible } from '../value/value.tsx'

const COPY = 'M5 5V2h9v9h-3M2 5h9v9H2Z'
const DONE = 'M3 8.5 6.5 12 13 4.5'

export function CopyLine({
  text,
  what,
}: {
  readonly text: string
  /** In the button's name: "key", "command". */
  readonly what: string
}): ReactNode {
  const [copied, setCopied] = useState<string | null>(null)
  const isCopied = copied === text
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(text)
  }
  return (
    <div className="copy-line">
      <code className="id">{visible(text)}</code>
      <ActionIcon aria-label={`Copy the ${what}`} onClick={() => void copy()}>
        <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" fill="none">
          <path d={isCopied ? DONE : COPY} stroke="currentColor" strokeWidth="1.4" />
        </svg>
      </ActionIcon>
      <span className="unseen" role="status">
        {isCopied ? 'Copied' : ''}
      </span>
    </div>
  )
}
