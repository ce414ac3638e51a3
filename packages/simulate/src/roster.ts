// Tables the cast is drawn from: names, places, models, data, service accounts, agents. All names
// are made up; addresses come from ranges that belong to nobody (RFC 1918, RFC 2544, RFC 5737).

import type { Country } from './calendar.ts'
import type { Agent, Dataset, Model, Service, Team } from './cast.ts'
import type { Weighted } from './random.ts'

type ByCountry<T> = { readonly [country in Country]: T }

const words = (text: string): readonly string[] => text.split(' ')

export const FIRST_NAMES: ByCountry<readonly string[]> = {
  DE: words(
    'anna jonas lena felix ines david olga sven tara pavel noor marco clara emil farid rosa',
  ),
  US: words(
    'grace ben quinn zoe tyler maya chris wanda uma victor amber diego keisha owen leah sam',
  ),
  JP: words('keiko hiro yuki emi kenji sora naoki rin aya takumi mei daichi'),
}
export const LAST_NAMES: ByCountry<readonly string[]> = {
  DE: words(
    'adler brandt dietz fuchs jansen lange meyer novak peters vogel weber yilmaz kern roth',
  ),
  US: words(
    'young costa garcia ruiz quist reed walker hayes cole bennett nguyen patel brooks shaw',
  ),
  JP: words('sato tanaka ito kato endo hoshi okada ueda mori kimura abe ota'),
}

/** How many people a team has, and where. The shift crews of support come on top, in Germany. */
export const TEAMS: readonly (readonly [Team, ByCountry<number>])[] = [
  ['data-science', { DE: 8, US: 3, JP: 3 }],
  ['support', { DE: 2, US: 3, JP: 2 }],
  ['sales', { DE: 4, US: 4, JP: 2 }],
  ['platform', { DE: 4, US: 2, JP: 2 }],
  ['security', { DE: 2, US: 1, JP: 1 }],
  ['research', { DE: 3, US: 3, JP: 1 }],
]

/** Two people in each of five crews that turn around the clock. */
export const SHIFT_CREWS = 5
export const CREW_SIZE = 2

export type Site = {
  readonly city: string
  readonly officeNet: string
  readonly vpnNet: string
  /** First two or three parts of the addresses that people have at home. */
  readonly homeNets: readonly string[]
  readonly homeCities: readonly string[]
  readonly asns: readonly number[]
  readonly gateway: string
  readonly region: string
}

export const SITES: ByCountry<Site> = {
  DE: {
    city: 'Leipzig',
    officeNet: '10.10',
    vpnNet: '10.99.1',
    homeNets: ['198.18.10', '198.18.22', '198.18.37', '198.18.91'],
    homeCities: ['Leipzig', 'Halle', 'Berlin', 'Dresden'],
    asns: [64496, 64497],
    gateway: 'gateway-eu',
    region: 'eu-central-1',
  },
  US: {
    city: 'Boston',
    officeNet: '10.20',
    vpnNet: '10.99.2',
    homeNets: ['198.19.3', '198.19.14', '198.19.58'],
    homeCities: ['Boston', 'Cambridge', 'Providence'],
    asns: [64500, 64501],
    gateway: 'gateway-us',
    region: 'us-east-1',
  },
  JP: {
    city: 'Osaka',
    officeNet: '10.30',
    vpnNet: '10.99.3',
    homeNets: ['198.19.140', '198.19.162'],
    homeCities: ['Osaka', 'Kobe'],
    asns: [64505, 64506],
    gateway: 'gateway-jp',
    region: 'ap-northeast-3',
  },
}

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/154.0.0.0 Safari/537.36'
export const BROWSERS: readonly Weighted<string>[] = [
  [5, `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}`],
  [3, `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROME}`],
  [2, `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Edg/154.0.0.0`],
  [
    2,
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 ' +
      '(KHTML, like Gecko) Version/26.1 Safari/605.1.15',
  ],
  [2, 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'],
]
export const PHONES: readonly string[] = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 ' +
    '(KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 ' +
    '(KHTML, like Gecko) Chrome/154.0.0.0 Mobile Safari/537.36',
]
export const LIBRARIES: readonly string[] = [
  'OpenAI/Python 2.8.1',
  'python-requests/2.32.5',
  'python-httpx/0.28.1',
  'OpenAI/JS 6.9.0',
]

