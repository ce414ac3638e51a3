// Which screen stands at which address. Each is loaded when somebody goes there.

import {
  type AnyRouter,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouteComponent,
} from '@tanstack/react-router'
import { parseSearch, printSearch, type Search } from './address/address.tsx'
import { Frame } from './frame/frame.tsx'
import { Empty, Failed } from './states/states.tsx'

type Screen = () => Promise<{ readonly default: RouteComponent }>

const root = createRootRoute({
  component: Frame,
  notFoundComponent: () => (
    <Empty title="There is no such page">
      <p>The menu has all there are.</p>
    </Empty>
  ),
  errorComponent: ({ error }) => (
    <Failed error={error instanceof Error ? error : new Error(String(error))} />
  ),
})

const at = (path: string, load: Screen) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) })

const TREE = root.addChildren([
  at('/', () => import('./overview/overview.tsx')),
  createRoute({ getParentRoute: () => root, path: '/sign-in' }),
  at('/events', () => import('./explore/explore.tsx')),
  at('/alerts', () => import('./alerts/alerts.tsx')),
  at('/entities/$type/$id', () => import('./entity/entity.tsx')),
  at('/investigate', () => import('./investigation/investigation.tsx')),
  at('/integrity', () => import('./integrity/integrity.tsx')),
])

export const router: AnyRouter = createRouter({
  routeTree: TREE,
  parseSearch,
  stringifySearch: search => printSearch(search as Search),
  scrollRestoration: true,
  defaultPreload: 'intent',
})
