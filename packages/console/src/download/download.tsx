// To take along what a screen shows: its figures as files, a link that means the same tomorrow, and
// the question as a command. Files are made in the browser from the server's own answers.

import { Button, Menu } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { frozen, printSearch, useAddress } from '../address/address.tsx'
import { serverNowMs } from '../clock/clock.ts'
import { csvOf, type Table } from './csv.ts'

export { type Cell, csvOf, type Table } from './csv.ts'

export type Taken = {
  readonly name: string
  readonly file: string
  /** Made when somebody wants it; null while there is nothing yet. */
  readonly table: () => Table | null
}

/** `urls` of the API that the screen asks, for the command line. */
export function TakeAlong({
  tables,
  urls,
  commands = [],
}: {
  readonly tables: readonly Taken[]
  readonly urls: readonly string[]
  /** Of tocsin, for the same. */
  readonly commands?: readonly string[]
}): ReactNode {
  const { path, search } = useAddress()
  const [said, setSaid] = useState('')
  const copy = async (text: string, what: string) => {
    await navigator.clipboard.writeText(text)
    setSaid(`${what} copied`)
  }
  const save = ({ name, file, table }: Taken) => {
    const made = table()
    if (made) saveFile(file, csvOf(made))
    setSaid(made ? `${name} saved` : `${name}: there is nothing to save yet`)
  }
  const link = () => location.origin + path + printSearch(frozen(search, serverNowMs(), path))
  return (
    <>
      <span role="status" className="quiet">
        {said}
      </span>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default">Export</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {tables.map(taken => (
            <Menu.Item key={taken.file} onClick={() => save(taken)}>
              {taken.name} (CSV)
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => void copy(link(), 'Link')}>Copy a link to this</Menu.Item>
          <Menu.Item onClick={() => void copy(urls.map(curlOf).join('\n'), 'Commands')}>
            Copy as curl
          </Menu.Item>
          {commands.length > 0 && (
            <Menu.Item onClick={() => void copy(commands.join('\n'), 'Commands')}>
              Copy as commands of tocsin
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
    </>
  )
}

function saveFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has taken the file when the click returns to it.
  setTimeout(() => URL.revokeObjectURL(url), 0)
}

/** For a POSIX shell; the key comes from the environment, never from the page. */
export function curlOf(path: string): string {
  const url = `${location.origin}${path}`.replaceAll("'", '%27')
  return `curl -s '${url}' -H "Authorization: Bearer $TOCSIN_API_KEY"`
}
