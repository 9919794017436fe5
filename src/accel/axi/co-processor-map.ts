import type { Register, RegisterField, RegisterMap } from './register-map.ts'

/** What a co-processor was built as; software reads it. */
export interface CoProcessorCapabilities {
  /** Of its array, 1 to 255. */
  readonly rows: number
  readonly columns: number
  /** Place of its PE family in `families`, 0 to 255. */
  readonly family: number
  /** 32 to 512. */
  readonly busBits: number
  /** Bytes. */
  readonly activationBuffer: number
  readonly weightBuffer: number
  readonly outputBuffer: number
}

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

/** Addresses in memory, as the core's layout has them. */
const addresses = [
  ['activations', 'Address of the packed activations'],
  ['weights', 'Address of the packed weights'],
  ['scales', 'Address of scales, zero points and selectors of weights'],
  ['output', 'Address of the results'],
] as const

/** Counters of the last run; they stand still when it has ended. */
export const coProcessorCounters = [
  ['cycles', 'Cycles from start to end'],
  ['array_busy', 'Cycles in which the array multiplied'],
  ['wait_activations', 'Cycles in which it waited for activations'],
  ['wait_weights', 'Cycles in which it waited for weights'],
  ['wait_output', 'Cycles in which it waited for results to leave'],
  ['gated_blocks', 'Steps of blocks of the array whose clock stood still'],
  ['bytes_read', 'Bytes that came over the bus'],
  ['bytes_written', 'Bytes that went over the bus'],
] as const

/** 'BTLM', by which software knows what it has found. */
export const coProcessorId = 0x42544c4d
/** Major, minor, patch; a byte each. Another major version is another map. */
export const coProcessorVersion = 0x000100

/** The registers of the co-processor. */
export const coProcessorMap = (has: CoProcessorCapabilities): RegisterMap => {
  const constant = (reset: number): RegisterField => whole('constant', { reset })
  return {
    name: 'coprocessor',
    doc: 'Registers of the matrix-multiplication co-processor.',
    registers: [
      { name: 'id', offset: 0x00, doc: "The letters 'BTLM'.", fields: [constant(coProcessorId)] },
      {
        name: 'version',
        offset: 0x04,
        doc: 'Version of this map: major, minor and patch number, a byte each.',
        fields: [constant(coProcessorVersion)],
      },
      {
        name: 'array',
        offset: 0x08,
        doc: 'What was built.',
        fields: [
          field('rows', [0, 8], 'constant', 'Rows of the array.', { reset: has.rows }),
          field('columns', [8, 8], 'constant', 'Columns of the array.', { reset: has.columns }),
          field('family', [16, 8], 'constant', 'Number of the PE family.', { reset: has.family }),
          field('bus_bytes', [24, 8], 'constant', 'Bytes of a beat of the bus.', { reset: has.busBits / 8 }),
        ],
      },
      {
        name: 'activation_buffer',
        offset: 0x10,
        doc: 'Bytes of the buffer for activations.',
        fields: [constant(has.activationBuffer)],
      },
      {
        name: 'weight_buffer',
        offset: 0x14,
        doc: 'Bytes of the buffer for weights.',
        fields: [constant(has.weightBuffer)],
      },
      {
        name: 'output_buffer',
        offset: 0x18,
        doc: 'Bytes of the buffer for results.',
        fields: [constant(has.outputBuffer)],
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
          field('error_code', [8, 8], 'ro', 'Why the last run that failed did.'),
        ],
      },
      {
        name: 'mode',
        offset: 0x28,
        doc: 'The mode of PEs that have several, as their input `mode` has it.',
        fields: [field('value', [0, 8], 'rw', '', locked)],
      },
      {
        name: 'm',
        offset: 0x30,
        doc: 'Rows of activations and results, at least 1.',
        fields: [whole('rw', locked)],
      },
      {
        name: 'n',
        offset: 0x34,
        doc: 'Columns of results, rows of weights, at least 1.',
        fields: [whole('rw', locked)],
      },
      { name: 'k', offset: 0x38, doc: 'Products in a result, at least 1.', fields: [whole('rw', locked)] },
      {
        name: 'group',
        offset: 0x3c,
        doc: 'Products that share a scale, at least 1.',
        fields: [whole('rw', locked)],
      },
      ...addresses.flatMap(([name, doc], k) => twoWords(name, 0x40 + 8 * k, 'rw', doc, locked)),
      ...coProcessorCounters.flatMap(([name, doc], k) => twoWords(name, 0x80 + 8 * k, 'ro', doc)),
    ],
  }
}
