// Which method and path is which access to an AI system: one table. A path may stand below a prefix
// (`/llm/v1/chat/completions`), may be percent-encoded and may hold dot segments, because the
// server behind it understands those too, and a client must not hide a model call by spelling it
// otherwise.

import type { Resource } from '@tocsin/sdk/event'

export type AiRoute = {
  readonly kind: string
  /** The source's verb, in the words of the OpenTelemetry conventions where they have one. */
  readonly operation: string
  /** Path with placeholders for what differs from call to call; no query string. */
  readonly path: string
  readonly protocol: string
  readonly model?: string
  readonly version?: string
  /** TF Serving's version label: an alias, so not a version. */
  readonly label?: string
  readonly resource?: Resource
}

/** Longest chain of path segments that is looked at; a longer one reaches no route below. */
const SEGMENTS_MAX = 24
/** Encoded, with empty or dot segments, or with a slash at the end. */
const UNUSUAL_PATH = /%|\/\.{0,2}(?:\/|$)/
const ENCODED_SLASH = /%2f/i
const ENCODED_SLASHES = /%2f/gi

type Row = readonly [method: string, pattern: string, kind: string, operation: string]

// The first row that matches decides, so a row that names the model stands above one that does not.
// A placeholder fills the field that it names: {model}, {version}, {label}; {index}, {file} become
// the resource; {id} fills nothing.
const ROWS: readonly Row[] = [
  // OpenAI-compatible servers, Azure's deployments, vLLM, text-embeddings-inference.
  ['POST', '/deployments/{model}/chat/completions', 'ai.invoke', 'chat'],
  ['POST', '/chat/completions', 'ai.invoke', 'chat'],
  ['POST', '/deployments/{model}/completions', 'ai.invoke', 'text_completion'],
  ['POST', '/v1/completions', 'ai.invoke', 'text_completion'],
  ['POST', '/deployments/{model}/embeddings', 'ai.invoke', 'embeddings'],
  ['POST', '/embeddings', 'ai.invoke', 'embeddings'],
  ['POST', '/embed', 'ai.invoke', 'embeddings'],
  ['POST', '/v1/responses', 'ai.invoke', 'chat'],
  ['POST', '/openai/responses', 'ai.invoke', 'chat'],
  ['POST', '/v1/threads/{id}/runs', 'ai.invoke', 'chat'],
  ['POST', '/images/generations', 'ai.invoke', 'image_generation'],
  ['POST', '/images/edits', 'ai.invoke', 'image_generation'],
  ['POST', '/images/variations', 'ai.invoke', 'image_generation'],
  ['POST', '/v1/videos', 'ai.invoke', 'video_generation'],
  ['POST', '/audio/transcriptions', 'ai.invoke', 'transcription'],
  ['POST', '/audio/translations', 'ai.invoke', 'transcription'],
  ['POST', '/audio/speech', 'ai.invoke', 'speech'],
  ['POST', '/v1/moderations', 'ai.invoke', 'moderation'],
  ['POST', '/rerank', 'ai.invoke', 'rerank'],
  ['POST', '/v1/batches', 'ai.invoke', 'batch'],
  ['GET', '/v1/responses/{id}', 'ai.output', 'read'],
  ['GET', '/v1/chat/completions/{id}', 'ai.output', 'read'],
  ['GET', '/v1/files/{file}/content', 'data.read', 'read'],
  ['POST', '/v1/files', 'data.write', 'upload'],
  ['DELETE', '/v1/files/{file}', 'data.write', 'delete'],
  ['POST', '/v1/vector_stores/{index}/search', 'ai.retrieve', 'search'],
  ['POST', '/v1/fine_tuning/jobs', 'model.change', 'fine_tune'],
  ['DELETE', '/v1/models/{model}', 'model.change', 'delete'],
  ['POST', '/v1/load_lora_adapter', 'model.change', 'load'],
  ['POST', '/v1/unload_lora_adapter', 'model.change', 'unload'],
  // Anthropic.
  ['POST', '/v1/messages', 'ai.invoke', 'chat'],
  ['POST', '/v1/messages/batches', 'ai.invoke', 'batch'],
  ['POST', '/v1/messages/count_tokens', 'ai.invoke', 'count_tokens'],
  ['GET', '/v1/messages/batches/{id}/results', 'ai.output', 'read'],
  ['POST', '/v1/complete', 'ai.invoke', 'text_completion'],
  // KServe protocol 2 and Triton, over HTTP and gRPC.
  ['POST', '/v2/models/{model}/versions/{version}/infer', 'ai.invoke', 'infer'],
  ['POST', '/v2/models/{model}/infer', 'ai.invoke', 'infer'],
  ['POST', '/v2/models/{model}/versions/{version}/generate', 'ai.invoke', 'generate'],
  ['POST', '/v2/models/{model}/generate', 'ai.invoke', 'generate'],
  ['POST', '/v2/models/{model}/versions/{version}/generate_stream', 'ai.invoke', 'generate'],
  ['POST', '/v2/models/{model}/generate_stream', 'ai.invoke', 'generate'],
  ['POST', '/infer', 'ai.invoke', 'infer'],
  ['POST', '/v2/repository/models/{model}/load', 'model.change', 'load'],
  ['POST', '/v2/repository/models/{model}/unload', 'model.change', 'unload'],
  ['POST', '/inference.GRPCInferenceService/ModelInfer', 'ai.invoke', 'infer'],
  ['POST', '/inference.GRPCInferenceService/ModelStreamInfer', 'ai.invoke', 'infer'],
  ['POST', '/tensorflow.serving.PredictionService/Predict', 'ai.invoke', 'predict'],
  ['POST', '/tensorflow.serving.PredictionService/Classify', 'ai.invoke', 'classify'],
  ['POST', '/tensorflow.serving.PredictionService/Regress', 'ai.invoke', 'regress'],
  // KServe protocol 1, TF Serving, Vertex AI, Gemini.
  ...forVerbs(
    ['predict', 'classify', 'regress', 'explain'],
    [
      '/models/{model}/versions/{version}:',
      '/models/{model}/labels/{label}:',
      '/models/{model}:',
      '/endpoints/{model}:',
    ],
  ),
  ['POST', '/models/{model}:generateContent', 'ai.invoke', 'generate_content'],
  ['POST', '/models/{model}:streamGenerateContent', 'ai.invoke', 'generate_content'],
  ['POST', '/models/{model}:embedContent', 'ai.invoke', 'embeddings'],
  ['POST', '/models/{model}:batchEmbedContents', 'ai.invoke', 'embeddings'],
  ['POST', '/models/{model}:rawPredict', 'ai.invoke', 'predict'],
  ['POST', '/models/{model}:streamRawPredict', 'ai.invoke', 'predict'],
  // Amazon Bedrock and SageMaker, MLflow and Databricks serving.
  ['POST', '/model/{model}/invoke', 'ai.invoke', 'invoke'],
  ['POST', '/model/{model}/invoke-with-response-stream', 'ai.invoke', 'invoke'],
  ['POST', '/model/{model}/converse', 'ai.invoke', 'chat'],
  ['POST', '/model/{model}/converse-stream', 'ai.invoke', 'chat'],
  ['POST', '/endpoints/{model}/invocations', 'ai.invoke', 'invoke'],
  ['POST', '/serving-endpoints/{model}/invocations', 'ai.invoke', 'invoke'],
  ['POST', '/invocations', 'ai.invoke', 'invoke'],
  // Ollama, text-generation-inference, TorchServe, and what people call it themselves.
  ['POST', '/api/chat', 'ai.invoke', 'chat'],
  ['POST', '/api/generate', 'ai.invoke', 'generate'],
  ['POST', '/api/pull', 'model.change', 'pull'],
  ['POST', '/api/push', 'model.read', 'push'],
  ['POST', '/generate', 'ai.invoke', 'generate'],
  ['POST', '/generate_stream', 'ai.invoke', 'generate'],
  ['POST', '/predictions/{model}/{version}', 'ai.invoke', 'predict'],
  ['POST', '/predictions/{model}', 'ai.invoke', 'predict'],
  ['POST', '/predictions', 'ai.invoke', 'predict'],
  ['POST', '/models/{model}/versions/{version}/predict', 'ai.invoke', 'predict'],
  ['POST', '/models/{model}/predict', 'ai.invoke', 'predict'],
  ['POST', '/predict/{model}', 'ai.invoke', 'predict'],
  ['POST', '/predict', 'ai.invoke', 'predict'],
  ['POST', '/score', 'ai.invoke', 'score'],
  ['POST', '/classify', 'ai.invoke', 'classify'],
  ['POST', '/chat', 'ai.invoke', 'chat'],
  // Feature stores and vector indexes: Feast, Qdrant, Chroma, Milvus.
  ['POST', '/get-online-features', 'ai.feature', 'get_online_features'],
  ['POST', '/retrieve-online-documents', 'ai.retrieve', 'search'],
  ['POST', '/collections/{index}/points/search', 'ai.retrieve', 'search'],
  ['POST', '/collections/{index}/points/query', 'ai.retrieve', 'search'],
  ['POST', '/collections/{index}/points/scroll', 'ai.retrieve', 'scroll'],
  ['POST', '/collections/{index}/query', 'ai.retrieve', 'search'],
  ['POST', '/v2/vectordb/entities/search', 'ai.retrieve', 'search'],
  ['POST', '/v2/vectordb/entities/query', 'ai.retrieve', 'search'],
  // Registries.
  ['GET', '/mlflow/model-versions/get-download-uri', 'model.read', 'download'],
  ['POST', '/mlflow/registered-models/create', 'model.change', 'create'],
  ['DELETE', '/mlflow/registered-models/delete', 'model.change', 'delete'],
  ['POST', '/mlflow/registered-models/alias', 'model.change', 'promote'],
  ['POST', '/mlflow/model-versions/create', 'model.change', 'create'],
  ['POST', '/mlflow/model-versions/transition-stage', 'model.change', 'promote'],
  ['DELETE', '/mlflow/model-versions/delete', 'model.change', 'delete'],
  // Asking which models there are moves no data, but it is how an intruder begins.
  ['GET', '/v1/models', 'http.request', 'list_models'],
  ['GET', '/v1/models/{model}', 'http.request', 'describe_model'],
  ['GET', '/v2/models/{model}', 'http.request', 'describe_model'],
  ['GET', '/v2/models/{model}/versions/{version}', 'http.request', 'describe_model'],
  ['GET', '/v2/models/{model}/config', 'http.request', 'describe_model'],
  ['POST', '/v2/repository/index', 'http.request', 'list_models'],
  ['GET', '/api/tags', 'http.request', 'list_models'],
  ['POST', '/api/show', 'http.request', 'describe_model'],
]

