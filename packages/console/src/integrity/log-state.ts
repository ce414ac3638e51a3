// The state of the log as the server tells it, by its route.

import type { Answer } from '../api/api.ts'

export type LogState = Answer<'GET /v1/log'>
