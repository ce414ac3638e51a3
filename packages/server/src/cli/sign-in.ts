// `tocsin sign-in`: prints a link that signs in whoever opens it first, made by a running server
// for whoever may read its data directory, or for the holder of a key with the scope admin.

import { clientFor, parseAnswer } from './client.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'

type Flags = Json & { readonly data?: string }
type Link = { readonly url: string; readonly expiresMs: number }

export async function signIn(flags: Flags, io: Io): Promise<ExitCode> {
  const client = clientFor(io, flags.data)
  const response = await client.post('/v1/session/links', '{}', 'application/json')
  const made = await parseAnswer<Link>(response)
  // The way by which this command reached the server, not what the server takes for its name.
  const url = client.url + made.url.slice(new URL(made.url).origin.length)
  if (flags.json) io.out(`${JSON.stringify({ url, expiresMs: made.expiresMs })}\n`)
  else {
    io.out(`${url}\n`)
    io.say('Open it in a browser: it signs in once, within 15 minutes.')
  }
  return EXIT.ok
}