/** A file of weights that a web server hands out is a download of the model, whatever its path. */
const WEIGHTS_SUFFIXES: ReadonlySet<string> = new Set([
  'safetensors',
  'gguf',
  'ggml',
  'onnx',
  'tflite',
  'pth',
  'ckpt',
  'joblib',
  'keras',
  'mlmodel',
])

function forVerbs(verbs: readonly string[], stems: readonly string[]): readonly Row[] {
  return stems.flatMap(stem => verbs.map((v): Row => ['POST', `${stem}${v}`, 'ai.invoke', v]))
}

type Route = {
  readonly method: string
  readonly tokens: readonly string[]
  readonly kind: string
  readonly operation: string
  readonly protocol: string
}

/** Routes by their last literal token, one map for each number of placeholders behind it. */
const BY_LAST_LITERAL: readonly ReadonlyMap<string, readonly Route[]>[] = buildIndex()

/** null when the path reaches no AI resource that the table knows. `path` has no query string. */
export function matchAiRoute(method: string, path: string): AiRoute | null {
  if (!path.startsWith('/') || isSurelyPlain(path)) return null
  const route = matchTokens(method, path)
  // An encoded slash may belong to the name of a model, or be read as a slash by the server behind.
  if (route !== null || !ENCODED_SLASH.test(path)) return route
  return matchTokens(method, path.replaceAll(ENCODED_SLASHES, '/'))
}

