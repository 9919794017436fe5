/** Where long work reports how far it is; the command line draws a bar with an ETA on stderr, tests pass `silent`. */
export interface Progress {
  /** Starts (or restarts) a bar of `total` steps of `unit`, e.g. `('download', 112, 'MB')`. */
  start(title: string, total: number, unit: string): void
  /** `done` of the total is finished now; `note` is a short text beside the bar. */
  update(done: number, note?: string): void
  /** The current bar is finished. */
  stop(): void
  /** One line of news, on its own. */
  say(line: string): void
}

export const silent: Progress = { start() {}, update() {}, stop() {}, say() {} }
