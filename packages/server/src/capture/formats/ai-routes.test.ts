import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findKind } from '@tocsin/sdk/event'
import fc from 'fast-check'
import { matchAiRoute } from './ai-routes.ts'

function route(method: string, path: string): unknown {
  const found = matchAiRoute(method, path)
  if (found === null) return null
  const { kind, operation, path: template, model, version, label, resource } = found
  const parts = [kind, operation, template]
  if (model !== undefined) parts.push(`model=${model}`)
  if (version !== undefined) parts.push(`version=${version}`)
  if (label !== undefined) parts.push(`label=${label}`)
  if (resource !== undefined) parts.push(`${resource.type}=${resource.id}`)
  return parts.join(' ')
}

const EXPECTED: readonly (readonly [string, string, string | null])[] = [
  ['POST', '/v1/chat/completions', 'ai.invoke chat /v1/chat/completions'],
  ['POST', '/v1/completions', 'ai.invoke text_completion /v1/completions'],
  ['POST', '/v1/embeddings', 'ai.invoke embeddings /v1/embeddings'],
  ['POST', '/v1/responses', 'ai.invoke chat /v1/responses'],
  ['POST', '/v1/images/generations', 'ai.invoke image_generation /v1/images/generations'],
  ['POST', '/v1/messages', 'ai.invoke chat /v1/messages'],
  [
    'POST',
    '/openai/deployments/gpt-4o/chat/completions',
    'ai.invoke chat /openai/deployments/{model}/chat/completions model=gpt-4o',
  ],
  ['POST', '/v2/models/iris/infer', 'ai.invoke infer /v2/models/{model}/infer model=iris'],
  [
    'POST',
    '/v2/models/iris/versions/3/infer',
    'ai.invoke infer /v2/models/{model}/versions/{version}/infer model=iris version=3',
  ],
  ['POST', '/v1/models/iris:predict', 'ai.invoke predict /v1/models/{model}:predict model=iris'],
  ['POST', '/v1/models/iris:classify', 'ai.invoke classify /v1/models/{model}:classify model=iris'],
  [
    'POST',
    '/v1/models/iris/versions/7:regress',
    'ai.invoke regress /v1/models/{model}/versions/{version}:regress model=iris version=7',
  ],
  [
    'POST',
    '/v1/models/iris/labels/canary:predict',
    'ai.invoke predict /v1/models/{model}/labels/{label}:predict model=iris label=canary',
  ],
  ['POST', '/api/chat', 'ai.invoke chat /api/chat'],
  ['POST', '/api/generate', 'ai.invoke generate /api/generate'],
  ['POST', '/api/embeddings', 'ai.invoke embeddings /api/embeddings'],
  ['POST', '/generate_stream', 'ai.invoke generate /generate_stream'],
  ['POST', '/predict', 'ai.invoke predict /predict'],
  ['POST', '/invocations', 'ai.invoke invoke /invocations'],
  [
    'POST',
    '/endpoints/fraud/invocations',
    'ai.invoke invoke /endpoints/{model}/invocations model=fraud',
  ],
  [
    'POST',
    '/model/anthropic.claude-v2%3A1/invoke',
    'ai.invoke invoke /model/{model}/invoke model=anthropic.claude-v2:1',
  ],
  [
    'POST',
    '/v1beta/models/gemini-pro:streamGenerateContent',
    'ai.invoke generate_content /v1beta/models/{model}:streamGenerateContent model=gemini-pro',
  ],
  ['POST', '/get-online-features', 'ai.feature get_online_features /get-online-features'],
  [
    'POST',
    '/collections/docs/points/search',
    'ai.retrieve search /collections/{index}/points/search index=docs',
  ],
  ['GET', '/v1/files/file-1/content', 'data.read read /v1/files/{file}/content file=file-1'],
  [
    'POST',
    '/v2/repository/models/iris/load',
    'model.change load /v2/repository/models/{model}/load model=iris',
  ],
  [
    'GET',
    '/models/a/model.safetensors',
    'model.read download /models/a/model.safetensors weights=/models/a/model.safetensors',
  ],
  ['GET', '/v1/models', 'http.request list_models /v1/models'],
  ['GET', '/v2/models/iris', 'http.request describe_model /v2/models/{model} model=iris'],
  // A prefix, as a gateway adds it, stays in the endpoint.
  ['POST', '/llm/eu/v1/chat/completions', 'ai.invoke chat /llm/eu/v1/chat/completions'],
  // What a server decodes and normalises before it looks for its route.
  ['POST', '/v1/chat/%63ompletions', 'ai.invoke chat /v1/chat/completions'],
  ['POST', '/v1%2Fchat%2fcompletions', 'ai.invoke chat /v1/chat/completions'],
  ['POST', '//v1/./x/../chat//completions/', 'ai.invoke chat /v1/chat/completions'],
  ['POST', '/v1/models/a%2Fb:predict', 'ai.invoke predict /v1/models/{model}:predict model=a/b'],
  [
    'POST',
    '/v1/models/llama3:8b:predict',
    'ai.invoke predict /v1/models/{model}:predict model=llama3:8b',
  ],
  ['GET', '/v1/chat/completions', null],
  ['POST', '/v1/chat/completions/more', null],
  ['GET', '/', null],
  ['POST', '/login', null],
  ['GET', '/images/logo.png', null],
  ['POST', '/v1/models/iris:destroy', null],
  ['POST', 'v1/chat/completions', null],
  ['CONNECT', 'example.org:443', null],
  ['GET', '/constructor', null],
  ['GET', '/..', null],
  ['POST', '/%', null],
]

