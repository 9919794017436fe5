import { html } from './markup.js';
import { provenanceLines } from './provenance.js';
export const tiles = (list) => html `<dl class="tiles">${list.map(({ label, value, unit, aside, tone }) => html `<div class="tile card"><dd class="aside">${aside ?? ''}</dd><dd class="figure ${tone ?? ''}">${value}${unit === undefined ? undefined : html ` <small>${unit}</small>`}</dd><dt>${label}</dt></div>`)}</dl>
`;
/** A list of `[name, value]`. */
export const facts = (list) => html `<dl class="facts">${list.map(([name, value]) => html `<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
/** Where the figures beside it come from, folded up. */
export const provenanceBlock = (provenance, of = 'these figures') => html `<details class="provenance"><summary>Where ${of} come from</summary>${facts(provenanceLines(provenance))}</details>
`;
/** A table that scrolls in its own box; the first column names the row. `foot` is a row of sums. */
export const tableBlock = (name, columns, rows, foot) => {
    const kind = (index) => (columns[index]?.number ? 'number' : '');
    const cells = (texts) => texts.map((text, index) => index === 0
        ? html `<th scope="row" class="${kind(index)}">${text}</th>`
        : html `<td class="${kind(index)}">${text}</td>`);
    return html `<div class="scroll" role="region" tabindex="0" aria-label="${name}"><table><thead><tr>${columns.map((column, index) => html `<th scope="col" class="${kind(index)}">${column.head}</th>`)}</tr></thead><tbody>${rows.map((row) => html `<tr>${cells(columns.map((column) => column.cell(row)))}</tr>
`)}</tbody>${foot === undefined ? undefined : html `<tfoot><tr>${cells(foot)}</tr></tfoot>`}</table></div>
`;
};
/** A chart with its numbers as a table and its provenance, both folded up; without scripts only these are there. */
export const chartBlock = (chart, provenance) => {
    const columns = [
        { head: '', cell: (index) => chart.labels[index] ?? '' },
        ...chart.series.map((series) => ({
            head: series.name,
            cell: (index) => series.texts[index] ?? '',
            number: true,
        })),
    ];
    return html `<figure class="card"><figcaption><h3>${chart.title}</h3><p class="note">${chart.note}</p></figcaption>
<div class="plot"><canvas id="chart-${chart.id}" role="img" aria-label="Bar chart: ${chart.title}, ${chart.axis}; the numbers follow as a table."></canvas></div>
<details><summary>Numbers, and where they come from</summary>
<p class="note">${chart.axis}</p>${tableBlock(chart.title, columns, [...chart.labels.keys()])}
${provenance.map(([name, facts_]) => html `${name === '' ? undefined : html `<p class="spec">${name}</p>`}${facts(provenanceLines(facts_))}`)}</details></figure>
`;
};
/** Two columns of charts of one provenance; on a phone one column, in reading order. */
export const chartColumns = (left, right, provenance) => {
    const columns = [left, right].filter((charts) => charts.length > 0);
    return html `<div class="charts">${columns.map((charts) => html `<div class="column">
${charts.map((chart) => chartBlock(chart, provenance))}</div>
`)}</div>`;
};
