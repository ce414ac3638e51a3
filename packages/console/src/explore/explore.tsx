// Explore: to be built.

import type { ReactNode } from 'react'
import { Empty } from '../states/states.tsx'

export default function Explore(): ReactNode {
  return <Empty title="Explore" />
}
