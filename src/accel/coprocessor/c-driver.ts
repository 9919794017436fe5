import { registerHeader } from '../axi/register-text.ts'
import { bytesPerBeat } from '../transfers.ts'
import type { CoreDescription, SideDescription } from './description.ts'
import { addressNames, coprocessorMap, counterRegisters, dimensionNames } from './registers.ts'
import { runError } from './run-command.ts'

/** A file of the C driver. */
export interface DriverFile {
  readonly file: string
  readonly text: string
}

const made = 'Made by bitloom from the description of the co-processor; change that.'

/**
 * A bare-metal driver in C99 for one co-processor: registers, a header and a source without dependencies. It allocates nothing, and
 * reaches registers by `COPROCESSOR_READ` and `COPROCESSOR_WRITE`, which may be defined otherwise. Caches are the caller's.
 */
export const cDriver = (core: CoreDescription): readonly DriverFile[] => [
  { file: 'coprocessor_registers.h', text: registerHeader(coprocessorMap(core)) },
  { file: 'coprocessor.h', text: header(core) },
  { file: 'coprocessor.c', text: source(core) },
]

const header = (core: CoreDescription): string => {
  const { rows, columns } = core.array.size
  const counters = [...counterWords()].map(([name, words]) => `  uint${32 * words.length}_t ${name};`)
  const modes = core.array.modes.map(
    ({ code, perStep, activationBits, weightBits }) =>
      ` *   mode ${code}: activations of ${activationBits} bits, weights of ${weightBits}, ${perStep} of each a step`,
  )
  return `/* Driver of the co-processor of ${core.array.name}, ${rows} x ${columns}. ${made} */
#ifndef COPROCESSOR_H
#define COPROCESSOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a run ended. */
typedef enum {
${runError.names.map((name, code) => `  COPROCESSOR_${name.toUpperCase()} = ${code},`).join('\n')}
  /* The driver's own: no co-processor of this kind there; one at work; no end seen. */
  COPROCESSOR_ABSENT = 256,
  COPROCESSOR_BUSY = 257,
  COPROCESSOR_WAITING = 258
} coprocessor_error;

/*
 * results[m, n] = sum over k of activations[m, k] * weights[n, k], in groups along k; m below tokens, n below outputs,
 * k below inputs. Addresses are those that the co-processor sees, multiples of ${bytesPerBeat(core.transfers)}. It has
${modes.join('\n')}
 */
typedef struct {
  uint32_t ${dimensionNames.join(', ')}, mode;
  uint64_t ${addressNames.join(', ')};
} coprocessor_product;

/* Of the last run. Cycles are array_busy, one of those that wait, or idle. */
typedef struct {
${counters.join('\n')}
} coprocessor_counters;

/* COPROCESSOR_NONE where registers at this address are those of this co-processor, else COPROCESSOR_ABSENT. */
coprocessor_error coprocessor_probe(uintptr_t base);
/* Writes the product and starts. COPROCESSOR_BUSY where a run is under way, and nothing is written then. */
coprocessor_error coprocessor_start(uintptr_t base, const coprocessor_product *product);
/*
 * Looks at the status up to \`looks\` times; clears done and error at the end. COPROCESSOR_WAITING where the run is not over
 * by then.
 */
coprocessor_error coprocessor_wait(uintptr_t base, uint32_t looks);
/* Ends a run early; wait for it then. */
void coprocessor_abort(uintptr_t base);
/* Whether the interrupt follows done, and error. */
void coprocessor_interrupts(uintptr_t base, int done, int error);
void coprocessor_read_counters(uintptr_t base, coprocessor_counters *counters);

/* Bytes of a row in memory, and of the fields that follow its codes; 0 for a mode that is not there. */
size_t coprocessor_activation_row(const coprocessor_product *product);
size_t coprocessor_weight_row(const coprocessor_product *product);
size_t coprocessor_result_row(const coprocessor_product *product);
/* A matrix of results for each group, one behind the other, or one alone where the array adds up the groups. */
size_t coprocessor_result_matrices(const coprocessor_product *product);

/*
 * Pack a row of as many numbers as there are inputs, and behind them what each group has once, a word a group; NULL where
 * there is nothing.
 *   of activations: ${fieldsText(core.activation)}
 *   of weights: ${fieldsText(core.weight)}
 */
void coprocessor_pack_activations(const coprocessor_product *product, const int32_t *numbers, const uint64_t *fields,
                                  uint8_t *row);
void coprocessor_pack_weights(const coprocessor_product *product, const int32_t *numbers, const uint64_t *fields,
                              uint8_t *row);

#ifdef __cplusplus
}
#endif

#endif
`
}

