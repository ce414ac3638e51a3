// Investigation: to be built.

import type { ReactNode } from 'react'
import { Empty } from '../states/states.tsx'

export default function Investigation(): ReactNode {
  return <Empty title="Investigation" />
}
