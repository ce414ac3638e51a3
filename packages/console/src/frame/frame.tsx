// What stands around every screen: menu, title, time range, zone, colours, palette, help, and
// whether the log is sealed and whole. The screen in it is chosen by the address.

import './frame.css'
import { ActionIcon, Button, Menu, SegmentedControl, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Outlet } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { frozen, Go, printSearch, useAddress } from '../address/address.tsx'
import { ask } from '../api/api.ts'
import { Checklist, useChecklistAgain } from '../checklist/checklist.tsx'
import { nowMs } from '../clock/clock.ts'
import { useKeys } from '../keys/keys.ts'
import mark from '../mark/tocsin.svg'
import { SignedIn, useSession } from '../session/session.tsx'
import { SignIn } from '../sign-in/sign-in.tsx'
import { type Contrast, readContrast, readScheme, type Scheme, wear } from '../theme/theme.ts'
import { Help } from './help.tsx'
import { Palette } from './palette.tsx'
import { PLACES, type Place } from './places.ts'
import { RangePicker } from './range-picker.tsx'
import { Seal } from './seal.tsx'

const COUNT_MS = 15_000

export function Frame(): ReactNode {
  const { path } = useAddress()
  if (path === '/sign-in') return <SignIn />
  return (
    <SignedIn signIn={<SignIn />}>
      <Framed />
    </SignedIn>
  )
}

function Framed(): ReactNode {
  const { path, go } = useAddress()
  const [open, setOpen] = useState<'palette' | 'help' | null>(null)
  const title = titleOf(path)
  useEffect(() => {
    document.title = `${title} · Tocsin`
  }, [title])
  useKeys([
    { press: 'mod+k', what: 'Palette: go anywhere', run: () => setOpen('palette') },
    { press: '?', what: 'Keys', run: () => setOpen('help') },
    ...PLACES.map(place => ({
      press: `g ${place.key}`,
      what: `Go to ${place.name}`,
      run: () => go(place.path),
    })),
  ])
  return (
    <div className="frame">
      <a className="skip" href="#screen">
        Skip to the content
      </a>
      <Places path={path} />
      <Top title={title} openPalette={() => setOpen('palette')} openHelp={() => setOpen('help')} />
      <Checklist />
      <main className="screen" id="screen" tabIndex={-1}>
        <Outlet />
      </main>
      <Palette isOpen={open === 'palette'} close={() => setOpen(null)} />
      <Help isOpen={open === 'help'} close={() => setOpen(null)} />
    </div>
  )
}

function titleOf(path: string): string {
  if (path.startsWith('/entities/')) return 'Entity'
  return PLACES.find(place => place.path === path)?.name ?? 'Tocsin'
}

function Places({ path }: { readonly path: string }): ReactNode {
  const { principal, version } = useSession()
  const open = useQuery({
    queryKey: ['open-alerts'],
    queryFn: () => ask('GET /v1/alerts', { query: { state: 'open', limit: 1 } }),
    refetchInterval: COUNT_MS,
    retry: false,
  })
  const waiting = open.data?.counts.open ?? 0
  return (
    <nav className="menu" aria-label="Screens">
      <Go to="/" className="brand" label="Tocsin: overview">
        <img src={mark} alt="" width="24" height="24" />
        <span className="word">Tocsin</span>
      </Go>
      {PLACES.map(place => (
        <PlaceLink
          key={place.path}
          place={place}
          isCurrent={place.path === path}
          waiting={place.path === '/alerts' ? waiting : 0}
        />
      ))}
      <div className="foot">
        <div className="cut">{principal}</div>
        <div>Version {version}</div>
      </div>
    </nav>
  )
}

function PlaceLink({
  place,
  isCurrent,
  waiting,
}: {
  readonly place: Place
  readonly isCurrent: boolean
  readonly waiting: number
}): ReactNode {
  const more = waiting > 0 ? ` ${waiting} open` : ''
  return (
    <Go to={place.path} className="place" isCurrent={isCurrent} label={`${place.name}${more}`}>
      <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" fill="none">
        <path d={place.icon} stroke="currentColor" strokeWidth="1.6" strokeLinejoin="round" />
      </svg>
      <span className="word">{place.name}</span>
      {waiting > 0 && <span className="number word"> {waiting}</span>}
    </Go>
  )
}

/** Screens that look at a stretch of their own, and state it. */
const WITHOUT_RANGE: ReadonlySet<string> = new Set(['/investigate', '/integrity'])

function Top({
  title,
  openPalette,
  openHelp,
}: {
  readonly title: string
  readonly openPalette: () => void
  readonly openHelp: () => void
}): ReactNode {
  const { demo } = useSession()
  const { zone, set, path } = useAddress()
  return (
    <header className="top">
      <h1>{title}</h1>
      {demo && (
        <Tooltip label="A made-up company; every account and event on these pages is invented">
          <span className="watermark">Demo data</span>
        </Tooltip>
      )}
      <span className="grow" />
      <Seal />
      {!WITHOUT_RANGE.has(path) && <RangePicker />}
      <SegmentedControl
        aria-label="Time zone"
        value={zone}
        onChange={value => set({ tz: value === 'local' ? 'local' : null }, { replace: true })}
        data={[
          { value: 'utc', label: 'UTC' },
          { value: 'local', label: 'Local' },
        ]}
      />
      <Button variant="default" onClick={openPalette} rightSection={<kbd>Ctrl K</kbd>}>
        Go to
      </Button>
      <Settings openHelp={openHelp} />
    </header>
  )
}

function Settings({ openHelp }: { readonly openHelp: () => void }): ReactNode {
  const { search, path } = useAddress()
  const checklistAgain = useChecklistAgain()
  const [scheme, setScheme] = useState(readScheme)
  const [contrast, setContrast] = useState(readContrast)
  const dress = (next: Scheme, strength: Contrast) => {
    setScheme(next)
    setContrast(strength)
    wear(next, strength)
  }
  const copyLink = async () => {
    const link = location.origin + path + printSearch(frozen(search, nowMs(), path))
    await navigator.clipboard.writeText(link)
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label="Menu: link, colours, keys, sign out">
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" fill="currentColor">
            <path d="M2 3h12v1.6H2zm0 4.2h12v1.6H2zm0 4.2h12V13H2z" />
          </svg>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void copyLink()}>Copy a link to what is shown</Menu.Item>
        <Menu.Divider />
        <Menu.Label>Colours</Menu.Label>
        {(['auto', 'light', 'dark'] as const).map(one => (
          <Menu.Item
            key={one}
            onClick={() => dress(one, contrast)}
            rightSection={one === scheme ? '✓' : null}
          >
            {{ auto: 'As the system', light: 'Light', dark: 'Dark' }[one]}
          </Menu.Item>
        ))}
        <Menu.Item
          onClick={() => dress(scheme, contrast === 'high' ? 'normal' : 'high')}
          rightSection={contrast === 'high' ? '✓' : null}
        >
          High contrast
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={openHelp} rightSection={<kbd>?</kbd>}>
          Keys
        </Menu.Item>
        {checklistAgain && <Menu.Item onClick={checklistAgain}>First steps</Menu.Item>}
        <Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

async function signOut(): Promise<void> {
  await ask('DELETE /v1/session')
  location.assign('/sign-in')
}