describe('matchAiRoute', () => {
  for (const [method, path, expected] of EXPECTED) {
    it(`${method} ${path}`, () => assert.equal(route(method, path), expected))
  }

  it('knows only kinds of the catalogue', () => {
    for (const [method, path] of EXPECTED) {
      const found = matchAiRoute(method, path)
      if (found) assert.ok(findKind(found.kind), found.kind)
    }
  })

  it('never throws, and never puts a name of a model or a query into the template', () => {
    const path = fc.oneof(
      fc.webPath(),
      fc.string().map(s => `/${s}`),
      fc.string().map(s => `/v2/models/${s}/infer`),
      fc.string({ unit: 'binary' }).map(s => `/v1/models/${s}:predict`),
    )
    fc.assert(
      fc.property(fc.constantFrom('GET', 'POST', 'DELETE'), path, (method, text) => {
        const found = matchAiRoute(method, text)
        if (found === null || found.kind === 'model.read') return
        assert.ok(!found.path.includes('?'))
        assert.match(found.path, /^(?:[/:](?:\{\w+\}|[^/{}]+))+$/)
      }),
      { numRuns: 1000 },
    )
  })

  it('comes to the same whether the path is usual or spelled in an unusual way', () => {
    const segment = fc.oneof(
      fc.constantFrom('v1', 'v2', 'models', 'chat', 'completions', 'iris', 'infer', 'predictions'),
      fc.constantFrom('iris:predict', 'a.onnx', 'onnx', 'versions', 'files', 'content', 'x'),
    )
    const segments = fc.array(segment, { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fc.constantFrom('GET', 'POST', 'DELETE'), segments, (method, parts) => {
        const path = `/${parts.join('/')}`
        const plain = matchAiRoute(method, path)
        const unusual = matchAiRoute(method, `/.${path}`)
        assert.deepEqual({ ...unusual, path: '' }, { ...plain, path: '' })
      }),
      { numRuns: 3000 },
    )
  })

  it('looks at no more than 24 segments', () => {
    assert.notEqual(matchAiRoute('POST', `${'/a'.repeat(22)}/chat/completions`), null)
    assert.equal(matchAiRoute('POST', `${'/a'.repeat(23)}/chat/completions`), null)
  })
})
