import { chartColumns, facts, provenanceBlock, tableBlock, tiles } from './blocks.ts'
import type { chartsOf } from './charts.ts'
import { groupLayers, peNames, subjectOf, yardstickOf } from './group.ts'
import { html, type Markup } from './markup.ts'
import { memoryRows } from './memory-rows.ts'
import { digits, grouped, percent, short } from './numbers.ts'
import type { Report, ReportEnergy, ReportMemory, ReportStory } from './schema.ts'

type Charts = ReturnType<typeof chartsOf>

/** Title, the story and the verdict: does the hardware compute what the reference computes? */
export const header = (report: Report): Markup => {
  const { story, run } = report
  const { rows, columns } = run.array
  const good = run.mismatches === 0 && run.compared_results > 0
  const facts_: (readonly [string, string])[] = [
    ['model', `${story.model.id}, ${short(story.model.parameters)} parameters, from ${story.model.source}`],
    ['sha256', story.model.sha256],
    ['sampling', samplingText(story)],
    ['hardware', `${rows} x ${columns} array of ${run.pe}, simulated by the engine ${run.engine}`],
    ['made', `${report.created} on ${report.machine}`],
  ]
  return html`<header>
<p class="brand">bitloom</p>
<h1>${report.title}</h1>
<div class="story card">
<blockquote>${storyText(story)}</blockquote>
<p class="note"><span class="prompt">The prompt</span>, and what the model told from it with its linear layers on simulated hardware.</p>
<p class="verdict ${good ? 'good' : 'bad'}">${verdict(report)}</p>
${facts(facts_)}
${story.provenance && provenanceBlock(story.provenance, 'model and text')}
</div>
</header>`
}

/** One sentence: how many results were compared with the reference, and how many differ. */
export const verdict = ({ run }: Report): string =>
  run.compared_results === 0
    ? '✗ No result was compared with the reference.'
    : run.mismatches === 0
      ? `✓ All ${grouped(run.compared_results)} results equal the reference, bit for bit.`
      : `✗ ${grouped(run.mismatches)} of ${grouped(run.compared_results)} results differ from the reference.`

/** How tokens are chosen, as text: `greedy`, or `top-p, temperature 0.8, seed 1`. */
export const samplingText = ({ sampling }: ReportStory): string =>
  Object.entries(sampling)
    .map(([key, value]) => (key === 'method' ? String(value) : `${key.replaceAll('_', ' ')} ${value}`))
    .join(', ')

/** The prompt in its own colour, then the rest: token by token where the tokens add up to it. */
const storyText = (story: ReportStory): Markup => {
  const rest = story.text.startsWith(story.prompt) ? story.text.slice(story.prompt.length) : story.text
  const told =
    story.tokens.map((token) => token.text).join('') === rest
      ? story.tokens.map(({ text, milliseconds }) =>
          milliseconds === undefined
            ? html`<span class="token">${text}</span>`
            : html`<span class="token" title="${digits(milliseconds)} ms">${text}</span>`,
        )
      : [html`${rest}`]
  return html`<span class="prompt">${story.prompt}</span>${told}`
}

