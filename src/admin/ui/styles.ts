/** The one stylesheet: the tokens, then the parts in the order in which pages are built of them. */
import { TOKENS } from "./tokens.ts";

const GROUND = `
*, ::before, ::after { box-sizing: border-box; }
html { scroll-padding-top: 4rem; }
body { margin: 0; background: var(--ground); color: var(--ink); font: var(--text); }
h1 { font-size: 1.25rem; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 0; }
h3 { font-size: 0.875rem; margin: 0; }
p { margin: 0; }
a { color: var(--accent); }
code, pre, .mono { font: var(--mono); overflow-wrap: anywhere; }
pre { white-space: pre-wrap; background: var(--sunken); padding: var(--space); border-radius: var(--radius); margin: 0; max-height: 32rem; overflow: auto; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.quiet-text { color: var(--quiet); }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -999px; } .skip:focus { left: 1rem; top: 0.5rem; z-index: 9; background: var(--raised); padding: 0.5rem; }
@media (prefers-reduced-motion: no-preference) { .spin { animation: pulse 1s infinite alternate; } @keyframes pulse { to { opacity: 0.4; } } }
`;

const SHELL = `
.top { position: sticky; top: 0; z-index: 3; display: flex; gap: var(--space); align-items: center; height: 3.25rem; padding: 0 1rem; background: var(--raised); border-bottom: 1px solid var(--line); }
.brand { font-weight: 650; color: var(--ink); text-decoration: none; white-space: nowrap; display: flex; gap: 0.5rem; align-items: center; }
.brand img { width: 1.25rem; height: 1.25rem; }
.top .jump { margin-left: auto; }
.top .jump a { display: flex; gap: 0.75rem; align-items: center; min-height: 2rem; padding: 0 0.75rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--ground); color: var(--quiet); text-decoration: none; }
kbd { font: var(--mono); font-size: 0.75rem; border: 1px solid var(--line); border-radius: 0.25rem; padding: 0 0.25rem; }
.frame { display: grid; grid-template-columns: var(--nav-width) minmax(0, 1fr); }
.side { padding: 1rem 0.5rem; font-size: 0.875rem; }
.side h2 { font-size: 0.6875rem; font-weight: 600; color: var(--quiet); margin: 0.875rem 0.75rem 0.125rem; }
.side ul { list-style: none; margin: 0; padding: 0; }
.side a { display: flex; gap: 0.6rem; align-items: center; padding: 0.2rem 0.75rem; font-size: 0.8125rem; border-radius: var(--radius); color: var(--ink); text-decoration: none; }
.side a:hover { background: var(--sunken); }
.icon { flex: none; fill: none; stroke: currentcolor; stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round; }
.side a[aria-current] { scroll-initial-target: nearest; background: var(--accent-ground); color: var(--accent); font-weight: 600; }
@media (min-width: 56rem) {
  .frame > .side { display: block; position: sticky; top: 3.25rem; height: calc(100vh - 3.25rem); overflow: auto; border: 0; border-right: 1px solid var(--line); background: var(--ground); color: inherit; margin: 0; width: auto; max-width: none; }
  .menu-button { display: none; }
}
@media (max-width: 55.99rem) {
  .frame { grid-template-columns: minmax(0, 1fr); }
  .side:popover-open { position: fixed; inset: 0 auto 0 0; width: min(80vw, 18rem); height: 100vh; margin: 0; border: 0; border-right: 1px solid var(--line); background: var(--raised); color: inherit; overflow: auto; }
  .side::backdrop { background: rgb(0 0 0 / 0.4); }
  .brand span, .top .jump span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); } .top .jump kbd { display: none; } .top .jump a::before { content: "⌕" / ""; font-size: 1.25rem; }
  form.filters label { flex: 1 1 8rem; }
}
.more-filters { display: contents; } .opens-filters { display: none; }
@media (max-width: 40rem) {
  button.opens-filters { display: inline-flex; } noscript.opens-filters { display: block; }
  .more-filters { display: none; }
  .more-filters:popover-open { display: grid; gap: 0.5rem; position: fixed; inset: auto 0 0 0; width: auto; max-height: 80vh; overflow: auto; margin: 0; padding: 1rem; border: 1px solid var(--line); background: var(--raised); color: inherit; }
  .more-filters::backdrop { background: rgb(0 0 0 / 0.4); }
}
.popup { position: fixed; inset: 3.25rem 0.5rem auto auto; margin: 0; width: min(20rem, 95vw); border: 1px solid var(--line); border-radius: var(--radius); background: var(--raised); color: inherit; padding: var(--space); }
.popup:popover-open { display: grid; gap: var(--space); }
main { min-width: 0; max-width: 84rem; padding: 1.25rem 1.5rem 4rem; display: grid; gap: 1rem; align-content: start; }
main.narrow { max-width: 26rem; margin: 2rem auto; padding: 0 1rem; }
main.alone { margin: 0 auto; max-width: 44rem; }
@media (max-width: 40rem) { main { padding: 1rem 1rem 3rem; } }
.head { display: flex; flex-wrap: wrap; gap: 0.5rem var(--space); align-items: center; }
.head > div { min-width: 0; } .head p { margin-top: 0.125rem; }
.head > div:first-child { flex: 1 1 16rem; }
.head .actions { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.crumbs + .head { margin-top: -0.5rem; }
.switcher { min-width: 0; } .cut { overflow: hidden; text-overflow: ellipsis; max-width: 12rem; }
.avatar { border-radius: 50%; width: 2rem; height: 2rem; min-height: 0; padding: 0; background: var(--accent-ground); color: var(--accent); }
.popup.left { inset: 3.25rem auto auto 1rem; }
.menu { list-style: none; margin: 0; padding: 0; display: grid; gap: 0.125rem; }
.menu a { display: block; padding: 0.3rem 0.5rem; border-radius: var(--radius); color: inherit; text-decoration: none; } .menu a:hover { background: var(--sunken); }
.menu button { justify-content: space-between; border-color: transparent; }
form.themes { display: grid; grid-template-columns: 1.4fr 1fr 1fr; gap: 0.25rem; }
[aria-pressed="true"] { border-color: var(--accent); color: var(--accent); }
.crumbs { font-size: 0.8125rem; color: var(--quiet); }
.banner { padding: 0.5rem 1rem; background: var(--warn-ground); color: var(--ink); display: flex; flex-wrap: wrap; gap: var(--space); align-items: center; }
dialog#palette { width: min(36rem, 94vw); margin-top: 10vh; border: 1px solid var(--line); border-radius: var(--radius); background: var(--raised); color: inherit; padding: var(--space); }
dialog::backdrop { background: rgb(0 0 0 / 0.4); }
.found { list-style: none; margin: 0.5rem 0 0; padding: 3px; max-height: 50vh; overflow: auto; }
.found a { display: flex; justify-content: space-between; gap: 1rem; padding: 0.4rem 0.6rem; border-radius: var(--radius); color: inherit; text-decoration: none; }
.found a:hover, .found a:focus { background: var(--accent-ground); }
`;

