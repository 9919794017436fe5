import { execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../src/accel/output-stationary.ts'
import { printVerilog, s } from '../../src/dsl/index.ts'
import type { Range } from '../../src/dsl/ir.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { compareEngines } from '../../src/sim/compare.ts'
import { portLayout, portNamed, readPort, writePort } from '../../src/sim/engine.ts'
import { openEngine } from '../../src/sim/engines.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { buildSimulation } from '../../src/sim/verilator/build.ts'
import { startLink } from '../../src/sim/verilator/link.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { type VerilatorEngine, verilatorEngine } from '../../src/sim/verilator.ts'
import { maker } from '../dsl/maker.ts'

const signed = (width: number): Range => ({ min: -(2n ** BigInt(width - 1)), max: 2n ** BigInt(width - 1) - 1n })
const unsigned = (width: number): Range => ({ min: 0n, max: 2n ** BigInt(width) - 1n })
const layout = (inputs: Record<string, Range>, outputs: Record<string, Range>) => {
  const node = (name: string, range: Range) => ({ op: 'in' as const, id: 0, name, ...range })
  return portLayout({
    inputs: Object.entries(inputs).map(([name, range]) => node(name, range)),
    outputs: Object.entries(outputs).map(([name, range]) => ({ name, range, node: node(name, range) })),
  })
}

/**
 * One port of every storage class of Verilator, signed and not; a register; a check in a child that names its instance
 * (`%m`, for other simulators) and one in the top that does not.
 */
const verilog = `
module counter(input wire clk, input wire rst, input wire signed [7:0] add, output wire signed [19:0] total);
  reg signed [19:0] sum;
  always @(posedge clk) begin
    if (rst) sum <= 20'sd1000; else sum <= sum + {{12{add[7]}}, add};
  end
  assign total = sum;
\`ifndef SYNTHESIS
  always @(posedge clk) begin
    if (!rst && !(sum < 20'sd1100)) $error("%m: more than 100%% of 1100: too much");
  end
\`endif
endmodule
module kit(
  input wire clk, input wire rst,
  input wire signed [7:0] add, input wire bit__1, input wire [15:0] half, input wire [31:0] word,
  input wire signed [39:0] middle, input wire [63:0] double64, input wire signed [99:0] wide, input wire [127:0] full,
  output wire signed [19:0] total, output wire bit_out, output wire signed [15:0] half_out, output wire [31:0] word_out,
  output wire signed [39:0] middle_out, output wire [63:0] double_out, output wire signed [99:0] wide_out,
  output wire [127:0] full_out
);
  counter counter_0_1 (.clk(clk), .rst(rst), .add(add), .total(total));
  assign bit_out = ~bit__1;
  assign half_out = $signed(half);
  assign word_out = ~word;
  assign middle_out = -middle;
  assign double_out = ~double64;
  assign wide_out = -wide;
  assign full_out = ~full;
\`ifndef SYNTHESIS
  always @(posedge clk) begin
    if (!rst && !(word != 32'd77)) $error("word is 77");
  end
\`endif
endmodule
`
const ports = layout(
  {
    add: signed(8),
    bit__1: unsigned(1),
    half: unsigned(16),
    word: unsigned(32),
    middle: signed(40),
    double64: unsigned(64),
    wide: signed(100),
    full: unsigned(128),
  },
  {
    total: signed(20),
    bit_out: unsigned(1),
    half_out: signed(16),
    word_out: unsigned(32),
    middle_out: signed(40),
    double_out: unsigned(64),
    wide_out: signed(100),
    full_out: unsigned(128),
  },
)
const design = { verilog, top: 'kit', ports }
/** What the combinational outputs must be; `total` needs the history. */
const combinational: Record<string, (input: (name: string) => bigint) => bigint> = {
  bit_out: (input) => 1n - input('bit__1'),
  half_out: (input) => BigInt.asIntN(16, input('half')),
  word_out: (input) => 2n ** 32n - 1n - input('word'),
  middle_out: (input) => BigInt.asIntN(40, -input('middle')),
  double_out: (input) => 2n ** 64n - 1n - input('double64'),
  wide_out: (input) => BigInt.asIntN(100, -input('wide')),
  full_out: (input) => 2n ** 128n - 1n - input('full'),
}
const expectRow = (stimulus: Int32Array, response: Int32Array, cycle: number, total: bigint): void => {
  const input = (name: string) => readPort(stimulus, portNamed(ports.inputs, name), cycle * ports.inputWords)
  for (const port of ports.outputs) {
    const words = response.slice(cycle * ports.outputWords, (cycle + 1) * ports.outputWords)
    const canonical = new Int32Array(ports.outputWords)
    writePort(canonical, port, port.name === 'total' ? total : combinational[port.name]!(input))
    const of = (row: Int32Array) => [...row.subarray(port.offset, port.offset + port.words)]
    expect([port.name, cycle, of(words)]).toEqual([port.name, cycle, of(canonical)])
  }
}

const missing = ['verilator', 'g++', 'make'].filter((tool) => versionOf(tool) === undefined)
/** Whether `dist` holds what these sources say: tests with several processes run it. */
const built = [
  'engine',
  'verilator',
  'verilator/build',
  'verilator/harness',
  'verilator/link',
  'verilator/tools',
  'verilator/wave-file',
].every((file) => {
  const changed = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return changed(`dist/sim/${file}.js`) >= changed(`src/sim/${file}.ts`)
})
if (missing.length > 0) console.warn(`Verilator tests are skipped: no ${missing.join(', ')}; run npm run setup:tools`)
else if (!built) console.warn('tests with several processes are skipped: run npm run build first (npm test does)')

/** Runs a module text in a Node of its own, which imports the built product; resolves to its output. */
const otherNode = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, ['--input-type=module', '-e', text], (error, stdout, stderr) =>
      error ? reject(new Error(stderr)) : resolve(stdout.trim()),
    )
  })
