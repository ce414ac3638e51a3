// Errors on the wire: RFC 9457 problem documents with the code from the one table, the field at
// fault and the id of the request. What the operator alone may read goes to the server's own log.

import { ERRORS, type ErrorCode, mayRetry, TocsinError } from '@tocsin/sdk/errors'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Telemetry } from '../base/emit.ts'
import type { App } from './app.ts'

const RETRY_AFTER_S = 1

export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: string
  readonly requestId: string
  readonly help: string
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[]
}

export function installProblems(app: App, telemetry: Telemetry): void {
  app.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const failure = toTocsinError(error)
    if (failure.fault === 'bug' || failure.fault === 'broken') {
      telemetry.report(
        'error',
        `request ${request.id}: ${failure.message} ${failure.internal ?? ''}`,
      )
    }
    return sendProblem(request, reply, failure)
  })
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, noSuchRoute(request)))
}

export function noSuchRoute({ method, url }: FastifyRequest): TocsinError {
  return new TocsinError('http.not_found', {
    public: `there is no ${method} ${url.split('?')[0]?.slice(0, 200)}`,
  })
}

export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  error: TocsinError,
): FastifyReply {
  if (mayRetry(error.fault)) reply.header('retry-after', RETRY_AFTER_S)
  if (error.status === 401) reply.header('www-authenticate', 'Bearer realm="tocsin"')
  return reply
    .code(error.status)
    .type('application/problem+json')
    .serializer((value: unknown) => JSON.stringify(value))
    .send(toProblem(request, error))
}

function toProblem(request: FastifyRequest, error: TocsinError): Problem {
  const { code, status, message, field } = error
  return {
    type: `https://tocsin.dev/errors#${code}`,
    title: code,
    status,
    detail: message,
    instance: request.url.split('?')[0] ?? '',
    code,
    requestId: String(request.id),
    help: ERRORS[code].help,
    ...(field === undefined ? {} : { errors: [{ pointer: field, message }] }),
  }
}

/** What Fastify itself refuses, by its own codes. */
const FASTIFY_CODES: { readonly [code: string]: ErrorCode } = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'http.too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'http.media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'http.bad_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'http.bad_request',
  FST_ERR_VALIDATION: 'http.bad_request',
}

function toTocsinError(error: FastifyError | Error): TocsinError {
  if (error instanceof TocsinError) return error
  const fastifyCode = 'code' in error ? FASTIFY_CODES[error.code] : undefined
  if (fastifyCode) {
    const where = 'validation' in error ? error.validation?.[0]?.instancePath : undefined
    const field = where ? { field: where.slice(1).replaceAll('/', '.') } : {}
    return new TocsinError(fastifyCode, { public: error.message, ...field, cause: error })
  }
  const isClientFault = 'statusCode' in error && Number(error.statusCode) < 500
  return new TocsinError(isClientFault ? 'http.bad_request' : 'internal.bug', {
    public: isClientFault ? error.message : 'Tocsin failed on this request',
    internal: error.stack ?? String(error),
    cause: error,
  })
}
