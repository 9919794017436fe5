/* The driver's registers, on the bus of a simulated co-processor. */
#ifndef BUS_H
#define BUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

uint32_t bus_read(uintptr_t base, uint32_t offset);
void bus_write(uintptr_t base, uint32_t offset, uint32_t value);
/* The memory behind the bus master, from MEMORY_BASE on. */
uint8_t *bus_memory(void);
/* Accesses outside of memory or with a wrong response. */
int bus_complaints(void);
int bus_interrupt(void);

#ifdef __cplusplus
}
#endif

#define MEMORY_BASE UINT64_C(0x40000000)
#define MEMORY_BYTES 0x100000u
#define COPROCESSOR_READ(base, offset) bus_read((base), (offset))
#define COPROCESSOR_WRITE(base, offset, value) bus_write((base), (offset), (value))

#endif
