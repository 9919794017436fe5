// A clock, a register bus and a memory around Verilator's model of a co-processor. The memory answers in order, a few cycles late.
#include "bus.h"

#include <cstring>
#include <deque>
#include <vector>

#include "Vmodel.h"
#include "verilated.h"

double sc_time_stamp() { return 0; }

namespace {
constexpr unsigned beat_bytes = BUS_BYTES;
constexpr unsigned latency = 7;

struct Burst {
  uint64_t address;
  unsigned beats;
  unsigned long from;
};

Vmodel *top;
std::vector<uint8_t> memory(MEMORY_BYTES);
std::deque<Burst> reads, writes;
std::deque<unsigned long> answers;
unsigned long now;
int complaints;

// Ports of up to 64 bits are integers, wider ones words.
template <typename T> uint8_t *bytes_of(T &port) { return reinterpret_cast<uint8_t *>(&port); }

uint8_t *beat_at(uint64_t address) {
  if (address < MEMORY_BASE || address - MEMORY_BASE + beat_bytes > MEMORY_BYTES) {
    complaints++;
    return nullptr;
  }
  return memory.data() + (address - MEMORY_BASE);
}

void tick() {
  top->m_axi_arready = reads.size() < 4;
  top->m_axi_awready = writes.size() < 4;
  top->m_axi_wready = !writes.empty();
  top->m_axi_rvalid = !reads.empty() && reads.front().from <= now;
  top->m_axi_bvalid = !answers.empty() && answers.front() <= now;
  if (top->m_axi_rvalid) {
    if (const uint8_t *beat = beat_at(reads.front().address)) std::memcpy(bytes_of(top->m_axi_rdata), beat, beat_bytes);
    top->m_axi_rlast = reads.front().beats == 1;
  }
  top->clk = 0;
  top->eval();
  if (top->m_axi_rvalid && top->m_axi_rready) {
    reads.front().address += beat_bytes;
    if (--reads.front().beats == 0) reads.pop_front();
  }
  if (top->m_axi_wvalid && top->m_axi_wready) {
    Burst &burst = writes.front();
    if (uint8_t *beat = beat_at(burst.address))
      for (unsigned k = 0; k < beat_bytes; k++)
        if (bytes_of(top->m_axi_wstrb)[k / 8] >> (k % 8) & 1) beat[k] = bytes_of(top->m_axi_wdata)[k];
    burst.address += beat_bytes;
    if (static_cast<bool>(top->m_axi_wlast) != (burst.beats == 1)) complaints++;
    if (--burst.beats == 0) {
      writes.pop_front();
      answers.push_back(now + latency);
    }
  }
  if (top->m_axi_bvalid && top->m_axi_bready) answers.pop_front();
  if (top->m_axi_arvalid && top->m_axi_arready)
    reads.push_back({top->m_axi_araddr, top->m_axi_arlen + 1u, now + latency});
  if (top->m_axi_awvalid && top->m_axi_awready) writes.push_back({top->m_axi_awaddr, top->m_axi_awlen + 1u, now});
  top->clk = 1;
  top->eval();
  now++;
}

void open() {
  if (top) return;
  top = new Vmodel;
  top->rst = 1;
  for (int k = 0; k < 4; k++) tick();
  top->rst = 0;
  top->s_axi_bready = 1;
  top->s_axi_rready = 1;
  tick();
}
}  // namespace

uint32_t bus_read(uintptr_t, uint32_t offset) {
  open();
  top->s_axi_araddr = offset;
  top->s_axi_arvalid = 1;
  for (bool taken = false; !taken;) {
    top->clk = 0;
    top->eval();
    taken = top->s_axi_arready;
    tick();
  }
  top->s_axi_arvalid = 0;
  for (top->eval(); !top->s_axi_rvalid; top->eval()) tick();
  const uint32_t value = top->s_axi_rdata;
  if (top->s_axi_rresp != 0) complaints++;
  tick();
  return value;
}

void bus_write(uintptr_t, uint32_t offset, uint32_t value) {
  open();
  top->s_axi_awaddr = offset;
  top->s_axi_wdata = value;
  top->s_axi_wstrb = 15;
  top->s_axi_awvalid = 1;
  top->s_axi_wvalid = 1;
  while (top->s_axi_awvalid || top->s_axi_wvalid) {
    top->clk = 0;
    top->eval();
    const bool address = top->s_axi_awready, data = top->s_axi_wready;
    tick();
    if (address) top->s_axi_awvalid = 0;
    if (data) top->s_axi_wvalid = 0;
  }
  for (top->eval(); !top->s_axi_bvalid; top->eval()) tick();
  if (top->s_axi_bresp != 0) complaints++;
  tick();
}

uint8_t *bus_memory() { return memory.data(); }
int bus_complaints() { return complaints; }
int bus_interrupt() { return top->irq; }
