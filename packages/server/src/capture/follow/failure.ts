// Trouble with a followed file in one sentence: what, where, what to do.

import { dirname } from 'node:path'
import { isMissing, NotAFile } from './discover.ts'
import type { LogFiles } from './log-files.ts'

export async function describeFailure(
  error: unknown,
  path: string,
  files: LogFiles,
): Promise<string> {
  if (error instanceof NotAFile) {
    return `${path} is not a regular file; give the file that the server writes its log to`
  }
  if (isMissing(error)) return describeMissing(path, files)
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  if (code === 'EACCES' || code === 'EPERM') {
    return `${path} may not be read (${code}); let the user that runs Tocsin read the file and its directory`
  }
  return `${path} cannot be read (${code}); it is tried again`
}

async function describeMissing(path: string, files: LogFiles): Promise<string> {
  const directory = dirname(path)
  const isThere = await files.list(directory).then(
    () => true,
    error => !isMissing(error),
  )
  return isThere
    ? `${path} does not exist yet; it is read as soon as it does`
    : `the directory ${directory} does not exist; check the path of the source`
}
