// What every answer tells a browser. Data is never a page: it is not sniffed, framed, kept or read
// from other origins. The console's pages run nothing but the files that lie beside them: no code,
// style, picture or connection from anywhere else, none in a line, and no text that becomes markup.

import type { App } from './app.ts'

type Headers = { readonly [name: string]: string }

const EVERYWHERE: Headers = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

const DATA_HEADERS: Headers = {
  ...EVERYWHERE,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
}

const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'none'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // The one policy that the console may make: it names the worker's own file.
  'trusted-types tocsin',
].join('; ')

export const PAGE_HEADERS: Headers = {
  'content-security-policy': PAGE_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
}

/** A thread of the console obeys its own file's policy, not the page's: it may ask this server. */
export const SCRIPT_HEADERS: Headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
}

/** A page overwrites what it needs otherwise; a route that knows better, how long it is kept. */
export function installHeaders(app: App): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', String(request.id))
    const route = request.routeOptions.url ?? ''
    reply.headers(route.startsWith('/log/') ? EVERYWHERE : DATA_HEADERS)
    if (route.startsWith('/v1/')) reply.header('cache-control', 'no-store')
  })
}
