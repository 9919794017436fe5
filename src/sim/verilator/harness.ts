import { clockPorts, mainDomain } from '../../dsl/domains.ts'
import { isSigned, widthOf } from '../../dsl/ir.ts'
import type { Port, PortLayout } from '../engine.ts'
import { type WaveFormat, waveCode, withoutWaves } from './wave-file.ts'

/** Changes whenever the bytes between `link.ts` and the harness change; both sides compare it at the start. */
export const protocolVersion = 1
/** First word of the greeting, `BLVR` in little-endian ASCII. */
export const greetingMagic = 0x52564c42
/** First word of a command. A closed command pipe means: quit. */
export const command = { run: 1, reset: 2, finishWaves: 3 } as const
/** The harness sends at most this many failed checks in full and counts the rest. */
export const keptFailures = 100

/**
 * Included before every C++ file of a build: what the Verilog prints goes to the harness, and `$error` does not stop the
 * simulation.
 */
export const printHeader = `#pragma once
extern "C" int bitloom_print(const char* format, ...);
#define VL_PRINTF bitloom_print
#define VL_USER_STOP
`

const mask = (width: number): string => (width === 32 ? '' : ` & 0x${(2 ** width - 1).toString(16)}u`)

/** Verilator writes a double underscore of a Verilog name as an escaped one, because C++ reserves it. */
const member = (name: string): string => `root.${name.replaceAll('__', '___05F')}`

/** C++ that copies one row's words into an input port; bits above the port's width are cleared as Verilator demands. */
const loadPort = (port: Port): string[] => {
  const width = widthOf(port.range)
  const word = (k: number): string => {
    const used = Math.min(32, width - 32 * k)
    return `static_cast<uint32_t>(row[${port.offset + k}])${mask(used)}`
  }
  if (width <= 32) return [`${member(port.name)} = ${word(0)};`]
  if (width <= 64) return [`${member(port.name)} = static_cast<uint64_t>(${word(1)}) << 32 | (${word(0)});`]
  return Array.from({ length: port.words }, (_, k) => `${member(port.name)}[${k}] = ${word(k)};`)
}

/** C++ that copies an output port into one row's words, sign-extended where the port has a sign. */
const storePort = (port: Port): string[] => {
  const width = widthOf(port.range)
  const word = (k: number): string => {
    const bits =
      width <= 32 ? member(port.name) : width <= 64 ? `${member(port.name)} >> ${32 * k}` : `${member(port.name)}[${k}]`
    const unused = 32 * (k + 1) - width
    const value = `static_cast<uint32_t>(${bits})`
    if (unused <= 0 || !isSigned(port.range)) return `row[${port.offset + k}] = static_cast<int32_t>(${value});`
    return `row[${port.offset + k}] = static_cast<int32_t>(${value} << ${unused}) >> ${unused};`
  }
  return Array.from({ length: port.words }, (_, k) => word(k))
}

/**
 * The C++ program that runs one design as a process. It reads commands from file descriptor 3 and answers on 4, in
 * 32-bit words of the machine's byte order:
 *
 *     greeting   magic, version, input words, output words
 *     run        1, cycles, rows, respond (0 or 1), then the rows of inputs
 *     answer     one row of outputs per cycle if `respond`, then: outputs of the last cycle,
 *                failed checks since the start (low, high), new failures, and per failure: cycle (low, high), bytes, text
 *     reset      2, 0, 0, 0; answered like `run` of no cycles
 *     finish     3, 0, 0, 0; the file of waves is whole when this is answered, as `reset` is
 *
 * It starts with a reset, so that registers hold their reset values in cycle 0.
 */