export const arraySection = ({ run, story }: Report, charts: Charts): Markup => {
  const groups = groupLayers(run.layers)
  const phases = groups.some((group) => group.phase !== undefined)
  const bad = run.mismatches > 0 || run.compared_results === 0
  return html`<section aria-labelledby="array">
<h2 id="array">On the array</h2>
${tiles([
  { label: 'tokens told', value: grouped(story.tokens.length), aside: `${grouped(run.tokens)} through the model` },
  {
    label: 'mismatches',
    value: grouped(run.mismatches),
    aside: `of ${grouped(run.compared_results)} compared results`,
    tone: bad ? 'bad' : 'good',
  },
  { label: 'cycles', value: short(run.cycles), aside: `${grouped(run.cycles)}` },
  { label: 'MACs', value: short(run.macs), aside: `${grouped(run.macs)}` },
  {
    label: 'array utilisation',
    value: percent(run.utilisation),
    aside: `${run.array.rows} x ${run.array.columns} = ${grouped(run.array.rows * run.array.columns)} PEs`,
  },
  {
    label: 'simulation time',
    value: digits(run.seconds),
    unit: 's',
    ...(run.seconds > 0 ? { aside: `${short(run.cycles / run.seconds)} array cycles/s` } : {}),
  },
])}
${provenanceBlock(run.provenance)}
${chartColumns([charts.cycles, charts.macs], [charts.utilisation], [['', run.provenance]])}
<div class="card">
<h3>By kind of layer</h3>
${tableBlock(
  'Layers by kind',
  [
    { head: 'kind', cell: (row) => row.kind },
    ...(phases ? [{ head: 'phase', cell: (row: (typeof groups)[number]) => row.phase ?? '' }] : []),
    { head: 'layers', cell: (row) => grouped(row.layers), number: true },
    { head: 'calls', cell: (row) => grouped(row.calls), number: true },
    { head: 'MACs', cell: (row) => grouped(row.macs), number: true },
    { head: 'cycles', cell: (row) => grouped(row.cycles), number: true },
    { head: 'utilisation', cell: (row) => percent(row.utilisation), number: true },
    { head: 'mismatches', cell: (row) => grouped(row.mismatches), number: true },
  ],
  groups,
  [
    'the whole run',
    ...(phases ? [''] : []),
    '',
    '',
    grouped(run.macs),
    grouped(run.cycles),
    percent(run.utilisation),
    grouped(run.mismatches),
  ],
)}
<details><summary>All ${grouped(run.layers.length)} rows, layer by layer</summary>
${tableBlock(
  'All layers',
  [
    { head: 'layer', cell: (row) => row.name },
    ...(phases ? [{ head: 'phase', cell: (row: (typeof run.layers)[number]) => row.phase ?? '' }] : []),
    { head: 'calls', cell: (row) => grouped(row.calls), number: true },
    { head: 'MACs', cell: (row) => grouped(row.macs), number: true },
    { head: 'cycles', cell: (row) => grouped(row.cycles), number: true },
    { head: 'utilisation', cell: (row) => percent(row.utilisation), number: true },
    { head: 'mismatches', cell: (row) => grouped(row.mismatches), number: true },
  ],
  run.layers,
)}</details>
${provenanceBlock(run.provenance)}
</div>
</section>`
}

export const peSection = (report: Report, charts: Charts): Markup => {
  const [subject, yardstick] = [subjectOf(report), yardstickOf(report)]
  const against = yardstick && yardstick !== subject ? yardstick : undefined
  const [name] = against ? peNames([against]) : []
  const ratio =
    against && against.area_um2 > 0 ? `${digits(subject.area_um2 / against.area_um2)} x that of ${name}` : ''
  const both = report.pes.map((pe) => [pe.spec, pe.provenance] as const)
  return html`<section aria-labelledby="pe">
<h2 id="pe">The processing element</h2>
<p class="spec">${subject.spec}</p>
${tiles([
  { label: 'cell area', value: digits(subject.area_um2, 4), unit: 'µm²', aside: ratio },
  { label: 'gate equivalents', value: digits(subject.ge, 4), unit: 'GE', aside: 'in areas of a NAND2' },
  { label: 'highest clock (fmax)', value: digits(subject.fmax_mhz, 4), unit: 'MHz' },
  { label: 'critical path', value: digits(subject.critical_path_ps, 4), unit: 'ps' },
  { label: 'leakage', value: digits(subject.energy.leakage_nw / 1000), unit: 'µW' },
])}
${provenanceBlock(subject.provenance)}
${chartColumns([charts.area, charts.recipes, charts.peEnergy], [charts.cells], both)}
<div class="card">
<h3>All PEs</h3>
${tableBlock(
  'Processing elements',
  [
    { head: 'spec', cell: (pe) => pe.spec },
    { head: 'role', cell: (pe) => pe.role },
    { head: 'µm²', cell: (pe) => digits(pe.area_um2, 4), number: true },
    { head: 'GE', cell: (pe) => digits(pe.ge, 4), number: true },
    { head: 'MHz', cell: (pe) => digits(pe.fmax_mhz, 4), number: true },
    { head: 'path, ps', cell: (pe) => digits(pe.critical_path_ps, 4), number: true },
    { head: 'clock, pJ/cycle', cell: (pe) => digits(pe.energy.clock_pj_per_cycle), number: true },
    { head: 'data, pJ/active cycle', cell: (pe) => digits(pe.energy.data_pj_per_active_cycle), number: true },
    {
      head: 'its band',
      cell: ({ energy }) =>
        `${digits(energy.data_low_pj_per_active_cycle)} to ${digits(energy.data_high_pj_per_active_cycle)}`,
      number: true,
    },
    { head: 'leakage, nW', cell: (pe) => digits(pe.energy.leakage_nw, 4), number: true },
  ],
  report.pes,
)}
${report.pes.map((pe) => provenanceBlock(pe.provenance, `the figures of ${pe.spec}`))}
</div>
</section>`
}