const CHAT = 'POST /v1/chat/completions'
const KSERVE = 'POST /v2/models/{model}/infer'
const TF_SERVING = 'POST /v1/models/{model}:predict'

export const MODELS: readonly Model[] = [
  llm('gpt-4o', 'openai', '2024-11-20', { priceIn: 2500, priceOut: 10_000, msPerToken: 13 }),
  llm('gpt-4o-mini', 'openai', '2024-07-18', { priceIn: 150, priceOut: 600, msPerToken: 8 }),
  llm('claude-sonnet-4', 'anthropic', '20250514', {
    priceIn: 3000,
    priceOut: 15_000,
    msPerToken: 15,
  }),
  llm('mistral-small', 'mistral_ai', '2506', { priceIn: 100, priceOut: 300, msPerToken: 9 }),
  {
    ...llm('text-embedding-3-small', 'openai', '1', { priceIn: 20, priceOut: 0, msPerToken: 0 }),
    operation: 'embeddings',
    endpoint: 'POST /v1/embeddings',
  },
  {
    ...llm('llama-3-70b', 'own', '3.3-awq', { priceIn: 0, priceOut: 0, msPerToken: 24 }),
    system: 'llm-onprem',
  },
  own('churn', 'kserve', KSERVE, 14),
  own('fraud', 'kserve', KSERVE, 9),
  own('demand', 'tf-serving', TF_SERVING, 31),
  own('pricing', 'tf-serving', TF_SERVING, 12),
  own('lead-score', 'sklearn-api', 'POST /predict', 22),
  own('reranker', 'kserve', KSERVE, 46),
]

export const DATASETS: readonly Dataset[] = [
  dataset('customers_eu', 'personal', 'data-science security'),
  dataset('transactions', 'personal', 'data-science security'),
  dataset('labels_fraud', 'confidential', 'data-science'),
  dataset('prices', 'confidential', 'data-science sales'),
  dataset('orders', 'internal', 'data-science sales research'),
  dataset('clickstream', 'internal', 'data-science research'),
  dataset('tickets', 'internal', 'data-science support research'),
  dataset('documents', 'internal', 'data-science support research sales platform security'),
  dataset('gateway_logs', 'internal', 'platform security'),
]

export const FEATURE_VIEWS: readonly string[] = words(
  'customer_profile order_stats_7d transaction_window price_history lead_activity device_risk',
)
export const INDEXES: readonly string[] = words('kb-support kb-product kb-legal')

/** What a service reaches: a model by its name, a dataset, a feature view or index. */
type Reach = readonly [model: string, dataset: string, store: string]
type ServiceRow = readonly [string, Service['job'], Reach, Partial<Service>]

const SHOP = { rhythm: 'shop' } as const
const OFFICE = { rhythm: 'office' } as const

