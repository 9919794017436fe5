import { spawnSync } from 'node:child_process'
import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs'
import { beginWhole, type WholeFile } from '../../base/files.ts'
import { UserError } from '../../base/user-error.ts'

/** Waves that the model writes itself: every signal of the printed Verilog, at its own speed. */
export interface WaveFile {
  /** `.vcd` for a value change dump, `.fst` for GTKWave's compressed format. It appears when the engine is closed. */
  readonly file: string
  /** First cycle to write, counted as the engine counts; default 0. */
  readonly from?: number
  /** Cycles written, those from `from` on; default all. */
  readonly cycles?: number
}

export type WaveFormat = 'vcd' | 'fst'

export const waveFormatOf = (file: string): WaveFormat => {
  const format = (['vcd', 'fst'] as const).find((ending) => file.endsWith(`.${ending}`))
  if (format) return format
  throw new UserError('E-WAVES', `Verilator writes waves into .vcd and .fst files, got ${file.slice(0, 80)}`)
}

/** Flags of Verilator for a model that writes waves of all its signals, of any width, in nanoseconds. */
export const waveFlags = (format: WaveFormat): readonly string[] => [
  format === 'vcd' ? '--trace' : '--trace-fst',
  ...['--trace-max-width', '1000000', '--trace-underscore', '--timescale', '1ns/1ns'],
]

