// The version that /healthz, OpenAPI and `tocsin --version` show: the package's own.

import manifest from '../package.json' with { type: 'json' }

export const VERSION: string = manifest.version
