// Why signing in did not work, in words for whoever tried. Pure.

export type Refusal = {
  readonly title: string
  readonly text: string
  /** Whether a new link is what helps. */
  readonly needsLink: boolean
}

type Problem = {
  readonly code: string
  readonly title: string
  readonly message: string
  readonly help: string
}

export function refusalOf({ code, title, message, help }: Problem): Refusal {
  switch (code) {
    case 'auth.link':
      return {
        title: 'This link does not work any more',
        text: 'It was used already, is older than 15 minutes, or the server was started again since.',
        needsLink: true,
      }
    case 'auth.invalid':
      return {
        title: 'This key is not known',
        text: 'It may be mistyped, or it was revoked.',
        needsLink: false,
      }
    case 'auth.scope':
      return {
        title: 'This key may not sign in',
        text: `${sentence(message)} Ask whoever made it for one with the scope read.`,
        needsLink: false,
      }
    case 'auth.too_many':
      return {
        title: 'Too many tries',
        text: 'Too many sign-ins failed lately. Wait a minute; a new link or a right key then gets in at once.',
        needsLink: false,
      }
    default:
      return { title, text: `${sentence(message)} ${help}`.trim(), needsLink: false }
  }
}

function sentence(text: string): string {
  const whole = text.slice(0, 1).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(whole) ? whole : `${whole}.`
}