const PARTS = `
.card > h2, .card > .row > h2 { font-size: 0.875rem; }
td a, .tight a { text-decoration: none; font-weight: 500; } td a:hover, .tight a:hover { text-decoration: underline; }
.card { background: var(--raised); border: 1px solid var(--line); border-radius: var(--radius); padding: 1rem; display: grid; gap: var(--space); min-width: 0; align-content: start; }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); }
.grid.three { grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); }
.stack, .live, .live > div { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
.live { gap: 0.25rem; } .live > p { min-height: 1.5em; font-size: 0.8125rem; text-align: right; margin-top: -2.25rem; pointer-events: none; }
.month { table-layout: fixed; min-width: 44rem; } .month td { vertical-align: top; height: 5.5rem; border-right: 1px solid var(--line); }
.month td.outside { background: var(--sunken); } .month .day { font-size: 0.8125rem; color: var(--quiet); }
.month .entry { display: block; font-size: 0.75rem; padding: 0 0.25rem; margin-top: 0.125rem; border-radius: var(--radius); background: var(--warn-ground); color: var(--warn); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.announced { display: grid; gap: 0.5rem; } .announced:empty { display: none; } .lines { white-space: pre-line; } pre ins, pre del { display: block; }
.prose { max-width: 60rem; white-space: pre-line; }
img.made { max-width: 100%; border: 1px solid var(--line); border-radius: var(--radius); }
code.secret { font-size: 0.9375rem; background: var(--sunken); padding: 0.4rem 0.6rem; border-radius: var(--radius); }
.filters .grow { flex: 1 1 16rem; }
.clamp { display: -webkit-box; -webkit-line-clamp: 3; -webkit-box-orient: vertical; overflow: hidden; }
ol.order { list-style: none; counter-reset: place; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: var(--radius); background: var(--raised); }
ol.order > li { counter-increment: place; display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: var(--space); align-items: center; padding: 0.5rem 0.75rem; border-bottom: 1px solid var(--line); }
ol.order > li:last-child { border-bottom: 0; }
ol.order .grip { color: var(--quiet); cursor: grab; } ol.order .grip::after { content: counter(place); font: var(--mono); padding-left: 0.5rem; }
ol.order button { min-height: 1.75rem; padding: 0 0.6rem; }
meter { width: 8rem; height: 0.75rem; }
.stack { display: grid; gap: 1rem; align-content: start; min-width: 0; }
.stats { display: grid; gap: 0.75rem; grid-template-columns: repeat(auto-fit, minmax(min(9.5rem, 100%), 1fr)); margin: 0; }
.stat { gap: 0.125rem; padding: 0.75rem 1rem; }
.stat dt { color: var(--quiet); font-size: 0.8125rem; }
.stat dd { margin: 0; font-size: 1.5rem; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.25; }
.stat dd.note { font-size: 0.8125rem; font-weight: 400; color: var(--quiet); }
.row { display: flex; flex-wrap: wrap; gap: 0.5rem var(--space); align-items: center; justify-content: space-between; }
.start { display: flex; flex-wrap: wrap; gap: 0.5rem var(--space); align-items: center; }
.notice { padding: 0.6rem 0.9rem; border-radius: var(--radius); background: var(--good-ground); color: var(--good); }
.notice.bad { background: var(--danger-ground); color: var(--danger); }
.notice.plain { background: var(--accent-ground); color: var(--ink); }
.notice.warn { background: var(--warn-ground); color: var(--warn); }
.notice a { color: inherit; }
.notice form { display: inline-flex; }
.badge { display: inline-flex; gap: 0.375rem; align-items: center; padding: 0 0.5rem; border-radius: 1rem; font-size: 0.8125rem; line-height: 1.5rem; background: var(--sunken); white-space: nowrap; }
.badge::before { content: "●"; font-size: 0.625rem; }
.badge.good { background: var(--good-ground); color: var(--good); } .badge.good::before { content: "✓"; }
.badge.warn { background: var(--warn-ground); color: var(--warn); } .badge.warn::before { content: "▲"; }
.badge.bad { background: var(--danger-ground); color: var(--danger); } .badge.bad::before { content: "✕"; }
.badge.off { color: var(--quiet); } .badge.off::before { content: "○"; }
.tag { display: inline-block; padding: 0 0.4rem; border: 1px solid var(--line); border-radius: 0.25rem; font-size: 0.8125rem; margin-right: 0.25rem; }
.tabs { display: flex; flex-wrap: wrap; gap: 0.25rem; border-bottom: 1px solid var(--line); }
.tabs a { padding: 0.4rem 0.75rem; color: var(--quiet); text-decoration: none; border-bottom: 2px solid transparent; margin-bottom: -1px; }
.tabs a[aria-current] { color: var(--ink); border-color: var(--accent); font-weight: 600; }
.details { display: grid; grid-template-columns: minmax(6rem, 11rem) minmax(0, 1fr); gap: 0.4rem 1rem; margin: 0; }
.details dt { color: var(--quiet); } .details dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { .details { grid-template-columns: minmax(0, 1fr); gap: 0; } .details dd { margin-bottom: 0.5rem; } }
.empty { text-align: center; padding: 2.5rem 1rem; display: grid; gap: 0.5rem; justify-items: center; color: var(--quiet); }
.empty h2 { color: var(--ink); }
ul.plain { list-style: none; margin: 0; padding: 0; display: grid; gap: var(--space); }
ul.plain > li { border-bottom: 1px solid var(--line); padding-bottom: var(--space); }
ul.tight { gap: 0; } ul.tight > li { padding: 0.35rem 0; }
.number { font-variant-numeric: tabular-nums; }
ul.plain > li:last-child { border-bottom: 0; padding-bottom: 0; }
.list, .list > form { display: grid; gap: var(--space); min-width: 0; grid-template-columns: minmax(0, 1fr); }
.scroll { min-width: 0; overflow-x: auto; border: 1px solid var(--line); border-radius: var(--radius); background: var(--raised); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.4rem 0.75rem; border-bottom: 1px solid var(--line); vertical-align: baseline; }
tr:last-child > td { border-bottom: 0; }
th { font-size: 0.8125rem; font-weight: 600; color: var(--quiet); white-space: nowrap; background: var(--sunken); }
th a { color: inherit; text-decoration: none; } th a:hover { text-decoration: underline; }
td code { overflow-wrap: normal; }
@media (max-width: 40rem) {
  .cards { border: 0; background: none; overflow: visible; }
  .cards table, .cards tbody, .cards tr, .cards td { display: block; }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards thead:focus-within { position: static; width: auto; height: auto; clip-path: none; }
  .cards tr { position: relative; border: 1px solid var(--line); border-radius: var(--radius); background: var(--raised); margin-bottom: 0.75rem; padding: 0.5rem 0.75rem; }
  .cards td, .cards td.number { display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: 0.5rem; padding: 0.15rem 0; border: 0; text-align: left; overflow-wrap: anywhere; }
  .cards td::before { content: attr(data-label); color: var(--quiet); font-size: 0.8125rem; }
  .cards td:not([data-label]) { grid-template-columns: minmax(0, 1fr); font-weight: 600; } .cards td:not([data-label])::before { content: none; }
  .cards td.mark { position: absolute; top: 0.5rem; right: 0.75rem; width: auto; } .cards td.mark input { width: 1.5rem; height: 1.5rem; } .cards td.mark + td { padding-right: 2.5rem; } .cards td:empty { display: none; }
  .cards td code { overflow-wrap: anywhere; }
}
.line-of-log { display: flex; flex-wrap: wrap; gap: 0.25rem var(--space); align-items: baseline; padding: 0.35rem 0.75rem; border-bottom: 1px solid var(--line); background: var(--raised); }
.line-of-log > :nth-child(2) { flex: 1 1 14rem; min-width: 0; overflow-wrap: anywhere; }
.live > div.tail { gap: 0; }
td button, td .button { min-height: 1.75rem; padding: 0 0.6rem; font-weight: 500; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
tbody tr:hover { background: var(--ground); }
ins { background: var(--good-ground); color: var(--good); text-decoration: none; }
del { background: var(--danger-ground); color: var(--danger); }
`;