/** Most requests of a web server reach no route: seen from the last segments, without cutting. */
function isSurelyPlain(path: string): boolean {
  if (UNUSUAL_PATH.test(path)) return false
  let end = path.length
  for (let behind = 0; behind < BY_LAST_LITERAL.length && end > 0; behind++) {
    const slash = path.lastIndexOf('/', end - 1)
    const segment = path.slice(slash + 1, end)
    if (BY_LAST_LITERAL[behind]?.has(segment)) return false
    if (behind === 0 && (segment.includes(':') || WEIGHTS_SUFFIXES.has(suffixOf(segment)))) {
      return false
    }
    end = slash
  }
  return true
}

function suffixOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase()
}

function matchTokens(method: string, path: string): AiRoute | null {
  const tokens = tokensOf(path)
  if (tokens.length === 0 || tokens.length > SEGMENTS_MAX) return null
  for (let behind = 0; behind < BY_LAST_LITERAL.length; behind++) {
    const literal = tokens[tokens.length - 1 - behind]
    if (literal === undefined) break
    for (const route of BY_LAST_LITERAL[behind]?.get(literal) ?? []) {
      if (route.method === method && matches(route, tokens)) return describe(route, tokens)
    }
  }
  return method === 'GET' ? weightsRoute(path, tokens) : null
}

