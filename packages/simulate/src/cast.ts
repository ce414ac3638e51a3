// Who and what there is in the world: people, service accounts, agents, models, data. Made once
// from the seed; it never changes with time. Names are made up.

import type { Country } from './calendar.ts'
import { type Random, randomOf } from './random.ts'

export type Team = 'data-science' | 'support' | 'sales' | 'platform' | 'security' | 'research'

export type Person = {
  readonly id: string
  readonly team: Team
  readonly country: Country
  /** Local hour at which the day begins, and its length in hours. */
  readonly startsAt: number
  readonly hours: number
  /** Days of the week worked, 0 is Sunday. */
  readonly days: readonly number[]
  /** 0, 1 or 2 for shift workers, who work around the clock in turns; null for the others. */
  readonly shift: number | null
  /** How much they do, 1 is ordinary. */
  readonly energy: number
  readonly officeIp: string
  readonly homeIp: string
  readonly userAgent: string
  /** Started in the company on this day (days since 1970); before it there is nothing of theirs. */
  readonly joined: number
}

export type Service = {
  readonly id: string
  readonly job: 'online' | 'batch' | 'features' | 'ci' | 'retrain' | 'sync'
  readonly model: Model
  readonly dataset: string
  readonly ip: string
  /** Minute of the day at which scheduled work begins, UTC. */
  readonly minute: number
  readonly load: number
}

export type Agent = {
  readonly id: string
  readonly instance: string
  readonly tools: readonly string[]
  readonly owner: Team
}

export type Model = {
  readonly name: string
  readonly provider: string
  readonly system: string
  readonly endpoint: string
  readonly operation: string
  /** Price of a thousand tokens in and out, in millionths; 0 for models of one's own. */
  readonly priceIn: number
  readonly priceOut: number
}

export type Cast = {
  readonly people: readonly Person[]
  readonly services: readonly Service[]
  readonly agents: readonly Agent[]
  readonly models: readonly Model[]
  readonly datasets: readonly string[]
  readonly featureViews: readonly string[]
}

const FIRST = [
  'anna',
  'ben',
  'chiara',
  'david',
  'emi',
  'farid',
  'grace',
  'hiro',
  'ines',
  'jonas',
  'keiko',
  'lena',
  'marco',
  'noor',
  'olga',
  'pavel',
  'quinn',
  'rosa',
  'sven',
  'tara',
  'uma',
  'viktor',
  'wanda',
  'yuki',
  'zoe',
]
const LAST = [
  'adler',
  'brandt',
  'costa',
  'dietz',
  'endo',
  'fuchs',
  'garcia',
  'hoshi',
  'ito',
  'jansen',
  'kato',
  'lange',
  'meyer',
  'novak',
  'okada',
  'peters',
  'quist',
  'ruiz',
  'sato',
  'tanaka',
  'ueda',
  'vogel',
  'weber',
  'young',
]

const TEAMS: readonly (readonly [Team, number])[] = [
  ['data-science', 14],
  ['support', 15],
  ['sales', 10],
  ['platform', 9],
  ['security', 4],
  ['research', 8],
]
const COUNTRIES: readonly Country[] = ['DE', 'DE', 'DE', 'US', 'US', 'JP']
const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
]
const OFFICE_NET: { readonly [country in Country]: string } = {
  DE: '10.10',
  US: '10.20',
  JP: '10.30',
}

const MODELS: readonly Model[] = [
  llm('gpt-4o', 'openai', 2500, 10_000),
  llm('gpt-4o-mini', 'openai', 150, 600),
  llm('claude-sonnet-4', 'anthropic', 3000, 15_000),
  llm('mistral-small', 'mistral_ai', 100, 300),
  {
    ...llm('text-embedding-3-small', 'openai', 20, 0),
    operation: 'embeddings',
    endpoint: 'POST /v1/embeddings',
  },
  { ...llm('llama-3-70b', 'own', 0, 0), system: 'llm-onprem' },
  own('churn', 'kserve', 'POST /v2/models/{model}/infer'),
  own('fraud', 'kserve', 'POST /v2/models/{model}/infer'),
  own('demand', 'tf-serving', 'POST /v1/models/{model}:predict'),
  own('pricing', 'tf-serving', 'POST /v1/models/{model}:predict'),
  own('lead-score', 'sklearn-api', 'POST /predict'),
  own('reranker', 'kserve', 'POST /v2/models/{model}/infer'),
]

const DATASETS = [
  's3://lake/customers_eu',
  's3://lake/orders',
  's3://lake/tickets',
  's3://lake/clickstream',
  's3://lake/transactions',
  's3://lake/labels_fraud',
  's3://lake/prices',
  's3://lake/documents',
]
const FEATURE_VIEWS = [
  'customer_profile',
  'order_stats_7d',
  'transaction_window',
  'price_history',
  'lead_activity',
]

