import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../../base/user-error.ts'

/** How a download ended. A refused or cut one leaves its partial file for the next try. */
export type DownloadResult =
  | { readonly outcome: 'complete' }
  /** The server answered, but not with the file. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** The connection failed; `received` bytes came in this call. */
  | { readonly outcome: 'cut'; readonly reason: string; readonly received: number }

/** What a download needs to know. */
export interface DownloadOptions {
  readonly url: string
  /** The partial file: continued if it exists, whole when the outcome is `complete`. */
  readonly path: string
  /** Exact size of the whole file; where it is not known, a partial file of an earlier call is not continued. */
  readonly bytes?: number
  /** `total` is what is known of the size of the whole file. */
  readonly onBytes?: (done: number, total: number | undefined) => void
  /** Pause before a retry, in ms; multiplied by the number of the retry. */
  readonly retryDelayMs?: number
  /** A connection that brings nothing for so long counts as cut. */
  readonly idleMs?: number
}

const RETRIES = 4

/** Downloads over HTTP, continuing a partial file by a Range request; a cut connection is continued a few times. */
export const download = async (options: DownloadOptions): Promise<DownloadResult> => {
  const { retryDelayMs = 1_000 } = options
  let received = 0
  let reached = false
  let { bytes } = options
  for (let fruitless = 0; ; ) {
    const result = await attempt({ ...options, ...(bytes === undefined ? {} : { bytes }) })
    if (result.outcome !== 'cut') return result
    bytes ??= result.total
    // Without its size nothing tells whether a file is the one that was begun.
    if (bytes === undefined) return result
    received += result.received
    reached ||= result.total !== undefined
    fruitless = result.received > 0 ? 0 : fruitless + 1
    // Who never answered is not there, and retries would only keep the user waiting.
    if (!reached || fruitless > RETRIES) return { ...result, received }
    await sleep(retryDelayMs * (fruitless + 1))
  }
}

const attempt = async (options: DownloadOptions): Promise<DownloadResult & { readonly total?: number | undefined }> => {
  const { url, path, bytes, onBytes = () => {}, idleMs = 30_000 } = options
  let have = await sizeOf(path)
  if (bytes === undefined || have > bytes) {
    await rm(path, { force: true })
    have = 0
  }
  onBytes(have, bytes)
  if (have === bytes) return { outcome: 'complete' }

  const controller = new AbortController()
  const giveUp = (): void => controller.abort(new Error(`nothing came for ${idleMs / 1000} s`))
  let idle = setTimeout(giveUp, idleMs)
  let received = 0
  try {
    const response = await fetch(url, {
      headers: { 'accept-encoding': 'identity', ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
      signal: controller.signal,
    }).catch((error: unknown) => networkFailure(error))
    if (response instanceof NetworkFailure) return { outcome: 'cut', reason: response.message, received }
    const start = startOf(response, have)
    if (start === undefined || !response.body) {
      await response.body?.cancel()
      // A server that refuses the range (416) is asked for the whole file next time.
      if (response.status === 416) await rm(path, { force: true })
      return { outcome: 'refused', reason: `the server answered ${response.status}` }
    }
    const total = bytes ?? lengthOf(response)
    const file = await open(path, start === 0 ? 'w' : 'a')
    try {
      have = start
      const chunks = response.body.getReader()
      for (;;) {
        const chunk = await chunks.read().catch((error: unknown) => networkFailure(error))
        if (chunk instanceof NetworkFailure) return { outcome: 'cut', reason: chunk.message, received, total }
        if (chunk.done) break
        clearTimeout(idle)
        idle = setTimeout(giveUp, idleMs)
        have += chunk.value.length
        received += chunk.value.length
        if (total !== undefined && have > total) return await refuseSurplus(file, controller)
        await writeAll(file, chunk.value)
        onBytes(have, total)
      }
    } finally {
      await file.close()
    }
    if (total === undefined || have === total) return { outcome: 'complete' }
    return { outcome: 'cut', reason: 'the connection ended early', received, total }
  } finally {
    clearTimeout(idle)
  }
}

/** A failure of the network, told apart from one of the disk, which is thrown on. */
class NetworkFailure extends Error {}

const networkFailure = (error: unknown): NetworkFailure => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = (cause as NodeJS.ErrnoException).code
  return new NetworkFailure(code ?? reasonOf(cause))
}

/** First byte of the file that the response brings, or undefined where it does not bring the file. */
const startOf = (response: Response, wanted: number): number | undefined => {
  if (response.status === 200) return 0
  if (response.status !== 206) return undefined
  const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')
  return range && Number(range[1]) === wanted ? wanted : undefined
}

/** Size of the file that an answer of 200 brings, where the server says it. */
const lengthOf = (response: Response): number | undefined => {
  const text = response.headers.get('content-length')
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

const refuseSurplus = async (file: FileHandle, controller: AbortController): Promise<DownloadResult> => {
  controller.abort()
  await file.truncate(0)
  return { outcome: 'refused', reason: 'the server sent more bytes than the package has' }
}

const writeAll = async (file: FileHandle, chunk: Uint8Array): Promise<void> => {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten
}

const sizeOf = async (path: string): Promise<number> => {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}