const source = (core: CoreDescription): string => {
  const { array, transfers, resultBytes } = core
  const writes = [
    ...dimensionNames.map((name) => [name, `product->${name}`] as const),
    ['mode', 'product->mode'] as const,
    ...addressNames.flatMap((name) => [
      [`${name}_low`, `(uint32_t)product->${name}`] as const,
      [`${name}_high`, `(uint32_t)(product->${name} >> 32)`] as const,
    ]),
  ]
  const register = (name: string): string => `COPROCESSOR_${name.toUpperCase()}_OFFSET`
  const reads = [...counterWords()].map(([name, words]) => {
    const values = words.map(({ register: of, low }) => {
      const value = `COPROCESSOR_READ(base, ${register(of)})`
      return words.length === 1 ? value : `(uint64_t)${value}${low > 0 ? ` << ${low}` : ''}`
    })
    return `  counters->${name} = ${values.join(' | ')};`
  })
  const constants = coprocessorMap(core).registers.filter(({ name }) =>
    ['id', 'version', 'configuration'].includes(name),
  )
  const probes = constants.map(({ name }) =>
    name === 'version'
      ? `      COPROCESSOR_READ(base, ${register(name)}) >> 16 != COPROCESSOR_VERSION_RESET >> 16`
      : `      COPROCESSOR_READ(base, ${register(name)}) != COPROCESSOR_${name.toUpperCase()}_RESET`,
  )
  return `/* ${made} */
#include "coprocessor.h"
#include "coprocessor_registers.h"

#ifndef COPROCESSOR_READ
#define COPROCESSOR_READ(base, offset) (*(volatile const uint32_t *)((base) + (offset)))
#endif
#ifndef COPROCESSOR_WRITE
#define COPROCESSOR_WRITE(base, offset, value) (*(volatile uint32_t *)((base) + (offset)) = (value))
#endif

#define BUS_BITS ${transfers.busBits}u
#define DONE_AND_ERROR (COPROCESSOR_STATUS_DONE_MASK | COPROCESSOR_STATUS_ERROR_MASK)
#define ENABLES (COPROCESSOR_CONTROL_INTERRUPT_DONE_MASK | COPROCESSOR_CONTROL_INTERRUPT_ERROR_MASK)

typedef struct {
  uint32_t code, per_step, activation_bits, weight_bits;
} mode_layout;
static const mode_layout modes[] = {
${array.modes.map((mode) => `  {${mode.code}u, ${mode.perStep}u, ${mode.activationBits}u, ${mode.weightBits}u},`).join('\n')}
};
typedef struct {
  uint32_t word_bits, field_bits;
} side_layout;
static const side_layout activation_side = ${sideText(core.activation)};
static const side_layout weight_side = ${sideText(core.weight)};

coprocessor_error coprocessor_probe(uintptr_t base) {
  if (${probes.join(' ||\n').trimStart()})
    return COPROCESSOR_ABSENT;
  return COPROCESSOR_NONE;
}

coprocessor_error coprocessor_start(uintptr_t base, const coprocessor_product *product) {
  uint32_t enables = COPROCESSOR_READ(base, ${register('control')}) & ENABLES;
  if (COPROCESSOR_READ(base, ${register('status')}) & COPROCESSOR_STATUS_BUSY_MASK)
    return COPROCESSOR_BUSY;
${writes.map(([name, value]) => `  COPROCESSOR_WRITE(base, ${register(name)}, ${value});`).join('\n')}
  COPROCESSOR_WRITE(base, ${register('status')}, DONE_AND_ERROR);
  COPROCESSOR_WRITE(base, ${register('control')}, enables | COPROCESSOR_CONTROL_START_MASK);
  return COPROCESSOR_NONE;
}

coprocessor_error coprocessor_wait(uintptr_t base, uint32_t looks) {
  for (; looks > 0; looks--) {
    uint32_t status = COPROCESSOR_READ(base, ${register('status')});
    if (status & COPROCESSOR_STATUS_DONE_MASK) {
      COPROCESSOR_WRITE(base, ${register('status')}, DONE_AND_ERROR);
      return (coprocessor_error)((status & COPROCESSOR_STATUS_ERROR_CODE_MASK) >> COPROCESSOR_STATUS_ERROR_CODE_SHIFT);
    }
  }
  return COPROCESSOR_WAITING;
}

void coprocessor_abort(uintptr_t base) {
  uint32_t enables = COPROCESSOR_READ(base, ${register('control')}) & ENABLES;
  COPROCESSOR_WRITE(base, ${register('control')}, enables | COPROCESSOR_CONTROL_ABORT_MASK);
}

void coprocessor_interrupts(uintptr_t base, int done, int error) {
  COPROCESSOR_WRITE(base, ${register('control')},
                    (done ? COPROCESSOR_CONTROL_INTERRUPT_DONE_MASK : 0u) |
                        (error ? COPROCESSOR_CONTROL_INTERRUPT_ERROR_MASK : 0u));
}

void coprocessor_read_counters(uintptr_t base, coprocessor_counters *counters) {
${reads.join('\n')}
}

static const mode_layout *mode_of(const coprocessor_product *product) {
  size_t k;
  for (k = 0; k < sizeof modes / sizeof modes[0]; k++)
    if (modes[k].code == product->mode)
      return &modes[k];
  return NULL;
}

static uint32_t groups_of(const coprocessor_product *product) {
  return product->group >= product->inputs ? 1u : (product->inputs - 1u) / product->group + 1u;
}

/* Bytes of whole beats that have so many bits. */
static size_t beats(uint64_t bits) { return (size_t)((bits + BUS_BITS - 1u) / BUS_BITS) * (BUS_BITS / 8u); }

static size_t code_bytes(const side_layout *side, const mode_layout *mode, const coprocessor_product *product) {
  return beats(((uint64_t)product->inputs + mode->per_step - 1u) / mode->per_step * side->word_bits);
}

static size_t row_bytes(const side_layout *side, const coprocessor_product *product) {
  const mode_layout *mode = mode_of(product);
  if (mode == NULL || product->inputs == 0u || product->group == 0u)
    return 0;
  return code_bytes(side, mode, product) + beats((uint64_t)groups_of(product) * side->field_bits);
}

size_t coprocessor_activation_row(const coprocessor_product *product) { return row_bytes(&activation_side, product); }
size_t coprocessor_weight_row(const coprocessor_product *product) { return row_bytes(&weight_side, product); }
size_t coprocessor_result_row(const coprocessor_product *product) {
  return beats((uint64_t)product->outputs * ${8 * resultBytes}u);
}
size_t coprocessor_result_matrices(const coprocessor_product *product) {
  ${array.addsGroups ? '(void)product;\n  return 1u;' : 'return groups_of(product);'}
}

static void put_bits(uint8_t *row, uint64_t at, uint32_t bits, uint64_t value) {
  uint32_t k;
  for (k = 0; k < bits; k++, at++) {
    uint8_t bit = (uint8_t)(1u << (at % 8u));
    row[at / 8u] = (uint8_t)((value >> k) & 1u ? row[at / 8u] | bit : row[at / 8u] & ~bit);
  }
}

static void pack(const side_layout *side, const coprocessor_product *product, uint32_t bits, const int32_t *numbers,
                 const uint64_t *fields, uint8_t *row) {
  const mode_layout *mode = mode_of(product);
  size_t bytes = row_bytes(side, product);
  size_t k;
  if (bytes == 0)
    return;
  for (k = 0; k < bytes; k++)
    row[k] = 0;
  for (k = 0; k < product->inputs; k++)
    put_bits(row, (uint64_t)(k / mode->per_step) * side->word_bits + (uint64_t)(k % mode->per_step) * bits, bits,
             (uint32_t)numbers[k]);
  if (fields != NULL && side->field_bits > 0u)
    for (k = 0; k < groups_of(product); k++)
      put_bits(row, (uint64_t)code_bytes(side, mode, product) * 8u + (uint64_t)k * side->field_bits, side->field_bits,
               fields[k]);
}

void coprocessor_pack_activations(const coprocessor_product *product, const int32_t *numbers, const uint64_t *fields,
                                  uint8_t *row) {
  const mode_layout *mode = mode_of(product);
  pack(&activation_side, product, mode == NULL ? 0u : mode->activation_bits, numbers, fields, row);
}
void coprocessor_pack_weights(const coprocessor_product *product, const int32_t *numbers, const uint64_t *fields,
                              uint8_t *row) {
  const mode_layout *mode = mode_of(product);
  pack(&weight_side, product, mode == NULL ? 0u : mode->weight_bits, numbers, fields, row);
}
`
}

/** The fields of a group's word, the lowest first. */
const fieldsText = ({ fields }: SideDescription): string => {
  let low = 0
  const texts = fields.map(({ name, bits }) => {
    const text = `${name} in bits ${low} to ${low + bits - 1}`
    low += bits
    return text
  })
  return texts.join(', ') || 'nothing'
}

const sideText = ({ wordBits, fieldBits }: SideDescription): string => `{${wordBits}u, ${fieldBits}u}`

/** The registers of each counter, the lowest word first. */
const counterWords = () => {
  const words = new Map<string, { readonly register: string; readonly low: number }[]>()
  for (const { register, counter, low } of counterRegisters)
    words.set(counter, [...(words.get(counter) ?? []), { register, low }])
  return words
}