const SERVICES: readonly (readonly [string, Service['job'], number, number])[] = [
  ['svc-checkout-fraud', 'online', 7, 1.5],
  ['svc-shop-pricing', 'online', 9, 1.2],
  ['svc-crm-leads', 'online', 10, 0.5],
  ['svc-support-rag', 'online', 0, 0.9],
  ['svc-search-rerank', 'online', 11, 1.4],
  ['svc-portal-churn', 'online', 6, 0.5],
  ['svc-mobile-chat', 'online', 1, 0.9],
  ['svc-mail-triage', 'online', 3, 0.5],
  ['svc-demand-planner', 'batch', 8, 1],
  ['svc-churn-nightly', 'batch', 6, 1.2],
  ['svc-invoice-extract', 'batch', 2, 0.8],
  ['svc-embed-documents', 'batch', 4, 1.5],
  ['svc-report-writer', 'batch', 5, 0.5],
  ['svc-label-export', 'batch', 7, 0.4],
  ['svc-feast-materialise', 'features', 6, 1],
  ['svc-feast-orders', 'features', 8, 1],
  ['svc-feast-windows', 'features', 7, 1.4],
  ['svc-ci-evaluate', 'ci', 5, 1],
  ['svc-ci-prompts', 'ci', 1, 0.8],
  ['svc-retrain-fraud', 'retrain', 7, 1],
  ['svc-retrain-demand', 'retrain', 8, 1],
  ['svc-retrain-churn', 'retrain', 6, 1],
  ['svc-lake-sync', 'sync', 9, 1],
  ['svc-backup-weights', 'sync', 8, 0.5],
  ['svc-catalogue', 'sync', 10, 0.7],
]

const AGENTS: readonly Agent[] = [
  agent('agent-analyst', 'data-science', ['sql.query', 'chart.render', 'notebook.run']),
  agent('agent-support', 'support', ['ticket.read', 'ticket.reply', 'refund.propose']),
  agent('agent-seller', 'sales', ['crm.read', 'mail.draft', 'calendar.book']),
  agent('agent-ops', 'platform', ['deploy.status', 'logs.search', 'scale.set']),
  agent('agent-reader', 'research', ['paper.search', 'paper.read', 'note.write']),
  agent('agent-triage', 'security', ['alert.read', 'host.lookup', 'case.write']),
]

/** `anchorDay` is where "new" is measured from; only the newest joiner depends on it. */
export function makeCast(seed: number): Cast {
  const random = randomOf(seed, 'cast')
  const names = makeNames(
    random,
    TEAMS.reduce((sum, [, count]) => sum + count, 0),
  )
  const people = TEAMS.flatMap(([team, count]) =>
    Array.from({ length: count }, (_, i) => makePerson(names.pop() ?? '', team, i, seed)),
  )
  const services = SERVICES.map(([id, job, model, load], i): Service => {
    const own = randomOf(seed, 'service', id)
    return {
      id,
      job,
      model: MODELS[model] ?? own.pick(MODELS),
      dataset: own.pick(DATASETS),
      ip: `10.60.${i}.${own.int(2, 250)}`,
      minute: own.int(0, 359),
      load,
    }
  })
  return {
    people,
    services,
    agents: AGENTS,
    models: MODELS,
    datasets: DATASETS,
    featureViews: FEATURE_VIEWS,
  }
}

function makeNames(random: Random, count: number): string[] {
  const names = new Set<string>()
  while (names.size < count) names.add(`${random.pick(FIRST)}.${random.pick(LAST)}`)
  return [...names]
}

function makePerson(id: string, team: Team, at: number, seed: number): Person {
  const random = randomOf(seed, 'person', id)
  const isShift = team === 'support' && at < 9
  const country = isShift ? (COUNTRIES[(at % 3) * 2] ?? 'DE') : random.pick(COUNTRIES)
  const isPart = !isShift && random.chance(0.15)
  return {
    id,
    team,
    country,
    startsAt: random.chance(0.1) ? 11 + random.next() : 7.5 + 2 * random.next(),
    hours: isPart ? 4 + random.next() : 8 + random.next(),
    days: isPart && random.chance(0.5) ? [1, 2, 3] : [1, 2, 3, 4, 5],
    shift: isShift ? at % 3 : null,
    energy: random.logNormal(1, 0.35),
    officeIp: `${OFFICE_NET[country]}.${random.int(1, 8)}.${random.int(10, 240)}`,
    homeIp: `${random.pick(['84.140', '91.20', '73.15', '126.100'])}.${random.int(1, 250)}.${random.int(2, 250)}`,
    userAgent: random.pick(BROWSERS),
    joined: 0,
  }
}

function llm(name: string, provider: string, priceIn: number, priceOut: number): Model {
  const endpoint = 'POST /v1/chat/completions'
  return { name, provider, system: 'llm-gateway', endpoint, operation: 'chat', priceIn, priceOut }
}

function own(name: string, system: string, endpoint: string): Model {
  return { name, provider: 'own', system, endpoint, operation: 'predict', priceIn: 0, priceOut: 0 }
}

function agent(id: string, owner: Team, tools: readonly string[]): Agent {
  return { id, instance: `${id}-1`, tools, owner }
}
