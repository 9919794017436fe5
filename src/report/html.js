import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { chartsOf } from './charts.js';
import { html, jsonBlock, script, scriptText } from './markup.js';
import { pageScript } from './page-script.js';
import { pageStyle } from './page-style.js';
import { arraySection, catalogueSection, energySection, header, notesSection, peSection, verificationSection, } from './sections.js';
/**
 * The report as one HTML file that needs nothing else: Chart.js, the figures and the style are inside, the page may
 * load nothing from anywhere (content security policy), and the same report gives the same bytes.
 */
export const reportHtml = (report) => {
    const charts = chartsOf(report);
    const scripts = [chartLibrary(), `(${pageScript.toString()})(window)`];
    const page = html `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="bitloom">
<title>${report.title}</title>
<link rel="icon" href="data:,">
<style>${asIs(pageStyle)}</style>
</head>
<body>
<main>
${header(report)}
<noscript><style>.plot{display:none}</style><p class="note">Scripts are off: the charts are not drawn, and every number of theirs stands in the tables.</p></noscript>
${arraySection(report, charts)}
${peSection(report, charts)}
${energySection(report, charts)}
${verificationSection(report)}
${catalogueSection(report)}
${notesSection(report)}
</main>
${jsonBlock('report', report)}
${jsonBlock('charts', Object.values(charts))}
${scripts.map(script)}
</body>
</html>
`;
    return page.markup;
};
const asIs = (text) => ({ markup: text });
/** Chart.js as its own browser build, as the package brings it. */
const chartLibrary = () => {
    const entry = createRequire(import.meta.url).resolve('chart.js');
    const code = readFileSync(join(dirname(entry), 'chart.umd.min.js'), 'utf8');
    return code.replaceAll('\r', '').replace(/^\/\/# sourceMappingURL=.*$/m, '');
};
/** Only these scripts run, styles are inline, and nothing is loaded from anywhere. */
const policy = (scripts) => {
    const hashes = scripts.map((code) => `'sha256-${createHash('sha256').update(scriptText(code)).digest('base64')}'`);
    return `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src ${hashes.join(' ')}`;
};
