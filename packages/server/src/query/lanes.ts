// How many statements run at once: each holds one of the process's few threads for work that
// blocks, the same that the log's disk needs, so there is an end to them; and those that read a
// whole range leave a lane free for those that look up a page or an event.

/** `quick`: reads a part of what is there. `whole`: all of a range. */
export type Pace = 'quick' | 'whole'

export interface Lanes {
  /** Runs the step when there is a lane; in the order in which steps of one pace came. */
  run<T>(pace: Pace, step: () => Promise<T>): Promise<T>
}

export type LaneLimits = { readonly all: number; readonly whole: number }

export function buildLanes(limits: LaneLimits): Lanes {
  const waiting: { readonly [pace in Pace]: (() => void)[] } = { quick: [], whole: [] }
  const running = { quick: 0, whole: 0 }

  /** Who may begin now, quick ones first. */
  function next(): Pace | null {
    if (running.quick + running.whole >= limits.all) return null
    if (waiting.quick.length > 0) return 'quick'
    return waiting.whole.length > 0 && running.whole < limits.whole ? 'whole' : null
  }

  function begin(): void {
    for (let pace = next(); pace !== null; pace = next()) {
      running[pace] += 1
      waiting[pace].shift()?.()
    }
  }

  return {
    async run(pace, step) {
      await new Promise<void>(resolve => {
        waiting[pace].push(resolve)
        begin()
      })
      try {
        return await step()
      } finally {
        running[pace] -= 1
        begin()
      }
    },
  }
}
