// The keys that act now. Single letters can be switched off, for who speaks to the machine.

import { Modal, Switch } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { lettersAreOff, switchLetters, useTakenKeys } from '../keys/keys.ts'

export function Help({
  isOpen,
  close,
}: {
  readonly isOpen: boolean
  readonly close: () => void
}): ReactNode {
  const keys = useTakenKeys()
  const [isOff, setOff] = useState(lettersAreOff)
  const flip = () => {
    switchLetters(!isOff)
    setOff(!isOff)
  }
  const shown = [...new Map(keys.map(key => [key.press, key])).values()]
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title="Keys"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <div className="stack">
        <Switch label="Single letters act as keys" checked={!isOff} onChange={flip} />
        <table className="plain">
          <thead>
            <tr>
              <th>Key</th>
              <th>What it does</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ press, what }) => (
              <tr key={press}>
                <td>
                  {press
                    .replace('mod+', 'Ctrl ')
                    .split(' ')
                    .map(part => (
                      <span key={part}>
                        <kbd>{part}</kbd>{' '}
                      </span>
                    ))}
                </td>
                <td>{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Modal>
  )
}