function matches(route: Route, tokens: readonly string[]): boolean {
  const shift = tokens.length - route.tokens.length
  if (shift < 0) return false
  for (let i = 0; i < route.tokens.length; i++) {
    const wanted = route.tokens[i] ?? ''
    if (!wanted.startsWith('{') && wanted !== tokens[shift + i]) return false
  }
  return true
}

function describe(route: Route, tokens: readonly string[]): AiRoute {
  const shift = tokens.length - route.tokens.length
  let path = ''
  for (let i = 0; i < shift; i++) path += `/${encoded(tokens[i] ?? '')}`
  const filled: { [name: string]: string } = {}
  route.tokens.forEach((token, i) => {
    path += token.startsWith(':') ? token : `/${token}`
    if (token.startsWith('{')) filled[token.slice(1, -1)] = tokens[shift + i] ?? ''
  })
  const { model, version, label, index, file } = filled
  return {
    kind: route.kind,
    operation: route.operation,
    path,
    protocol: route.protocol,
    ...(model === undefined ? {} : { model }),
    ...(version === undefined ? {} : { version }),
    ...(label === undefined ? {} : { label }),
    ...(index === undefined ? {} : { resource: { type: 'index', id: index } }),
    ...(file === undefined ? {} : { resource: { type: 'file', id: file } }),
  }
}

function weightsRoute(path: string, tokens: readonly string[]): AiRoute | null {
  const name = tokens[tokens.length - 1] ?? ''
  if (!name.includes('.') || !WEIGHTS_SUFFIXES.has(suffixOf(name))) return null
  const resource = { type: 'weights', id: `/${tokens.map(encoded).join('/')}` }
  return { kind: 'model.read', operation: 'download', path, protocol: 'http', resource }
}

/** Decoded segments; a last segment `iris:predict` becomes `iris` and `:predict`. */
function tokensOf(path: string): readonly string[] {
  const tokens: string[] = []
  for (const segment of path.split('/')) {
    const token = segment.includes('%') ? decoded(segment) : segment
    if (token === '' || token === '.') continue
    if (token === '..') tokens.pop()
    else tokens.push(token)
  }
  const last = tokens[tokens.length - 1] ?? ''
  const colon = last.lastIndexOf(':')
  if (colon > 0 && BY_LAST_LITERAL[0]?.has(last.slice(colon))) {
    tokens.splice(-1, 1, last.slice(0, colon), last.slice(colon))
  }
  return tokens
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    // Not a percent-encoding of UTF-8: it is what it is, and no server decodes it to a route.
    return segment
  }
}

function encoded(token: string): string {
  return encodeURIComponent(token.toWellFormed())
}

function buildIndex(): readonly ReadonlyMap<string, readonly Route[]>[] {
  const maps: Map<string, Route[]>[] = [new Map(), new Map(), new Map()]
  for (const [method, pattern, kind, operation] of ROWS) {
    const tokens = pattern.slice(1).replace('}:', '}/:').split('/')
    const behind = tokens.length - 1 - tokens.findLastIndex(token => !token.startsWith('{'))
    const literal = tokens[tokens.length - 1 - behind] ?? ''
    const protocol = pattern.includes('Service/') ? 'grpc' : 'http'
    const routes = maps[behind]?.get(literal) ?? []
    routes.push({ method, tokens, kind, operation, protocol })
    maps[behind]?.set(literal, routes)
  }
  return maps
}
