import type { Register, RegisterField, RegisterMap } from '../axi/register-map.ts'
import type { runCounters } from './counters.ts'
import type { CoreDescription } from './description.ts'
import { runError } from './run-command.ts'

const field = (
  name: string,
  [low, width]: readonly [number, number],
  access: RegisterField['access'],
  doc: string,
  more: Partial<RegisterField> = {},
): RegisterField => ({ name, low, width, access, doc, ...more })
/** The whole register, of which its own text says all. */
const whole = (access: RegisterField['access'], more: Partial<RegisterField> = {}): RegisterField =>
  field('value', [0, 32], access, '', more)
const locked = { lockedBy: 'status_busy' }

/** A number of 64 bits as two registers, the low word first. */
const twoWords = (
  name: string,
  offset: number,
  access: 'rw' | 'ro',
  doc: string,
  more: Partial<RegisterField> = {},
): readonly Register[] =>
  ['low', 'high'].map((half, k) => ({
    name: `${name}_${half}`,
    offset: offset + 4 * k,
    doc: `${doc}, bits ${32 * k + 31} to ${32 * k}.`,
    fields: [whole(access, more)],
  }))

/** What a run is about, in the words of the core's command. */
const dimensions = [
  ['tokens', 'M: rows of activations and results, at least 1.'],
  ['outputs', 'N: rows of weights, results in a row, at least 1.'],
  ['inputs', 'K: products in a result, at least 1.'],
  ['group', 'Products that share a scale, at least 1.'],
] as const
const addresses = [
  ['activations', 'Address of the packed activations'],
  ['weights', 'Address of the packed weights'],
  ['results', 'Address of the results'],
] as const

export type CounterName = keyof ReturnType<typeof runCounters>['fields']

/** Counters of 32 bits, which start over, then those of 64. */
const cycleCounters = [
  ['cycles', 'Cycles from the command to the end: the sum of the next six.'],
  ['array_busy', 'Cycles in which the array multiplied.'],
  ['wait_activations', 'Cycles in which it waited for activations.'],
  ['wait_weights', 'Cycles in which it waited for weights.'],
  ['wait_spacing', 'Cycles in which it waited because groups were too short.'],
  ['wait_output', 'Cycles in which it waited for a place for results.'],
  ['idle', 'Cycles of planning, and of waiting for the last results and answers.'],
  ['gated_blocks', 'PEs without operands in busy cycles, a PE and cycle each.'],
] as const
const byteCounters = [
  ['bytes_read', 'Bytes that were read, of whole beats'],
  ['bytes_written', 'Bytes that were written, of whole beats'],
] as const

/** The registers of each counter of the last run, and the bit of the counter that a register begins with. */
export const counterRegisters: readonly {
  readonly register: string
  readonly counter: CounterName
  readonly low: number
}[] = [
  ...cycleCounters.map(([counter]) => ({ register: counter, counter, low: 0 })),
  ...byteCounters.flatMap(([counter]) => [
    { register: `${counter}_low`, counter, low: 0 },
    { register: `${counter}_high`, counter, low: 32 },
  ]),
]

/** Names of the registers of a product's dimensions and, with `_low` and `_high` behind them, of its addresses: those of the command. */
export const dimensionNames = dimensions.map(([name]) => name)
export const addressNames = addresses.map(([name]) => name)

/** 'BTLM', by which software knows what it has found. */
export const coprocessorId = 0x42544c4d
/** Major, minor, patch; a byte each. Another major version is another map. */
export const coprocessorVersion = 0x000100

/** The registers of a co-processor. */
export const coprocessorMap = (core: CoreDescription): RegisterMap => {
  const { array, transfers, bufferBeats, fieldBeats } = core
  const constant = (reset: number): RegisterField => whole('constant', { reset })
  return {
    name: 'coprocessor',
    doc: `Registers of the matrix-multiplication co-processor of ${array.name}.`,
    registers: [
      { name: 'id', offset: 0x00, doc: "The letters 'BTLM'.", fields: [constant(coprocessorId)] },
      {
        name: 'version',
        offset: 0x04,
        doc: 'Version of this map: major, minor and patch number, a byte each.',
        fields: [constant(coprocessorVersion)],
      },
      {
        name: 'array',
        offset: 0x08,
        doc: 'What was built.',
        fields: [
          field('rows', [0, 8], 'constant', 'Rows of the array.', { reset: array.size.rows }),
          field('columns', [8, 8], 'constant', 'Columns of the array.', { reset: array.size.columns }),
          field('bus_bytes', [16, 8], 'constant', 'Bytes of a beat of the bus.', { reset: transfers.busBits / 8 }),
        ],
      },
      {
        name: 'buffers',
        offset: 0x0c,
        doc: 'Room for each row and each column of the array.',
        fields: [
          field('beats', [0, 16], 'constant', 'Beats of codes.', { reset: bufferBeats }),
          field('field_beats', [16, 16], 'constant', 'Beats of what groups have once.', { reset: fieldBeats }),
        ],
      },
      {
        name: 'configuration',
        offset: 0x10,
        doc: 'A number that all parameters go into: data are packed for one configuration.',
        fields: [constant(configurationOf(core))],
      },
      {
        name: 'control',
        offset: 0x20,
        doc: 'What software wants.',
        fields: [
          field('start', [0, 1], 'w1s', 'Starts a run with the registers as they stand; SLVERR while busy.', locked),
          field(
            'abort',
            [1, 1],
            'w1s',
            'Ends a run early: what the bus was asked for is waited for, and the run ends with an error.',
          ),
          field('interrupt_done', [8, 1], 'rw', 'The interrupt is 1 while `done` is.'),
          field('interrupt_error', [9, 1], 'rw', 'The interrupt is 1 while `error` is.'),
        ],
      },
      {
        name: 'status',
        offset: 0x24,
        doc: 'How far it is.',
        fields: [
          field('busy', [0, 1], 'ro', 'A run is under way; registers that describe it cannot be written.'),
          field('done', [1, 1], 'w1c', 'A run has ended, well or not.', {
            interruptEnabledBy: 'control_interrupt_done',
          }),
          field('error', [2, 1], 'w1c', 'A run has ended with an error.', {
            interruptEnabledBy: 'control_interrupt_error',
          }),
          field('error_code', [8, 8], 'ro', 'How the last run ended.', { values: runError.names }),
        ],
      },
      {
        name: 'mode',
        offset: 0x28,
        doc: 'The mode of PEs that have several, as their input `mode` has it.',
        fields: [field('value', [0, 8], 'rw', '', locked)],
      },
      ...dimensions.map(
        ([name, doc], k): Register => ({ name, offset: 0x30 + 4 * k, doc, fields: [whole('rw', locked)] }),
      ),
      ...addresses.flatMap(([name, doc], k) => twoWords(name, 0x40 + 8 * k, 'rw', doc, locked)),
      ...cycleCounters.map(([name, doc], k): Register => ({ name, offset: 0x80 + 4 * k, doc, fields: [whole('ro')] })),
      ...byteCounters.flatMap(([name, doc], k) => twoWords(name, 0xa0 + 8 * k, 'ro', doc)),
    ],
  }
}

/** FNV-1a, 32 bits, of the text of all parameters. */
export const configurationOf = ({ identity }: CoreDescription): number => {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(identity)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
