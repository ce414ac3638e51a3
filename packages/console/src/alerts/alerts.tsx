// Alerts: to be built.

import type { ReactNode } from 'react'
import { Empty } from '../states/states.tsx'

export default function Alerts(): ReactNode {
  return <Empty title="Alerts" />
}
