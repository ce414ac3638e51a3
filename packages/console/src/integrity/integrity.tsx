// Integrity: to be built.

import type { ReactNode } from 'react'
import { Empty } from '../states/states.tsx'

export default function Integrity(): ReactNode {
  return <Empty title="Integrity" />
}