const FORMS = `
form { display: grid; grid-template-columns: minmax(0, 1fr); gap: var(--space); margin: 0; }
form.inline { display: inline-flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
form.filters { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: end; }
form.filters label { min-width: 9rem; } form.filters .search { flex: 1 1 14rem; max-width: 36rem; }
form:not(:has(option[value="bearer"]:checked)) [data-for="bearer"], form:not(:has(option[value="basic"]:checked)) [data-for="basic"], form:not(:has(option[value="header"]:checked)) [data-for="header"], form:not(:has(option[value="user_secret"]:checked)) [data-for="user_secret"], form:not(:has(option[value="user_oauth"]:checked, option[value="client_credentials"]:checked, [name="auth.type"] option[value="token_exchange"]:checked)) [data-for="oauth"], form:not(:has(option[value="client_credentials"]:checked, [name="auth.type"] option[value="token_exchange"]:checked)) [data-for="gateway_client"], form:not(:has([name="auth.type"] option[value="token_exchange"]:checked)) [data-for="token_exchange"], form:not(:has(option[value="identity_jwt"]:checked, [name="auth.type"] option[value="token_exchange"]:checked)) [data-for="identity"] { display: none; }
form.filters:not(:has(option[value="custom"]:checked)) .custom-period { display: none; }
.zone { font-size: 0.75rem; }
form.lookup { display: flex; align-items: end; } form.lookup label { flex: 1 1 12rem; }
form.wide { max-width: 44rem; }
fieldset { border: 1px solid var(--line); border-radius: var(--radius); padding: var(--space); margin: 0; display: grid; gap: 0.5rem; min-width: 0; }
legend { font-weight: 600; padding: 0 0.25rem; }
label, .field { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.25rem; font-weight: 600; font-size: 0.8125rem; }
legend { font-weight: 600; font-size: 0.8125rem; padding: 0 0.25rem; }
label, .field { display: grid; gap: 0.25rem; font-weight: 600; font-size: 0.8125rem; }
.field > label { display: block; }
label.check, .field > label.check { display: flex; gap: 0.5rem; align-items: center; font-weight: 400; font-size: inherit; }
th.mark, td.mark { width: 2rem; }
.hint { color: var(--quiet); font-weight: 400; font-size: 0.8125rem; }
.wrong { color: var(--danger); font-weight: 400; font-size: 0.8125rem; }
.wrong::before { content: "✕ "; }
input, select, textarea { font: var(--text); color: inherit; background: var(--field); border: 1px solid var(--edge); border-radius: var(--radius); padding: 0.25rem 0.6rem; width: 100%; min-height: 2.125rem; }
::placeholder { color: var(--quiet); opacity: 1; }
textarea { font: var(--mono); min-height: 6rem; resize: vertical; }
[aria-invalid="true"] { border-color: var(--danger); }
input[type="checkbox"], input[type="radio"] { width: 1rem; height: 1rem; min-height: 0; flex: none; accent-color: var(--accent); margin: 0; }
button, .button { font: var(--text); font-weight: 600; min-height: 2.125rem; padding: 0.2rem 0.8rem; border: 1px solid transparent; border-radius: var(--radius); background: var(--accent); color: var(--on-accent); cursor: pointer; text-decoration: none; display: inline-flex; gap: 0.4rem; align-items: center; justify-content: center; white-space: nowrap; }
button.quiet, .button.quiet { background: var(--raised); color: var(--ink); border-color: var(--line); }
button.quiet:hover, .button.quiet:hover { border-color: var(--edge); }
button.danger, .button.danger { background: var(--raised); color: var(--danger); border-color: var(--danger); }
button.plain { background: none; border: 0; color: inherit; padding: 0.3rem 0.5rem; }
button[aria-busy] { opacity: 0.7; cursor: progress; }
button[hidden] { display: none; }
`;