export const SERVICES: readonly ServiceRow[] = [
  ['svc-checkout-fraud', 'score', ['fraud', 'transactions', 'transaction_window'], SHOP],
  ['svc-shop-pricing', 'score', ['pricing', 'prices', 'price_history'], { ...SHOP, load: 0.9 }],
  ['svc-crm-leads', 'score', ['lead-score', 'orders', 'lead_activity'], { ...OFFICE, load: 0.5 }],
  ['svc-portal-churn', 'score', ['churn', 'customers_eu', 'customer_profile'], { load: 0.5 }],
  ['svc-support-rag', 'answer', ['gpt-4o', 'tickets', 'kb-support'], { ...OFFICE, load: 0.9 }],
  ['svc-search-rerank', 'rerank', ['reranker', 'documents', 'kb-product'], SHOP],
  ['svc-mobile-chat', 'chat', ['gpt-4o-mini', 'orders', 'kb-product'], { ...SHOP, load: 0.8 }],
  ['svc-mail-triage', 'triage', ['mistral-small', 'tickets', 'kb-support'], OFFICE],
  ['svc-demand-planner', 'batch', ['demand', 'orders', 'order_stats_7d'], { load: 1.6 }],
  ['svc-churn-nightly', 'batch', ['churn', 'customers_eu', 'customer_profile'], { load: 1.3 }],
  ['svc-invoice-extract', 'batch', ['claude-sonnet-4', 'documents', 'invoices'], { load: 0.8 }],
  ['svc-report-writer', 'batch', ['llama-3-70b', 'orders', 'reports'], { load: 0.5 }],
  ['svc-label-export', 'batch', ['fraud', 'labels_fraud', 'labels'], { load: 0.4 }],
  ['svc-embed-documents', 'embed', ['text-embedding-3-small', 'documents', 'kb-support'], {}],
  ['svc-feast-nightly', 'features', ['churn', 'customers_eu', 'customer_profile'], { every: 1440 }],
  ['svc-feast-orders', 'features', ['demand', 'orders', 'order_stats_7d'], { every: 60 }],
  ['svc-feast-windows', 'features', ['fraud', 'transactions', 'transaction_window'], { every: 15 }],
  ['svc-ci-evaluate', 'ci', ['llama-3-70b', 'tickets', 'kb-support'], {}],
  ['svc-ci-prompts', 'ci', ['gpt-4o-mini', 'tickets', 'kb-support'], { load: 0.8 }],
  ['svc-retrain-fraud', 'retrain', ['fraud', 'labels_fraud', 'transaction_window'], {}],
  ['svc-retrain-demand', 'retrain', ['demand', 'orders', 'order_stats_7d'], {}],
  ['svc-retrain-churn', 'retrain', ['churn', 'customers_eu', 'customer_profile'], {}],
  ['svc-lake-sync', 'sync', ['pricing', 'prices', 'price_history'], { every: 30 }],
  ['svc-backup-weights', 'backup', ['pricing', 'prices', 'weights'], {}],
  ['svc-model-loader', 'load', ['pricing', 'prices', 'weights'], {}],
]

export const AGENTS: readonly Agent[] = [
  agent('agent-analyst', 'data-science', 'claude-sonnet-4', 'sql.query chart.render notebook.run'),
  agent('agent-support', 'support', 'gpt-4o', 'ticket.read kb.search refund.propose ticket.reply'),
  agent('agent-seller', 'sales', 'gpt-4o', 'crm.read kb.search mail.draft calendar.book'),
  agent('agent-ops', 'platform', 'claude-sonnet-4', 'deploy.status logs.search scale.set'),
  agent('agent-reader', 'research', 'claude-sonnet-4', 'paper.search paper.read note.write'),
  agent('agent-triage', 'security', 'gpt-4o', 'finding.read host.lookup logs.search case.write'),
]

/** Tools whose use a person has to approve. */
export const RISKY_TOOLS: ReadonlySet<string> = new Set(
  words('refund.propose scale.set mail.draft'),
)

type Prices = Pick<Model, 'priceIn' | 'priceOut' | 'msPerToken'>

function llm(name: string, provider: string, version: string, prices: Prices): Model {
  const isOwn = false
  return {
    name,
    provider,
    version,
    system: 'llm-gateway',
    endpoint: CHAT,
    operation: 'chat',
    isOwn,
    ...prices,
  }
}

function own(name: string, system: string, endpoint: string, msPerCall: number): Model {
  const prices = { priceIn: 0, priceOut: 0, msPerToken: msPerCall }
  const parts = { provider: 'own', version: '', operation: 'predict', isOwn: true }
  return { name, system, endpoint, ...parts, ...prices }
}

function dataset(name: string, dataClass: Dataset['class'], teams: string): Dataset {
  return { id: `s3://lake/${name}`, class: dataClass, teams: words(teams) }
}

function agent(id: string, owner: Team, model: string, tools: string): Agent {
  return { id, owner, model, tools: words(tools), server: `mcp-${owner}` }
}
