// Overview: to be built.

import type { ReactNode } from 'react'
import { Empty } from '../states/states.tsx'

export default function Overview(): ReactNode {
  return <Empty title="Overview" />
}
