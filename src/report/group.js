/** Layers grouped by kind and phase over the depth, in order of first appearance. */
export const groupLayers = (layers) => {
    const groups = new Map();
    for (const layer of layers) {
        const key = JSON.stringify([layer.kind, layer.phase]);
        groups.set(key, [...(groups.get(key) ?? []), layer]);
    }
    return [...groups.values()].map((members) => {
        const sum = (value) => members.reduce((total, layer) => total + value(layer), 0);
        const cycles = sum((layer) => layer.cycles);
        return {
            kind: members[0].kind,
            phase: members[0].phase,
            layers: new Set(members.map((layer) => layer.name)).size,
            calls: sum((layer) => layer.calls),
            macs: sum((layer) => layer.macs),
            cycles,
            utilisation: cycles === 0 ? 0 : sum((layer) => layer.utilisation * layer.cycles) / cycles,
            mismatches: sum((layer) => layer.mismatches),
        };
    });
};
/** The PE that the report is about: the one with the role `subject`, else the first. */
export const subjectOf = (report) => report.pes.find((pe) => pe.role === 'subject') ?? report.pes[0];
/** The PE it is compared with, if there is one. */
export const yardstickOf = (report) => report.pes.find((pe) => pe.role === 'yardstick');
/** Short names of PEs for charts: the family where that tells them apart, else the whole spec. */
export const peNames = (pes) => {
    const families = pes.map((pe) => pe.spec.replace(/\(.*$/s, ''));
    return new Set(families).size === pes.length ? families : pes.map((pe) => pe.spec);
};