export const harnessText = (top: string, ports: PortLayout, waveFormat?: WaveFormat, threads = 1): string => {
  const waves = waveFormat ? waveCode(waveFormat) : withoutWaves
  const finish = waveFormat
    ? ` else if (command[0] == ${command.finishWaves}) {
      finishWaves(cyclesDone);
    }`
    : ''
  const leave = waveFormat ? 'leave()' : '_exit(0)'
  return `// The simulation of '${top}' as a process.
#include "Vmodel.h"
#include "Vmodel___024root.h"
${waves.includes}
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace {

constexpr int kCommands = 3;
constexpr int kAnswers = 4;
constexpr size_t kInputWords = ${ports.inputWords};
constexpr size_t kOutputWords = ${ports.outputWords};
constexpr size_t kBlockWords = 1 << 16;
constexpr uint64_t kCyclesBetweenLooks = 4096;
${waves.declarations}
// ---- bytes in and out; a closed pipe means that the parent is gone, so there is nothing left to do

void readWords(void* to, size_t words) {
  char* at = static_cast<char*>(to);
  for (size_t left = words * 4; left > 0;) {
    const ssize_t got = read(kCommands, at, left);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) ${leave};
    at += got;
    left -= static_cast<size_t>(got);
  }
}

void writeBytes(const void* from, size_t bytes) {
  const char* at = static_cast<const char*>(from);
  while (bytes > 0) {
    const ssize_t put = write(kAnswers, at, bytes);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) ${leave};
    at += put;
    bytes -= static_cast<size_t>(put);
  }
}

void leaveIfOrphan() {
  pollfd look{kCommands, 0, 0};
  if (poll(&look, 1, 0) == 1 && (look.revents & (POLLHUP | POLLERR))) ${leave};
}

// ---- failed checks

struct Failure {
  uint64_t cycle;
  std::string text;
};
uint64_t cyclesDone = 0;
uint64_t failedChecks = 0;
size_t failuresKept = 0;
std::vector<Failure> newFailures;

// ---- the model

inline void load([[maybe_unused]] Vmodel___024root& root, [[maybe_unused]] const int32_t* row) {
${indent(ports.inputs.filter(({ name }) => !isTick(ports, name)).flatMap(loadPort))}
}

inline void store([[maybe_unused]] const Vmodel___024root& root, [[maybe_unused]] int32_t* row) {
${indent(ports.outputs.flatMap(storePort))}
}

std::vector<int32_t> lastOutputs(kOutputWords);

template <bool respond>
void run(Vmodel& model, const std::vector<int32_t>& stimulus, uint64_t cycles) {
  Vmodel___024root& root = *model.rootp;
  static std::vector<int32_t> block(kBlockWords + kOutputWords);
  const int32_t* const begin = stimulus.data();
  const int32_t* const end = begin + stimulus.size();
  const int32_t* in = begin;
  int32_t* out = block.data();
  for (uint64_t k = 0; k < cycles; k++) {
    load(root, in);
${ticks(ports)}    in += kInputWords;
    if (in == end) in = begin;
${waves.cycleBegins}${setClocks(ports, '    ', () => '0')}
    model.eval();
${waves.clocksFell}    if (respond) {
      store(root, out);
      out += kOutputWords;
      if (out >= block.data() + kBlockWords) {
        writeBytes(block.data(), static_cast<size_t>(out - block.data()) * 4);
        out = block.data();
      }
    }
    if (k + 1 == cycles) store(root, lastOutputs.data());
${setClocks(ports, '    ', (tick) => tick ?? '1')}
    model.eval();
    cyclesDone++;
${waves.cycleDone}    if (k % kCyclesBetweenLooks == kCyclesBetweenLooks - 1) leaveIfOrphan();
  }
  if (respond) writeBytes(block.data(), static_cast<size_t>(out - block.data()) * 4);
}

void reset(Vmodel& model) {
  Vmodel___024root& root = *model.rootp;
${waves.resetComes}${setResets(ports, '1')}
${setClocks(ports, '  ', () => '0')}
  model.eval();
${waves.resetFell}${setClocks(ports, '  ', () => '1')}
  model.eval();
${setResets(ports, '0')}
}

void sendState() {
  std::vector<uint32_t> words(lastOutputs.begin(), lastOutputs.end());
  const auto put64 = [&](uint64_t value) {
    words.push_back(static_cast<uint32_t>(value));
    words.push_back(static_cast<uint32_t>(value >> 32));
  };
  put64(failedChecks);
  words.push_back(static_cast<uint32_t>(newFailures.size()));
  writeBytes(words.data(), words.size() * 4);
  for (const Failure& failure : newFailures) {
    words.clear();
    put64(failure.cycle);
    words.push_back(static_cast<uint32_t>(failure.text.size()));
    writeBytes(words.data(), words.size() * 4);
    writeBytes(failure.text.data(), failure.text.size());
  }
  newFailures.clear();
}

}  // namespace

// Everything the Verilog prints. $error arrives as "[0] %Error: file:line: Assertion failed in PATH: MESSAGE".
extern "C" int bitloom_print(const char* format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  std::string line(text);
  while (!line.empty() && line.back() == '\\n') line.pop_back();
  const std::string mark = "Assertion failed in ";
  const size_t found = line.find(mark);
  if (found == std::string::npos) {
    fprintf(stderr, "%s\\n", line.c_str());
  } else {
    failedChecks++;
    if (failuresKept < ${keptFailures}) {
      failuresKept++;
      newFailures.push_back({cyclesDone, line.substr(found + mark.size())});
    }
  }
  return length;
}

void vl_stop(const char*, int, const char*) {}

int main(${waveFormat ? 'int, char** arguments' : ''}) {
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
#ifdef F_SETPIPE_SZ
  fcntl(kAnswers, F_SETPIPE_SZ, 1 << 20);
#endif
  const uint32_t greeting[4] = {0x${greetingMagic.toString(16)}u, ${protocolVersion}u, kInputWords, kOutputWords};
  writeBytes(greeting, sizeof greeting);
  VerilatedContext context;
${threads > 1 ? `  context.threads(${threads});\n` : ''}  Vmodel model{&context, "TOP"};
${waves.open}  reset(model);
  std::vector<int32_t> stimulus;
  for (;;) {
    uint32_t command[4];
    readWords(command, 4);
    if (command[0] == ${command.run}) {
      stimulus.resize(command[2] * kInputWords);
      readWords(stimulus.data(), stimulus.size());
      if (command[3]) {
        run<true>(model, stimulus, command[1]);
      } else {
        run<false>(model, stimulus, command[1]);
      }
    } else if (command[0] == ${command.reset}) {
      reset(model);
    }${finish} else {
      fprintf(stderr, "unknown command %u\\n", command[0]);
      return 1;
    }
    sendState();
  }
}
`
}

const clocksOf = (ports: PortLayout) => ports.clocks ?? [clockPorts(mainDomain)]
const isTick = (ports: PortLayout, name: string): boolean => ports.clocks?.some(({ tick }) => tick === name) ?? false

/** The ticks of this cycle in variables, before the row is left behind. */
const ticks = (ports: PortLayout): string =>
  ports.inputs
    .filter(({ name }) => isTick(ports, name))
    .map(({ name, offset }) => `    const bool ${name} = in[${offset}] & 1;\n`)
    .join('')

const setClocks = (ports: PortLayout, margin: string, value: (tick: string | undefined) => string): string =>
  clocksOf(ports)
    .map(
      ({ clk, tick }) =>
        `${margin}${member(clk)} = ${value(ports.clocks && ports.clocks.length > 1 ? tick : undefined)};`,
    )
    .join('\n')

const setResets = (ports: PortLayout, value: '0' | '1'): string =>
  clocksOf(ports)
    .flatMap(({ rst }) => (rst === undefined ? [] : `  ${member(rst)} = ${value};`))
    .join('\n')

const indent = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n')
