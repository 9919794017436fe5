import type { AxiChannelName } from './nets.ts'

/** A rule: the section of the specification that has it, and what it says. */
export interface Rule {
  readonly section: string
  readonly says: string
}

const rule = (section: string, says: string): Rule => ({ section, says })

/** Of every channel. */
export const handshakeRules = {
  reset: rule('A3.1.2', 'valid is low in reset and in the first cycle after it'),
  held: rule('A3.2.1', 'once valid, valid stays until ready'),
  stable: rule('A3.2.1', 'what is offered does not change until it is taken'),
} as const

/** Of both address channels. */
export const addressRules = {
  'burst-type': rule('A3.4.1', 'burst type 0b11 is reserved'),
  size: rule('A3.4.1', 'a beat is no wider than the bus'),
  'wrap-length': rule('A3.4.1', 'a wrapping burst has 2, 4, 8 or 16 beats'),
  'wrap-aligned': rule('A3.4.1', 'a wrapping burst starts at a multiple of the bytes of a beat'),
  'fixed-length': rule('A3.4.1', 'a burst with more than 16 beats is incrementing'),
  boundary: rule('A3.4.1', 'a burst does not cross a multiple of 4096 bytes'),
  cache: rule('A4.4', 'only modifiable transactions allocate: cache bits 3 and 2 are low where bit 1 is'),
  'exclusive-length': rule('A7.2.4', 'an exclusive burst has at most 16 beats'),
  'exclusive-size': rule('A7.2.4', 'an exclusive burst has 1, 2, 4, ... or 128 bytes'),
  'exclusive-aligned': rule('A7.2.4', 'an exclusive burst starts at a multiple of all its bytes'),
} as const

/** Of one channel in relation to the others. */
export const orderRules = {
  'w-last': rule('A3.4.1', 'wlast comes with the last beat of a burst and with no other'),
  'w-strobe': rule('A3.4.3', 'strobes are in the lanes that the beat may use'),
  'b-address': rule('A3.3.1', 'a write response answers a write of its ID whose address was taken'),
  'b-data': rule('A3.3.1', 'a write response comes after the last beat of its data was taken'),
  'b-exclusive': rule('A7.2.3', 'EXOKAY answers an exclusive access alone'),
  'r-address': rule('A3.3.1', 'read data answers a read of its ID whose address was taken'),
  'r-last': rule('A3.4.1', 'rlast comes with the last beat of the oldest burst of its ID and with no other'),
  'r-exclusive': rule('A7.2.3', 'EXOKAY answers an exclusive access alone'),
} as const

/** What is left when a run ends; the specification sets no time, so that it is ours when to ask. */
export const endRules = {
  'aw-answered': rule('A3.4.1', 'every write is answered in the end'),
  'ar-answered': rule('A3.4.1', 'every read gets all its beats in the end'),
  'w-addressed': rule('A3.3.1', 'every beat of write data has an address in the end'),
} as const

/** Of AXI4-Stream, ARM IHI 0051. */
export const streamRules = {
  't-reset': rule('2.7.2', 'valid is low in reset and in the first cycle after it'),
  't-held': rule('2.2.1', 'once valid, valid stays until ready'),
  't-stable': rule('2.2.1', 'what is offered does not change until it is taken'),
  /** The specification sets no time, so that it is ours when to ask. */
  't-ended': rule('2.5.1', 'every packet has its last beat in the end'),
} as const

/** AXI4-Lite has no exclusive accesses and says so in a section of its own. */
export const liteSection = 'B1.1.1'

export type AxiRule =
  | `${AxiChannelName}-${keyof typeof handshakeRules}`
  | `${'aw' | 'ar'}-${keyof typeof addressRules}`
  | keyof typeof orderRules
  | keyof typeof endRules
export type StreamRule = keyof typeof streamRules

const prefixed = (channels: readonly string[], rules: Readonly<Record<string, Rule>>): [string, Rule][] =>
  channels.flatMap((channel) => Object.entries(rules).map(([name, of]): [string, Rule] => [`${channel}-${name}`, of]))

/** Every rule of AXI4 by name. */
export const axiRules: ReadonlyMap<string, Rule> = new Map([
  ...prefixed(['aw', 'w', 'b', 'ar', 'r'], handshakeRules),
  ...prefixed(['aw', 'ar'], addressRules),
  ...Object.entries(orderRules),
  ...Object.entries(endRules),
])

/** A rule that was broken, in a cycle. */
export interface Violation {
  readonly cycle: number
  readonly rule: AxiRule | StreamRule
  readonly section: string
  /** `aw-boundary (A3.4.1): a burst does not cross a multiple of 4096 bytes; addr = 0xff8, 4 beats of 4 bytes` */
  readonly message: string
}
