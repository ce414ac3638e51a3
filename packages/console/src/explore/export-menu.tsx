// To take along what a question finds: the events as a file, whose manifest the server seals in the
// log, and the question itself as a link or a command.

import { Button, Menu } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { frozen, printSearch } from '../address/address.tsx'
import { useKeys } from '../keys/keys.ts'
import { bytes, count } from '../value/value.tsx'
import { askedOf, useSeries } from './asking.ts'
import { asCommand, asCurl } from './copy-as.ts'
import { useExplored } from './explored.ts'
import { type Export, type Format, saveExport } from './export-file.ts'
import { TARGET, TARGET_FIELDS } from './view.ts'

type Going =
  | { readonly kind: 'none' }
  | { readonly kind: 'going'; readonly bytes: number; readonly stop: () => void }
  | { readonly kind: 'done'; readonly done: Export }
  | { readonly kind: 'failed'; readonly why: string }

export function ExportMenu(): ReactNode {
  const explored = useExplored()
  const { run, acts, columns } = explored
  const [going, setGoing] = useState<Going>({ kind: 'none' })
  const [isOpen, setOpen] = useState(false)
  const total = useSeries(explored).data?.totals.events ?? null
  useKeys([{ press: '.', what: 'Export, copy', run: () => setOpen(true) }])
  const copy = async (text: string, what: string) => {
    await navigator.clipboard.writeText(text)
    acts.say(`${what} copied`)
  }
  const range = { from: isoOf(run.from), to: isoOf(run.to) }
  const link = () => {
    const { path, search } = acts.addressNow()
    return location.origin + path + printSearch(frozen(search, run.atMs, path))
  }
  const take = async (format: Format) => {
    const abort = new AbortController()
    const stop = () => abort.abort()
    const fields = columns.flatMap(name => (name === TARGET ? TARGET_FIELDS : [name]))
    setGoing({ kind: 'going', bytes: 0, stop })
    try {
      const query = {
        ...askedOf(run),
        format,
        ...(format === 'csv' ? { fields: fields.join(',') } : {}),
      }
      const grown = (size: number) => setGoing({ kind: 'going', bytes: size, stop })
      setGoing({ kind: 'done', done: await saveExport(query, abort.signal, grown) })
    } catch (error) {
      const why = abort.signal.aborted
        ? 'It was stopped'
        : String(Reflect.get(Object(error), 'message'))
      setGoing({ kind: 'failed', why })
    }
  }
  const events = total === null ? 'events' : `${count(total)} events`
  return (
    <>
      <Menu position="bottom-end" opened={isOpen} onChange={setOpen}>
        <Menu.Target>
          <Button variant="default">Export</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{events}, with a manifest that is sealed in the log</Menu.Label>
          <Menu.Item onClick={() => void take('ndjson')}>NDJSON: whole events</Menu.Item>
          <Menu.Item onClick={() => void take('csv')}>CSV: the columns shown</Menu.Item>
          <Menu.Divider />
          <Menu.Item onClick={() => void copy(link(), 'Link')}>Copy a link to this</Menu.Item>
          <Menu.Item onClick={() => void copy(asCommand({ q: run.q, ...range }), 'Command')}>
            Copy as a command of tocsin
          </Menu.Item>
          <Menu.Item
            onClick={() =>
              void copy(
                asCurl(location.origin, { ...askedOf(run), ...range, sort: run.sort }),
                'Command',
              )
            }
          >
            Copy as curl
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Outcome going={going} close={() => setGoing({ kind: 'none' })} />
    </>
  )
}

/** As people write times; what is none stays as it was. */
function isoOf(text: string): string {
  return /^-?\d+$/.test(text) ? new Date(Number(text)).toISOString() : text
}

function Outcome({
  going,
  close,
}: {
  readonly going: Going
  readonly close: () => void
}): ReactNode {
  if (going.kind === 'none') return null
  return (
    <div className="export-outcome sheet" role="status">
      {going.kind === 'going' && (
        <>
          <span>Exporting: {bytes(going.bytes)}</span>
          <Button variant="default" onClick={going.stop}>
            Stop
          </Button>
        </>
      )}
      {going.kind === 'failed' && <span>Nothing was exported. {going.why}</span>}
      {going.kind === 'done' && <Manifest done={going.done} />}
      {going.kind !== 'going' && (
        <Button variant="subtle" onClick={close}>
          Close
        </Button>
      )}
    </div>
  )
}

function Manifest({ done }: { readonly done: Export }): ReactNode {
  const { manifest, size, isAsRecorded } = done
  if (!manifest) return <span>Saved, {bytes(size)}. Its manifest is not recorded yet.</span>
  return (
    <span>
      {`${count(manifest.rows)} events saved. Manifest `}
      <span className="id">{done.id}</span>
      {isAsRecorded === true && ': the file has the SHA-256 that the log records, computed here.'}
      {isAsRecorded === false && ': THE FILE DOES NOT HAVE THE SHA-256 that the log records.'}
      {isAsRecorded === null && ` with SHA-256 ${manifest.sha256.slice(0, 16)}….`}
    </span>
  )
}
