import type { Register, RegisterField, RegisterMap } from '../axi/register-map.ts'
import { runCounters } from './counters.ts'
import type { CoreDescription } from './description.ts'
import { runError } from './run-command.ts'

/** 'BTLM', by which software knows what it has found. */
export const coprocessorId = 0x42544c4d
/** Major, minor, patch; a byte each. Another major version is another map. */
export const coprocessorVersion = 0x010000

/** The matrices of a product, by their names in commands, and what their addresses are called. */
export const matrixAddresses = { activations: 'activations', weights: 'weights', results: 'results' } as const
/** Dimensions of a product, by their names in commands; the names of their registers are the literature's. */
export const dimensionRegisters = { tokens: 'm', outputs: 'n', inputs: 'k', group: 'group' } as const

const field = (
  name: string,
  [low, width]: readonly [number, number],
  access: RegisterField['access'],
  doc: string,
  more: Partial<RegisterField> = {},
): RegisterField => ({ name, low, width, access, doc, ...more })
const whole = (access: RegisterField['access'], doc: string, more: Partial<RegisterField> = {}): RegisterField =>
  field('value', [0, 32], access, doc, more)
const locked = { lockedBy: 'status_busy' }

const dimensionDocs = {
  tokens: 'M: rows of activations and of results',
  outputs: 'N: rows of weights, columns of results',
  inputs: 'K: products in a result',
  group: 'Products that share a scale or zero point; the last group of a row may be shorter',
} as const

const counterDocs: Readonly<Record<CounterName, string>> = {
  cycles: 'Cycles from start to end',
  array_busy: 'Cycles in which the array took operands',
  wait_activations: 'Cycles in which it waited for activations',
  wait_weights: 'Cycles in which it waited for weights',
  wait_output: 'Cycles in which it waited for room for results',
  wait_spacing: 'Cycles in which it waited because groups must not end closer together',
  idle: 'All other cycles: setting up, last results, last answers of the bus',
  gated_blocks: 'PEs without operands in busy cycles, one for each PE and cycle',
  bytes_read: 'Bytes of the beats that came over the bus',
  bytes_written: 'Bytes of the beats that went over the bus',
}
export type CounterName = keyof ReturnType<typeof runCounters>['fields']

/** Registers of the counters: one for each word of 32 bits, and the bit of the counter that it begins with. */
export const counterRegisters = (
  core: CoreDescription,
): readonly { readonly register: string; readonly counter: CounterName; readonly low: number }[] =>
  Object.entries(runCounters(core).fields).flatMap(([name, { width }]) => {
    const counter = name as CounterName
    return width <= 32
      ? [{ register: counter, counter, low: 0 }]
      : ['low', 'high'].map((half, k) => ({ register: `${counter}_${half}`, counter, low: 32 * k }))
  })

/** The registers of a co-processor. What was built is in constants, so that software can tell. */
export const coprocessorMap = (core: CoreDescription): RegisterMap => {
  const { array, transfers, bufferBeats, fieldBeats } = core
  const constant = (doc: string, reset: number): RegisterField => whole('constant', doc, { reset })
  const plain = (name: string, offset: number, doc: string, of: RegisterField): Register => {
    return { name, offset, doc, fields: [of] }
  }
  const errors = runError.names.map((name, code) => `${code} ${name}`).join(', ')
  return {
    name: 'coprocessor',
    doc: `Registers of the matrix-multiplication co-processor of ${array.name}.`,
    registers: [
      plain('id', 0x00, 'What this is.', constant("The letters 'BTLM'.", coprocessorId)),
      plain(
        'version',
        0x04,
        'Version of this map.',
        constant('Major, minor and patch; a byte each.', coprocessorVersion),
      ),
      plain(
        'configuration',
        0x08,
        'Which co-processor this is.',
        constant(
          'A number that all parameters go into; data for another one are packed in another way.',
          configurationOf(core),
        ),
      ),
      {
        name: 'array',
        offset: 0x0c,
        doc: 'What was built.',
        fields: [
          field('rows', [0, 8], 'constant', 'Rows of the array.', { reset: array.size.rows }),
          field('columns', [8, 8], 'constant', 'Columns of the array.', { reset: array.size.columns }),
          field('bus_bytes', [16, 8], 'constant', 'Bytes of a beat of the bus.', { reset: transfers.busBits / 8 }),
        ],
      },
      {
        name: 'buffers',
        offset: 0x10,
        doc: 'Room that a row of the array, and a column, has.',
        fields: [
          field('code_beats', [0, 16], 'constant', 'Beats of codes.', { reset: bufferBeats }),
          field('field_beats', [16, 16], 'constant', 'Beats of what groups have once.', { reset: fieldBeats }),
        ],
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
            'Ends a run early, with an error, when the bus has answered what it was asked.',
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
          field('error_code', [8, 8], 'ro', `How the last run ended: ${errors}.`),
        ],
      },
      plain(
        'mode',
        0x28,
        'Mode of PEs that have several.',
        whole('rw', "The array's code of the mode, else 0.", locked),
      ),
      ...Object.entries(dimensionRegisters).map(([name, register], k) =>
        plain(
          register,
          0x30 + 4 * k,
          `${dimensionDocs[name as keyof typeof dimensionDocs]}.`,
          whole('rw', `1 to ${core.dimension.max}.`, locked),
        ),
      ),
      ...Object.values(matrixAddresses).flatMap((name, k) =>
        (['low', 'high'] as const).map((half, word) =>
          plain(
            `${name}_${half}`,
            0x40 + 8 * k + 4 * word,
            `Address of the ${name}, a whole beat's: bits ${32 * word + 31} to ${32 * word}.`,
            whole('rw', `The ${half} word.`, locked),
          ),
        ),
      ),
      ...counterRegisters(core).map(({ register, counter, low }, k) =>
        plain(
          register,
          0x80 + 4 * k,
          `${counterDocs[counter]}${register === counter ? '' : `: from bit ${low} on`}.`,
          whole('ro', low > 0 ? '' : 'Of the last run, or of the one under way; starts over when it is full.'),
        ),
      ),
    ],
  }
}

/** FNV-1a, 32 bits, of the text of all parameters. */
export const configurationOf = ({ identity }: CoreDescription): number => {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(identity)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