const CHARTS = `
.chart { margin: 0; display: grid; gap: 0.5rem; min-width: 0; }
.chart figcaption { font-weight: 600; font-size: 0.8125rem; }
.chart { container-type: inline-size; }
@container (max-width: 25rem) { .chart text { font-size: 16px; } .chart .narrow text { font-size: 12px; } }
.chart svg { width: 100%; height: auto; display: block; }
.scroll.tall { max-height: 16rem; margin-top: 0.5rem; }
.heat { fill: var(--series-1); } .heat-0 { fill: var(--sunken); } .heat-1 { fill-opacity: 0.15; } .heat-2 { fill-opacity: 0.25; } .heat-3 { fill-opacity: 0.36; } .heat-4 { fill-opacity: 0.48; } .heat-5 { fill-opacity: 0.6; } .heat-6 { fill-opacity: 0.72; } .heat-7 { fill-opacity: 0.86; }
.chart text { font: 11px system-ui, sans-serif; fill: var(--quiet); }
.chart .axis { stroke: var(--line); stroke-width: 1; }
.chart .line { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
.chart .hover { fill: transparent; } .chart .hover:hover { fill: var(--quiet); fill-opacity: 0.15; }
.series-1 { stroke: var(--series-1); color: var(--series-1); } .series-2 { stroke: var(--series-2); color: var(--series-2); stroke-dasharray: 5 3; } .series-3 { stroke: var(--series-3); color: var(--series-3); stroke-dasharray: 2 2; } .series-4 { stroke: var(--series-4); color: var(--series-4); stroke-dasharray: 8 3 2 3; } .series-5 { stroke: var(--series-5); color: var(--series-5); }
.bar { stroke: none; } .bar.series-1 { fill: var(--bar); } .bar.series-2 { fill: var(--series-2); } .bar.series-3 { fill: var(--series-3); } .bar.series-4 { fill: var(--series-4); } .bar.series-5 { fill: var(--series-5); }
.span.good { fill: var(--span-good); } .span.warn { fill: var(--span-warn); } .span.bad { fill: var(--span-bad); } .span.plain { fill: var(--bar); } .span.off { fill: var(--edge); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; font-size: 0.8125rem; color: var(--quiet); list-style: none; margin: 0; padding: 0; }
.chart .legend svg { display: inline; width: 1.5rem; height: 0.5rem; vertical-align: middle; }
.chart summary { font-size: 0.8125rem; color: var(--quiet); cursor: pointer; }
.spark { width: 6rem; height: 1.5rem; vertical-align: middle; } .spark polyline { fill: none; stroke-width: 1.5; }
`;

/** On paper: the content alone, in light, with whole rows, and charts with their figures. */
const PRINT = `
@media print {
  :root, [data-theme] { color-scheme: light; }
  .top, .side, .skip, .crumbs, .tabs, .popup, .actions, form.filters, form.inline, button, .button, dialog { display: none; }
  .frame { display: block; }
  main { max-width: none; padding: 0; }
  .scroll, pre { overflow: visible; max-height: none; border: 0; }
  table { font-size: 0.75rem; } th, td { overflow-wrap: anywhere; }
  thead { display: table-header-group; }
  tr, .card, .chart { break-inside: avoid; }
  a { color: inherit; text-decoration: none; }
}
`;

export const STYLESHEET = [TOKENS, GROUND, SHELL, PARTS, FORMS, CHARTS, PRINT].join("");

/** The favicon. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#1d4ed8" d="M3 1h10v14H3z"/><path fill="#fff" d="M5 3l5 1.5v8L5 14z"/></svg>`;
