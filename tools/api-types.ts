// Makes the console's types of the API out of docs/spec/openapi.json: one entry per route with what
// it takes and what it answers. Only what our own document holds is understood; anything else is an
// error, so that nothing turns into `unknown` without being seen.

export type Schema = {
  readonly type?: string
  readonly description?: string
  readonly properties?: { readonly [name: string]: Schema }
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly additionalProperties?: boolean | Schema
  readonly patternProperties?: { readonly [pattern: string]: Schema }
}

type Content = { readonly [mediaType: string]: { readonly schema?: Schema } }
type Parameter = {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema: Schema
}
type Route = {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: { readonly [status: string]: { readonly content?: Content } }
}
export type OpenApi = {
  readonly paths: { readonly [path: string]: { readonly [method: string]: Route } }
}

const HEAD = `// Made from docs/spec/openapi.json by tools/api-types.ts; \`UPDATE=1\` and the test of that file make
// it anew.

import type { SealedEvent } from '@tocsin/sdk/event'

`

/** The text of the file. */
export function renderApiTypes({ paths }: OpenApi): string {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, route]) => routeType(method, path, route)),
  )
  return `${HEAD}export type Routes = {\n${indented(routes.join(''))}}\n`
}

/** Lines as deep as the braces around them. */
function indented(text: string): string {
  let depth = 1
  return text.replaceAll(/^.+$/gm, line => {
    if (/^[})]/.test(line)) depth -= 1
    const shown = '  '.repeat(depth) + line
    if (/[{(]$/.test(line)) depth += 1
    return shown
  })
}

function routeType(method: string, path: string, route: Route): string {
  const { parameters = [], requestBody, responses } = route
  const of = (place: string) => parameters.filter(parameter => parameter.in === place)
  const success = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1]
  const members = [
    `query: ${parametersType(of('query'))}`,
    `params: ${parametersType(of('path'))}`,
    `body: ${contentType(requestBody?.content, 'null')}`,
    `answer: ${contentType(success?.content, 'unknown')}`,
  ]
  return `'${method.toUpperCase()} ${path}': {\n${members.map(one => `${one}\n`).join('')}}\n`
}

function parametersType(parameters: readonly Parameter[]): string {
  const members = parameters.map(
    ({ name, required = false, schema }) => `${keyed(name, required)}: ${typeOf(schema)}`,
  )
  return members.length === 0 ? 'object' : braced(members)
}

function contentType(content: Content | undefined, none: string): string {
  const schema = content?.['application/json']?.schema
  return schema === undefined ? none : typeOf(schema)
}

/** Throws for what our schemas never hold. */
export function typeOf(schema: Schema): string {
  if (schema.description?.startsWith('A sealed event')) return 'SealedEvent'
  if (schema.enum) return schema.enum.map(literal).join('\n| ')
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.anyOf) return `(${schema.anyOf.map(typeOf).join(' | ')})`
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return `readonly ${atom(typeOf(schema.items ?? {}))}[]`
    case 'object':
      return objectType(schema)
    case undefined:
      return 'unknown'
    default:
      throw new Error(`openapi.json has a schema of the type ${schema.type}`)
  }
}

function objectType(schema: Schema): string {
  const { properties = {}, required = [], additionalProperties, patternProperties } = schema
  const members = Object.entries(properties).map(
    ([name, member]) => `readonly ${keyed(name, required.includes(name))}: ${typeOf(member)}`,
  )
  if (members.length > 0) return braced(members)
  const [pattern] = Object.values(patternProperties ?? {})
  const value = typeof additionalProperties === 'object' ? additionalProperties : pattern
  return `{ readonly [name: string]: ${value ? typeOf(value) : 'unknown'} }`
}

function braced(members: readonly string[]): string {
  return `{\n${members.join('\n')}\n}`
}

/** Safe before `[]`. */
function atom(type: string): string {
  return /^(?:[({]|\w+$)/.test(type) ? type : `(${type})`
}

function keyed(name: string, isRequired: boolean): string {
  return `${/^\w+$/.test(name) ? name : JSON.stringify(name)}${isRequired ? '' : '?'}`
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll(/['\\]/g, '\\$&')}'` : String(value)
}
