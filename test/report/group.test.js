import { describe, expect, it } from 'vitest';
import { groupLayers, peNames, subjectOf } from '../../src/report/group.js';
import { fixture } from './fixture.js';
const layer = { phase: 'decode', macs: 10, mismatches: 1, calls: 2 };
describe('groups of a report', () => {
    it('adds layers of one kind and phase, and weighs utilisation by cycles', () => {
        const groups = groupLayers([
            { ...layer, name: 'layers.0.wq', kind: 'wq', cycles: 100, utilisation: 0.5 },
            { ...layer, name: 'layers.1.wq', kind: 'wq', cycles: 300, utilisation: 0.9 },
            { ...layer, name: 'layers.0.wq', kind: 'wq', cycles: 40, utilisation: 1, phase: 'prefill' },
        ]);
        expect(groups).toEqual([
            { kind: 'wq', phase: 'decode', layers: 2, calls: 4, macs: 20, cycles: 400, utilisation: 0.8, mismatches: 2 },
            { kind: 'wq', phase: 'prefill', layers: 1, calls: 2, macs: 10, cycles: 40, utilisation: 1, mismatches: 1 },
        ]);
    });
    it('has no utilisation where there are no cycles', () => {
        expect(groupLayers([{ ...layer, name: 'a', kind: 'a', cycles: 0, utilisation: 0.5 }])[0]?.utilisation).toBe(0);
    });
    it('names PEs by family where that is enough, else by spec', () => {
        const [mixpe, mac] = fixture.pes;
        expect(peNames([mixpe, mac])).toEqual(['mixpe', 'mac']);
        const wide = { ...mixpe, spec: 'mixpe(w=uint4, a=int16, group=128)' };
        expect(peNames([mixpe, wide])).toEqual([mixpe.spec, wide.spec]);
    });
    it('takes the first PE as the subject where none is', () => {
        const [mixpe, mac] = fixture.pes;
        expect(subjectOf({ ...fixture, pes: [mac, mixpe] })).toBe(mixpe);
        expect(subjectOf({ ...fixture, pes: [mac] })).toBe(mac);
    });
});
