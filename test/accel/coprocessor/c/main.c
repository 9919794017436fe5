/* Multiplies what product_data.h has through the driver, and does some things wrong. */
#include <stdio.h>
#include <string.h>

#include "bus.h"
#include "coprocessor.h"
#include "product_data.h"

#define ACTIVATIONS 0x1000u
#define WEIGHTS 0x40000u
#define RESULTS 0x80000u

static int failed;
static void expect(const char *what, unsigned long found, unsigned long wanted) {
  if (found == wanted)
    return;
  printf("%s: %lu, not %lu\n", what, found, wanted);
  failed = 1;
}

int main(void) {
  coprocessor_product product = PRODUCT;
  coprocessor_counters counters;
  uint8_t *memory = bus_memory();
  size_t activation_row, weight_row, result_bytes, k, wrong = 0;
  uint32_t row;
  product.activations = MEMORY_BASE + ACTIVATIONS;
  product.weights = MEMORY_BASE + WEIGHTS;
  product.results = MEMORY_BASE + RESULTS;

  expect("probe", coprocessor_probe(0), COPROCESSOR_NONE);
  activation_row = coprocessor_activation_row(&product);
  weight_row = coprocessor_weight_row(&product);
  expect("bytes of a row of activations", activation_row, ACTIVATION_ROW);
  expect("bytes of a row of weights", weight_row, WEIGHT_ROW);
  memset(memory, 0x5a, MEMORY_BYTES);
  for (row = 0; row < product.tokens; row++)
    coprocessor_pack_activations(&product, activations + row * product.inputs, NULL, memory + ACTIVATIONS + row * activation_row);
  for (row = 0; row < product.outputs; row++)
    coprocessor_pack_weights(&product, weights + row * product.inputs, fields + row * GROUPS, memory + WEIGHTS + row * weight_row);

  coprocessor_interrupts(0, 1, 0);
  expect("start", coprocessor_start(0, &product), COPROCESSOR_NONE);
  expect("a second start", coprocessor_start(0, &product), COPROCESSOR_BUSY);
  expect("one look", coprocessor_wait(0, 1), COPROCESSOR_WAITING);
  expect("end", coprocessor_wait(0, 1000000), COPROCESSOR_NONE);
  result_bytes = coprocessor_result_matrices(&product) * product.tokens * coprocessor_result_row(&product);
  expect("bytes of results", result_bytes, sizeof results);
  for (k = 0; k < result_bytes; k++)
    if (written[k] && memory[RESULTS + k] != results[k])
      wrong++;
  expect("wrong bytes", wrong, 0);
  for (k = 0; k < 64; k++)
    if (memory[RESULTS - 1 - k] != 0x5a || memory[RESULTS + result_bytes + k] != 0x5a)
      wrong++;
  expect("bytes written outside", wrong, 0);
  coprocessor_read_counters(0, &counters);
  expect("cycles", counters.cycles,
         counters.array_busy + counters.wait_activations + counters.wait_weights + counters.wait_output +
             counters.wait_spacing + counters.idle);
  expect("bytes read", counters.bytes_read > 0, 1);

  product.tokens = 0;
  expect("start of no product", coprocessor_start(0, &product), COPROCESSOR_NONE);
  expect("its end", coprocessor_wait(0, 1000), COPROCESSOR_DIMENSIONS);
  product.tokens = 1;
  product.results++;
  expect("start at an odd address", coprocessor_start(0, &product), COPROCESSOR_NONE);
  expect("its end", coprocessor_wait(0, 1000), COPROCESSOR_ALIGNMENT);
  product.results--;
  expect("start once more", coprocessor_start(0, &product), COPROCESSOR_NONE);
  coprocessor_abort(0);
  expect("the aborted end", coprocessor_wait(0, 1000000), COPROCESSOR_ABORTED);
  expect("complaints of the bus", (unsigned long)bus_complaints(), 0);
  printf(failed ? "failed\n" : "all as it should be\n");
  return failed;
}
