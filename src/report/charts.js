import { groupLayers, peNames } from './group.js';
import { digits, percent } from './numbers.js';
const scales = [
    [1e12, ' (trillions)'],
    [1e9, ' (billions)'],
    [1e6, ' (millions)'],
    [1e3, ' (thousands)'],
    [1, ''],
];
/** The largest decimal unit in which the largest value is at least 1, and its words for the axis. */
const scaleOf = (values) => {
    const largest = Math.max(0, ...values);
    return scales.find(([size]) => largest >= size) ?? [1, ''];
};
/** All charts of the page by id; the section of each is the page's business. */
export const chartsOf = (report) => {
    const groups = groupLayers(report.run.layers);
    return {
        cycles: sumChart(groups, 'cycles', 'Cycles by kind of layer', 'Where the time on the array goes, summed over the depth.'),
        macs: sumChart(groups, 'macs', 'MACs by kind of layer', 'Multiply-accumulates that the model needs, summed over the depth.'),
        utilisation: utilisationChart(groups),
        area: areaChart(report),
        cells: cellsChart(report),
        recipes: recipesChart(report),
        peEnergy: peEnergyChart(report),
        energy: energyChart(report),
    };
};
const phaseNames = { prefill: 'prefill (prompt)', decode: 'decode (told tokens)' };
/** One series per phase, one label per kind; a report without phases has one series. */
const byPhase = (groups, value, text) => {
    const labels = [...new Set(groups.map((group) => group.kind))];
    const series = [...new Set(groups.map((group) => group.phase))].map((phase) => {
        const found = labels.map((kind) => groups.find((group) => group.kind === kind && group.phase === phase));
        const values = found.map((group) => (group ? value(group) : null));
        return {
            name: phase ? phaseNames[phase] : 'all tokens',
            values,
            texts: values.map((value) => (value === null ? '' : text(value))),
        };
    });
    return { labels, series };
};
const sumChart = (groups, key, title, note) => {
    const sums = [...new Set(groups.map((group) => group.kind))].map((kind) => groups.filter((group) => group.kind === kind).reduce((total, group) => total + group[key], 0));
    const [size, words] = scaleOf(sums);
    return {
        id: key,
        title,
        note,
        axis: (key === 'macs' ? 'MACs' : 'cycles') + words,
        ...byPhase(groups, (group) => group[key] / size, digits),
        stacked: true,
        totals: sums.map((sum) => digits(sum / size)),
    };
};
const utilisationChart = (groups) => ({
    id: 'utilisation',
    title: 'Array utilisation by kind of layer',
    note: 'Share of the cycles of all PEs that do a MAC of the model.',
    axis: 'utilisation (%)',
    ...byPhase(groups, (group) => group.utilisation * 100, (value) => percent(value / 100)),
    stacked: false,
    maximum: 100,
});
const areaChart = ({ pes }) => ({
    id: 'area',
    title: 'Area of one PE',
    note: 'Cell area of the best recipe of each.',
    axis: 'cell area (µm²)',
    labels: peNames(pes),
    series: [
        { name: 'area', values: pes.map((pe) => pe.area_um2), texts: pes.map((pe) => `${digits(pe.area_um2, 4)} µm²`) },
    ],
    stacked: false,
});
const shownCells = 12;
const cellsChart = ({ pes }) => {
    const names = [...new Set(pes.flatMap((pe) => Object.keys(pe.cells)))];
    const total = (name) => pes.reduce((sum, pe) => sum + (pe.cells[name] ?? 0), 0);
    const sorted = names.toSorted((a, b) => total(b) - total(a) || (a < b ? -1 : 1));
    const labels = sorted.length > shownCells ? [...sorted.slice(0, shownCells - 1), 'all others'] : sorted;
    const countOf = (cells, label) => label === 'all others'
        ? sorted.slice(shownCells - 1).reduce((sum, name) => sum + (cells[name] ?? 0), 0)
        : (cells[label] ?? 0);
    return {
        id: 'cells',
        title: 'Cells of one PE',
        note: 'What the area is made of, by library cell.',
        axis: 'cells',
        labels,
        series: pes.map((pe, index) => {
            const values = labels.map((label) => countOf(pe.cells, label));
            return { name: peNames(pes)[index], values, texts: values.map((value) => digits(value, 6)) };
        }),
        stacked: false,
    };
};
const recipesChart = ({ pes }) => {
    const labels = [...new Set(pes.flatMap((pe) => pe.recipes.map((recipe) => recipe.name)))];
    return {
        id: 'recipes',
        title: 'Area by synthesis recipe',
        note: 'The same source through every recipe that was tried.',
        axis: 'cell area (µm²)',
        labels,
        series: pes.map((pe, index) => {
            const values = labels.map((label) => pe.recipes.find((recipe) => recipe.name === label)?.area_um2 ?? null);
            return {
                name: peNames(pes)[index],
                values,
                texts: values.map((value) => (value === null ? '' : digits(value, 4))),
            };
        }),
        stacked: false,
    };
};
const peEnergyChart = ({ pes }) => ({
    id: 'pe-energy',
    title: 'Energy of one PE in a cycle with a product',
    note: 'First-order; the whisker is the band of the data energy.',
    axis: 'energy (pJ per active cycle)',
    labels: peNames(pes),
    series: [
        { name: 'clock', key: 'clock_pj_per_cycle' },
        { name: 'data', key: 'data_pj_per_active_cycle' },
    ].map(({ name, key }) => ({
        name,
        values: pes.map((pe) => pe.energy[key]),
        texts: pes.map((pe) => `${digits(pe.energy[key])} pJ`),
    })),
    stacked: true,
    totals: pes.map((pe) => `${digits(pe.energy.clock_pj_per_cycle + pe.energy.data_pj_per_active_cycle)} pJ`),
    bands: pes.map(({ energy }) => [
        energy.clock_pj_per_cycle + energy.data_low_pj_per_active_cycle,
        energy.clock_pj_per_cycle + energy.data_high_pj_per_active_cycle,
    ]),
});
const energyChart = ({ energy }) => {
    const rows = [...energy.parts, { name: 'total', energy_uj: energy.total_uj }];
    return {
        id: 'energy',
        title: 'Energy of the whole story in the PEs',
        note: 'First-order; the whisker on the total is its low and high estimate.',
        axis: 'energy (µJ)',
        labels: rows.map((row) => row.name),
        series: [
            {
                name: 'energy',
                values: rows.map((row) => row.energy_uj),
                texts: rows.map((row) => `${digits(row.energy_uj, 4)} µJ`),
            },
        ],
        stacked: false,
        bands: rows.map((_, index) => (index === rows.length - 1 ? [energy.low_uj, energy.high_uj] : null)),
    };
};
