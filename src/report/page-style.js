/**
 * The style sheet of the report page. Series colours are from the Okabe-Ito palette, which colour-blind readers can
 * tell apart (Okabe and Ito 2008, "Color Universal Design"), darkened or lightened to stand out on each background.
 */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  --serif: "Iowan Old Style", Charter, Georgia, "Noto Serif", "DejaVu Serif", serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --page: #f6f5f1; --card: #ffffff; --ink: #1c2024; --muted: #5b6168; --line: #dedcd4;
  --accent: #a84300; --good: #006b4f; --bad: #b3261e;
  --series-1: #0072b2; --series-2: #d98200; --series-3: #009e73; --series-4: #b0578d;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1d2125; --ink: #e8e6e1; --muted: #a3a9b0; --line: #353b41;
    --accent: #ffb067; --good: #4fd1a5; --bad: #ff8a80;
    --series-1: #56b4e9; --series-2: #e69f00; --series-3: #2fc79a; --series-4: #e08fbf;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 var(--sans); }
main { max-width: 1160px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 4px 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 44px 0 12px; }
h3 { font-size: 1rem; margin: 0 0 2px; }
p { margin: 0 0 8px; }
code, .spec { font-family: var(--mono); font-size: .88em; overflow-wrap: anywhere; }
.brand { color: var(--accent); font-weight: 700; letter-spacing: .04em; margin: 0; }
.muted, .note { color: var(--muted); }
.note { font-size: .88rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; min-width: 0; }
.story { margin: 20px 0 0; padding: 22px 26px 16px; }
.story blockquote {
  margin: 0 0 14px; font: 1.3rem/1.65 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; max-width: 68ch;
}
.prompt { color: var(--accent); font-weight: 600; }
.token:hover { background: var(--line); border-radius: 3px; }
.verdict { font-size: 1.05rem; font-weight: 650; margin: 0 0 4px; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(158px, 1fr)); gap: 12px; margin: 0 0 12px; }
.tile { display: flex; flex-direction: column-reverse; justify-content: flex-end; padding: 12px 16px; }
.tile dt { color: var(--muted); font-size: .86rem; }
.tile dd { margin: 0; }
.tile .figure { font-size: 1.55rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile .figure small { font-size: .95rem; font-weight: 500; }
.tile .aside { color: var(--muted); font-size: .82rem; order: -1; }
.charts { display: flex; gap: 14px; margin: 12px 0 14px; align-items: flex-start; }
.column { display: flex; flex-direction: column; gap: 14px; flex: 1 1 0; min-width: 0; }
.plot { position: relative; margin: 8px 0 4px; }
figure { margin: 0; }
details { margin: 6px 0 0; }
summary { cursor: pointer; color: var(--muted); font-size: .88rem; width: fit-content; max-width: 100%; }
summary:hover { color: var(--ink); }
:focus-visible { outline: 2px solid var(--series-1); outline-offset: 2px; border-radius: 3px; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 16px; margin: 8px 0 4px; font-size: .88rem; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow: auto; max-height: 640px; margin: 8px 0; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 10px; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
th { color: var(--muted); font-weight: 600; position: sticky; top: 0; background: var(--card); }
thead th { white-space: normal; vertical-align: bottom; }
tbody th { color: var(--ink); font-weight: 500; position: static; }
.number { text-align: right; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 2px; }
tfoot td, tfoot th { font-weight: 650; border-bottom: 0; color: var(--ink); position: static; }
button {
  font: inherit; font-size: .9rem; color: var(--ink); background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; padding: 7px 14px; cursor: pointer;
}
button:hover { border-color: var(--muted); }
button[hidden] { display: none; }
@media (max-width: 760px) {
  main { padding: 18px 12px 40px; }
  .charts { flex-direction: column; align-items: stretch; }
  .column { flex: none; }
  .story { padding: 16px 16px 12px; }
  .story blockquote { font-size: 1.12rem; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
  .tile { padding: 10px 12px; }
  .tile .figure { font-size: 1.3rem; }
  .card { padding: 12px 14px; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd { margin: 0 0 6px; }
  tbody th { white-space: normal; min-width: 10em; max-width: 14em; overflow-wrap: break-word; }
}
@media print {
  body { background: #fff; }
  .card { break-inside: avoid; }
  .scroll { max-height: none; overflow: visible; }
}
`;
