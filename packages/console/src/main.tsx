// The console starts here: colours on the page, keys, then the screen that the address names.

import './theme/theme.ts'
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Problem } from './api/api.ts'
import { listenToKeys } from './keys/keys.ts'
import { router } from './routes.tsx'
import { readContrast, readScheme, THEME, wear } from './theme/theme.ts'

const RETRIES = 2
const STALE_MS = 10_000

wear(readScheme(), readContrast())
listenToKeys(window)

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: STALE_MS,
      refetchOnWindowFocus: false,
      // What the caller did wrong does not become right by asking again.
      retry: (failures, error) =>
        failures < RETRIES &&
        error instanceof Problem &&
        (error.status === 0 || error.status > 499),
    },
  },
})

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={THEME}
        withCssVariables={false}
        withGlobalClasses={false}
        // Colours are put on the page by `wear`; Mantine would put its own default over them.
        getRootElement={() => undefined}
      >
        <QueryClientProvider client={client}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
}