export const energySection = ({ energy, story }: Report, charts: Charts): Markup => {
  const perMac = (total: number): string =>
    energy.total_uj > 0 ? digits((energy.pj_per_mac * total) / energy.total_uj) : '0'
  return html`<section aria-labelledby="energy">
<h2 id="energy">Energy</h2>
${tiles([
  {
    label: 'per MAC',
    value: digits(energy.pj_per_mac),
    unit: 'pJ',
    aside: `${perMac(energy.low_uj)} to ${perMac(energy.high_uj)} pJ`,
  },
  {
    label: 'whole story, in the PEs',
    value: digits(energy.total_uj, 4),
    unit: 'µJ',
    aside: `${digits(energy.low_uj, 4)} to ${digits(energy.high_uj, 4)} µJ`,
  },
  ...(story.tokens.length > 0
    ? [
        {
          label: 'per token told',
          value: digits(energy.total_uj / story.tokens.length),
          unit: 'µJ',
          aside: 'prompt included',
        },
      ]
    : []),
])}
${provenanceBlock(energy.provenance)}
${chartColumns([charts.energy], [], [['', energy.provenance]])}
${energy.memory && memoryCard(energy, energy.memory)}
</section>`
}

/** The memories around the array, told apart from what the netlist takes. */
const memoryCard = (energy: ReportEnergy, memory: ReportMemory): Markup => html`<div class="card">
<h3>With memories</h3>
${tableBlock(
  'Memories',
  [
    { head: 'part', cell: (row) => row.name },
    { head: 'µJ', cell: (row) => digits(row.uj, 4), number: true },
    { head: 'low, µJ', cell: (row) => digits(row.low_uj, 4), number: true },
    { head: 'high, µJ', cell: (row) => digits(row.high_uj, 4), number: true },
    { head: 'bytes', cell: (row) => row.bytes, number: true },
  ],
  memoryRows(energy, memory),
)}
<p class="spec">${memory.dram.bar}</p>
${provenanceBlock(memory.provenance, 'energies of memories')}
</div>`

export const verificationSection = ({ verification }: Report): Markup => html`<section aria-labelledby="verification">
<h2 id="verification">Verification</h2>
<div class="card">
${tableBlock(
  'Verification',
  [
    { head: 'spec', cell: (row) => row.spec },
    { head: 'engine', cell: (row) => row.engine },
    { head: 'vectors', cell: (row) => grouped(row.vectors), number: true },
    { head: 'which', cell: (row) => (row.exhaustive ? 'all there are' : 'a sample') },
    { head: 'mismatches', cell: (row) => grouped(row.mismatches), number: true },
    { head: 'cycles', cell: (row) => grouped(row.cycles), number: true },
    { head: 'cycles/s', cell: (row) => short(row.cyclesPerSecond), number: true },
  ],
  verification,
)}
${verification.map((row) => row.provenance && provenanceBlock(row.provenance, `${row.spec} on ${row.engine}`)).filter((block) => block !== undefined)}
</div>
</section>`

export const catalogueSection = ({ catalogue }: Report): Markup => html`<section aria-labelledby="catalogue">
<h2 id="catalogue">Generated Verilog</h2>
<div class="card">
${tableBlock(
  'Catalogue',
  [
    { head: 'spec', cell: (row) => row.spec },
    { head: 'module', cell: (row) => row.module },
    { head: 'file', cell: (row) => row.file },
    { head: 'ports', cell: (row) => grouped(row.ports), number: true },
    { head: 'lines', cell: (row) => grouped(row.lines), number: true },
  ],
  catalogue,
)}
</div>
</section>`

export const notesSection = ({ notes, versions }: Report): Markup => html`<section aria-labelledby="notes">
<h2 id="notes">What to know before quoting these figures</h2>
<div class="card">
${notes.length === 0 ? undefined : html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${facts(Object.entries(versions))}
<button id="save" type="button" hidden>Save the figures (JSON)</button>
</div>
</section>`