const imports = `import { buildSimulation } from ${JSON.stringify(join(process.cwd(), 'dist/sim/verilator/build.js'))}
import { verilatorEngine } from ${JSON.stringify(join(process.cwd(), 'dist/sim/verilator.js'))}
import { portLayout } from ${JSON.stringify(join(process.cwd(), 'dist/sim/engine.js'))}
`
/** An expression that makes `design` again in another process. */
const designText = `JSON.parse(${JSON.stringify(
  JSON.stringify(design, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)),
)}, (_, value) => /^-?\\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value)`
/** False for a process that is gone or only waits to be reaped. */
const isAlive = (pid: number): boolean => {
  try {
    const state = existsSync('/proc/self/stat')
      ? readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!
      : execFileSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' })
    return !state.startsWith('Z')
  } catch {
    return false
  }
}

describe.skipIf(missing.length > 0)('the Verilator engine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitloom-test-'))
  const buildFolder = join(folder, 'cache')
  const withChecks = { buildFolder, checks: true }
  const open: VerilatorEngine[] = []
  const start = (options = {}, of = design): VerilatorEngine => {
    const engine = verilatorEngine(of, { ...withChecks, ...options })
    open.push(engine)
    return engine
  }
  const set = (engine: VerilatorEngine, name: string, value: bigint) =>
    writePort(engine.inputs, portNamed(ports.inputs, name), value)
  const get = (engine: VerilatorEngine, name: string) => readPort(engine.outputs, portNamed(ports.outputs, name))
  let firstBuilds: string[] = []
  let buildSeconds = 0

  beforeAll(async () => {
    // Two processes at once where there is a build to run them from.
    const text = `${imports}console.log(buildSimulation(${designText}, ${JSON.stringify(withChecks)}).executable)`
    const began = performance.now()
    firstBuilds = built
      ? await Promise.all([otherNode(text), otherNode(text)])
      : [buildSimulation(design, withChecks).executable]
    buildSeconds = (performance.now() - began) / 1000
  })
  afterEach(() => {
    for (const engine of open.splice(0)) engine.close()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.skipIf(!built)(
    'lets two processes build one design at once, and keeps the executable and the runtime only',
    () => {
      expect(new Set(firstBuilds).size).toBe(1)
      expect(
        readdirSync(buildFolder)
          .map((name) => name.replace(/-[0-9a-f]+$/, ''))
          .sort(),
      ).toEqual(['kit', 'runtime'])
      expect(start().build.executable).toBe(firstBuilds[0])
    },
  )

  it('runs pure logic, which has no clock to raise', () => {
    const module = maker({ a: s(8), b: s(8) }, { sum: s(9) }, ({ a, b }) => ({ sum: a.add(b) }))
    const of = { verilog: printVerilog(module), top: module.name, ports: portLayout(module) }
    expect(of.ports.clocks).toEqual([])
    const engine = start({ effort: 'quick' }, of)
    expect(compareEngines([interpreter(module), engine], randomStimulus(of.ports, 50, 1))).toBeUndefined()
  })

  it('shares a model over threads: the same outputs and failed checks, an executable of its own that is kept', () => {
    const module = outputStationaryArray(processingElement('mac'), { rows: 3, columns: 2 })
    const array = portLayout(module)
    const of = { verilog: printVerilog(module, { gates: false }), top: module.name, ports: array }
    const cycles = 500
    // Groups end at random, which breaks promises.
    const stimulus = randomStimulus(array, cycles, 3)
    const runs = [1, 3].map((threads) => {
      const engine = start({ effort: 'quick', threads }, of)
      const response = new Int32Array(cycles * array.outputWords)
      engine.replay(stimulus, cycles, response)
      return { engine, response }
    })
    const [one, three] = runs.map(({ engine: { failures, failedChecks }, response }) => {
      // Checks that fail in one cycle come in the order in which the model looks at them, and the last cycle kept may be cut.
      const whole = failures.filter(({ cycle }) => cycle < failures.at(-1)!.cycle)
      const sorted = whole.map(({ cycle, message }) => `${String(cycle).padStart(3)} ${message}`).sort()
      return { response, failedChecks, sorted }
    })
    expect(one!.sorted.length).toBeGreaterThan(50)
    expect(three).toEqual(one)
    const [alone, shared] = runs.map(({ engine }) => engine)
    expect(shared!.build.executable).not.toBe(alone!.build.executable)
    const tasks = `/proc/${shared!.pid}/task`
    if (existsSync(tasks)) expect(readdirSync(tasks)).toHaveLength(3)
    expect(start({ effort: 'quick', threads: 3 }, of).build).toMatchObject({
      executable: shared!.build.executable,
      cached: true,
    })
    expect(start({ effort: 'quick' }, of).build.executable).toBe(alone!.build.executable)
  }, 240_000)

  it.each([0, 1.5, 257])('refuses %d threads, and threads of our own engines', (threads) => {
    expect(() => start({ threads })).toThrow(`threads of Verilator are a whole number from 1 to 256, got ${threads}`)
    const module = maker({ a: s(8) }, { b: s(8) }, ({ a }) => ({ b: a }))
    expect(() => openEngine('wasm', module, { threads })).toThrow(
      `the wasm engine runs in one thread, got ${threads}; open the verilator engine, or share lanes over threads`,
    )
    expect(openEngine('js', module, { threads: 1 }).name).toBe('js')
  })

  it('takes a design that was built before from the cache, many times faster', () => {
    const { build } = start()
    expect(build.cached).toBe(true)
    expect(build.seconds).toBeLessThan(buildSeconds / 3)
  })

  it('answers every cycle with the outputs just before its edge, for ports of every width and sign', () => {
    const cycles = 2000
    const stimulus = randomStimulus(ports, cycles, 7)
    const response = new Int32Array(cycles * ports.outputWords)
    const engine = start()
    engine.replay(stimulus, cycles, response)
    let total = 1000n
    for (let cycle = 0; cycle < cycles; cycle++) {
      expectRow(stimulus, response, cycle, total)
      total += readPort(stimulus, portNamed(ports.inputs, 'add'), cycle * ports.inputWords)
    }
    expect(engine.outputs).toEqual(response.subarray(-ports.outputWords))
    expect(engine.cycle).toBe(cycles)
  })

  it('steps like it replays, and repeats a stimulus that is shorter than the run', () => {
    const stimulus = randomStimulus(ports, 3, 8)
    const [stepped, replayed] = [start(), start()]
    const response = new Int32Array(7 * ports.outputWords)
    replayed.replay(stimulus, 7, response)
    for (let cycle = 0; cycle < 7; cycle++) {
      stepped.inputs.set(stimulus.subarray((cycle % 3) * ports.inputWords, ((cycle % 3) + 1) * ports.inputWords))
      stepped.step()
      expect(stepped.outputs).toEqual(response.subarray(cycle * ports.outputWords, (cycle + 1) * ports.outputWords))
    }
    stepped.step(5)
    for (let k = 0; k < 5; k++) replayed.replay(stimulus.subarray(0, ports.inputWords), 1)
    expect([stepped.outputs, stepped.cycle]).toEqual([replayed.outputs, replayed.cycle])
  })

  it('sends a stimulus larger than one command in parts, without a seam', () => {
    const row = randomStimulus(ports, 1000, 9)
    const cycles = 300_000
    const long = new Int32Array(cycles * ports.inputWords)
    for (let at = 0; at < long.length; at += row.length) long.set(row.subarray(0, long.length - at), at)
    const [short, whole] = [start(), start()]
    short.replay(row, cycles + 1)
    whole.replay(long, cycles + 1)
    expect(cycles * ports.inputWords).toBeGreaterThan(2 ** 22)
    expect(whole.outputs).toEqual(short.outputs)
    expect(whole.cycle).toBe(short.cycle)
  })

  it('puts registers to their reset values and counts no cycle for it', () => {
    const engine = start()
    set(engine, 'add', -5n)
    engine.step(3)
    expect(get(engine, 'total')).toBe(990n)
    engine.reset()
    engine.step()
    expect([get(engine, 'total'), engine.cycle]).toEqual([1000n, 4])
  })

  it('reports failed checks with cycle, instance path and message, and goes on', () => {
    const engine = start()
    set(engine, 'add', 60n)
    engine.step(2)
    set(engine, 'word', 77n)
    engine.step(2)
    engine.step(200)
    expect(engine.failures.slice(0, 4)).toEqual([
      { cycle: 2, message: 'word is 77' },
      { cycle: 2, message: 'counter_0_1: more than 100% of 1100: too much' },
      { cycle: 3, message: 'word is 77' },
      { cycle: 3, message: 'counter_0_1: more than 100% of 1100: too much' },
    ])
    expect([engine.failures.length, engine.failedChecks]).toEqual([100, 404])
    expect(get(engine, 'total')).toBe(1000n + 203n * 60n)
  })

  it('leaves checks out by default', () => {
    const engine = start({ checks: false })
    set(engine, 'word', 77n)
    engine.step()
    expect([engine.failures, engine.failedChecks]).toEqual([[], 0])
    expect(engine.register('counter_0_1.sum')).toBeUndefined()
  })

  it('refuses arrays that do not fit the ports', () => {
    const engine = start()
    expect(() => engine.replay(new Int32Array(ports.inputWords + 1), 1)).toThrow(/whole rows of 16 words, got 17/)
    expect(() => engine.replay(new Int32Array(0), 1)).toThrow(/whole rows/)
    expect(() => engine.replay(engine.inputs, 2, new Int32Array(ports.outputWords))).toThrow(/needs 32 words, got 16/)
    expect(() => engine.step(-1)).toThrow(/cannot run -1 cycles/)
  })

  it('ends in one sentence and never in a wait when the process is killed', async () => {
    const engine = start()
    spawn('sh', ['-c', `sleep 0.3; kill -9 ${engine.pid}`], { stdio: 'ignore' })
    const began = performance.now()
    expect(() => engine.step(2 ** 40)).toThrow(
      'the process of the Verilator simulation of kit ended unexpectedly: it was killed or ran out of memory; run it again',
    )
    expect(performance.now() - began).toBeLessThan(20_000)
    expect(() => engine.step()).toThrow(/ended unexpectedly/)
  })

  it('says so when it is used after close, and its process ends', async () => {
    const engine = start()
    engine.close()
    engine.close()
    expect(() => engine.step()).toThrow(/Verilator simulation of kit is closed/)
    await expect.poll(() => isAlive(engine.pid!), { timeout: 5000 }).toBe(false)
  })

  it('says so when the process cannot be started, dies at once, or speaks another language', () => {
    const words = { inputs: 1, outputs: 1 }
    expect(() => startLink(join(folder, 'nowhere'), words, 'it')).toThrow(/nowhere cannot be started/)
    expect(() => startLink('/bin/false', words, 'it')).toThrow(/the process of it ended unexpectedly/)
    expect(() => startLink(firstBuilds[0]!, words, 'it')).toThrow(/is of another version/)
  })

  it.skipIf(!built)(
    'does not outlive a parent that is killed in the middle of a run, and leaves no files',
    async () => {
      const temporary = mkdtempSync(join(folder, 'tmp-'))
      const text = `${imports}import { writeSync } from 'node:fs'
const engine = verilatorEngine(${designText}, ${JSON.stringify(withChecks)})
writeSync(1, String(engine.pid))
engine.step(2 ** 50)`
      const parent = spawn(process.execPath, ['--input-type=module', '-e', text], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, TMPDIR: temporary },
      })
      const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)))
      // By then it is in the middle of the step, not waiting for a command.
      await new Promise((resolve) => setTimeout(resolve, 500))
      expect(isAlive(pid)).toBe(true)
      parent.kill('SIGKILL')
      await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
      expect(readdirSync(temporary)).toEqual([])
    },
  )

  it('shows what Verilator dislikes about a text that cannot be built, and leaves nothing of it', () => {
    const before = readdirSync(buildFolder)
    expect(() => start({}, { ...design, verilog: 'module kit(input wire clk; endmodule' })).toThrow(
      /^Verilator .* cannot build kit: %Error: model\.v:1:/,
    )
    expect(readdirSync(buildFolder)).toEqual(before)
  })

  it('names the cure where a tool is missing', () => {
    const path = process.env.PATH
    process.env.PATH = folder
    try {
      expect(() => start()).toThrow(
        "the Verilator engine needs Verilator, and there is no 'verilator' on the PATH; install it with 'npm run setup:tools' or choose another engine",
      )
    } finally {
      process.env.PATH = path
    }
  })

  it('names the cure where the cache folder cannot be written', () => {
    expect(() => start({ buildFolder: '/dev/null/cache' })).toThrow(/cannot make the build folder.*set BITLOOM_CACHE/)
  })
})
