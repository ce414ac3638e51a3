// Time, handed in: nothing above base/ asks the machine what time it is.

export interface Clock {
  /** Milliseconds since 1970, UTC. May step backwards when an operator sets the machine's clock. */
  nowMs(): number
}

export const systemClock: Clock = { nowMs: () => Date.now() }