/** Verilator's writer of FST files compresses with zlib; a UserError with the cure where the compiler finds no header of it. */
export const needZlib = (): void => {
  const { status } = spawnSync('g++', ['-E', '-x', 'c++', '-'], {
    input: '#include <zlib.h>\n',
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  if (status === 0) return
  throw new UserError(
    'E-TOOL-MISSING',
    "FST files from Verilator need the headers of zlib, and g++ finds no 'zlib.h'; install them with 'npm run setup:tools' or give a file.vcd",
  )
}

/** A file for the process to write, under a name of its own until it is whole. */
export interface OpenedWaveFile extends Pick<WholeFile, 'keep' | 'drop'> {
  /** Arguments of the executable: file, first cycle, the cycle after the last. */
  readonly processArguments: readonly string[]
}

export const openWaveFile = ({ file, from = 0, cycles }: WaveFile): OpenedWaveFile => {
  if (!Number.isSafeInteger(from) || from < 0) throw new RangeError(`waves start at a cycle from 0 on, got ${from}`)
  if (cycles !== undefined && (!Number.isSafeInteger(cycles) || cycles < 1))
    throw new RangeError(`a file of waves has at least 1 cycle, got ${cycles}`)
  const format = waveFormatOf(file)
  const whole = beginWhole(file, 'choose another path')
  const drop = (): void => {
    whole.drop()
    rmSync(`${whole.temporary}.hier`, { force: true })
  }
  const end = cycles === undefined ? 2n ** 64n - 1n : BigInt(from) + BigInt(cycles)
  return {
    processArguments: [whole.temporary, String(from), String(end)],
    keep() {
      if (format === 'fst' && !isWholeFst(whole.temporary)) {
        drop()
        throw new UserError('E-WRITE', `cannot write ${file}: ${diskFull}; choose another path`)
      }
      whole.keep()
    },
    drop,
  }
}

/** Whether blocks follow each other to the end: Verilator's writer of FST files says nothing of a disk that is full. */
export const isWholeFst = (path: string): boolean => {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    /** A type of one byte, and the length of what follows it. */
    const head = Buffer.alloc(9)
    let at = 0
    let hierarchy = false
    while (at + head.length <= size) {
      readSync(file, head, 0, head.length, at)
      const length = head.readBigUInt64BE(1)
      if (length < 8n || length > BigInt(size)) return false
      hierarchy ||= hierarchyBlocks.includes(head[0]!)
      at += 1 + Number(length)
    }
    return at === size && hierarchy
  } finally {
    closeSync(file)
  }
}
const hierarchyBlocks = [4, 6, 7]

// ── the parts of the harness that write them ──────────────────────────────────────────────────────────────────────────

const diskFull = 'the disk is full, or the waves cannot be written to it'

/** Verilator's own file waits for ever on a full disk: it says so under a lock that it holds. */
const vcdFile = `
struct WaveFile : VerilatedVcdFile {
  ssize_t write(const char* bytes, ssize_t length) override {
    const ssize_t put = VerilatedVcdFile::write(bytes, length);
    if (put < 0 && errno != EINTR && errno != EAGAIN) diskFull(0);
    return put;
  }
};
`

/**
 * Cycle k begins at 10 k ns, as in our own dumps: there clocks have risen and inputs are those of the cycle. Clocks fall in its
 * middle. A reset takes a clock edge that is no cycle: it is drawn between the fall and the next cycle.
 */
export const waveCode = (format: WaveFormat) => {
  const writer = format === 'vcd' ? 'VerilatedVcdC' : 'VerilatedFstC'
  return {
    includes: `#include "verilated_${format}_c.h"\n`,
    declarations: `
// ---- waves: 10 ns a cycle; the file is removed where nobody is left to wait for it

${writer}* waves = nullptr;
const char* wavesPath = nullptr;
uint64_t wavesFrom = 0;
uint64_t wavesEnd = 0;
uint64_t wavesTime = 0;

void removeWaves() {
  if (!wavesPath) return;
  unlink(wavesPath);
  // Verilator's writer of FST files keeps the hierarchy apart until it closes.
  unlink((std::string(wavesPath) + ".hier").c_str());
}

[[noreturn]] void leave() {
  removeWaves();
  _exit(0);
}

[[noreturn]] void diskFull(int) {
  static const char text[] = "${diskFull}\\n";
  if (write(2, text, sizeof text - 1) < 0) _exit(2);
  _exit(1);
}
${format === 'vcd' ? vcdFile : ''}

void dumpAt(uint64_t time) {
  if (!waves || time < wavesTime) return;
  waves->dump(time);
  wavesTime = time + 1;
}

/** The edge that ends the last cycle, so that it is drawn as long as the others. */
void finishWaves(uint64_t cycle) {
  if (!waves) return;
  if (cycle > wavesFrom) dumpAt(10 * cycle);
  waves->close();
  delete waves;
  waves = nullptr;
}

void openWaves(VerilatedContext& context, Vmodel& model, char** arguments) {
  wavesPath = arguments[1];
  wavesFrom = strtoull(arguments[2], nullptr, 10);
  wavesEnd = strtoull(arguments[3], nullptr, 10);
  context.traceEverOn(true);
  std::signal(SIGBUS, diskFull);
  waves = new ${writer}${format === 'vcd' ? '(new WaveFile)' : ''};
  model.trace(waves, 1 << 20);
  waves->open(wavesPath);
  if (!waves->isOpen()) {
    fprintf(stderr, "cannot open %s\\n", wavesPath);
    exit(1);
  }
}
`,
    cycleBegins: `    const bool drawn = waves && cyclesDone >= wavesFrom;
    if (drawn) {
      model.eval();
      dumpAt(10 * cyclesDone);
    }
`,
    clocksFell: '    if (drawn) dumpAt(10 * cyclesDone + 5);\n',
    cycleDone: '    if (cyclesDone == wavesEnd) finishWaves(cyclesDone);\n',
    resetComes: '  if (cyclesDone > wavesFrom) dumpAt(10 * cyclesDone - 4);\n',
    resetFell: '  if (cyclesDone > wavesFrom) dumpAt(10 * cyclesDone - 2);\n',
    open: '  openWaves(context, model, arguments);\n',
  }
}
export const withoutWaves = {
  includes: '',
  declarations: '',
  cycleBegins: '',
  clocksFell: '',
  cycleDone: '',
  resetComes: '',
  resetFell: '',
  open: '',
} satisfies ReturnType<typeof waveCode>
