// Entity: to be built.

import type { ReactNode } from 'react'
import { Empty } from '../states/states.tsx'

export default function Entity(): ReactNode {
  return <Empty title="Entity" />
}
