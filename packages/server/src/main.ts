// The command line's first line: everything else is loaded when a command needs it.

import { runCli } from './cli/cli.ts'

process.exitCode = await runCli(process.argv.slice(2))
