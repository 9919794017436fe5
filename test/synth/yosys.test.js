import { expect, test } from 'vitest';
import { openYosys } from '../../src/synth/yosys.js';
test('runs come in order, keep their own files, and after a failed one the next still works', async () => {
    const yosys = openYosys();
    const netlistOf = (name) => ({
        script: 'read_verilog a.v\nwrite_json a.json',
        files: { 'a.v': `module ${name}(input a); endmodule` },
    });
    const [first, failed, last] = await Promise.all([
        yosys.run(netlistOf('one')),
        yosys.run({ script: 'no_such_command', files: {} }),
        yosys.run(netlistOf('two')),
    ]);
    expect(first.ok && first.files.get('a.json')).toContain('"one"');
    expect(failed).toMatchObject({ ok: false, error: expect.stringMatching(/^No such command: no_such_command/) });
    expect(last.ok && last.files.get('a.json')).toContain('"two"');
    expect(last.ok && last.files.get('a.json')).not.toContain('"one"');
    const interrupted = yosys.run(netlistOf('three'));
    await new Promise((resolve) => setTimeout(resolve, 1));
    await yosys.close();
    expect(await interrupted).toMatchObject({ ok: false, error: expect.stringMatching(/^Yosys stopped/) });
});
