/** The one stylesheet, with its design tokens; light or dark as the reader's system asks. */
export const STYLESHEET_PATH = "/assets/gateway.css";

export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1b1f24, #e8eaed);
  --quiet: light-dark(#59636e, #9aa4af);
  --ground: light-dark(#f6f7f9, #14171a);
  --raised: light-dark(#ffffff, #1d2125);
  --line: light-dark(#d5dae0, #353b42);
  --accent: light-dark(#0b57d0, #8ab4f8);
  --on-accent: light-dark(#ffffff, #10233f);
  --danger: light-dark(#b3261e, #f2b8b5);
  --danger-ground: light-dark(#fceeee, #3b1d1b);
  --good-ground: light-dark(#e9f6ec, #17301d);
  --warn-ground: light-dark(#fff4d6, #3d3110);
  --space: 1rem;
  --radius: 0.5rem;
  --text: 1rem/1.5 system-ui, sans-serif;
  --mono: 0.9375rem/1.5 ui-monospace, monospace;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: var(--text); }
.top { display: flex; flex-wrap: wrap; gap: var(--space); align-items: center; padding: 0.75rem var(--space);
  background: var(--raised); border-bottom: 1px solid var(--line); }
.top .who { margin-left: auto; color: var(--quiet); }
.banner { padding: 0.75rem var(--space); background: var(--warn-ground); display: flex; gap: var(--space); align-items: center; }
main { max-width: 44rem; margin: calc(2 * var(--space)) auto; padding: 0 var(--space); }
main.narrow { max-width: 26rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 var(--space); }
h2 { font-size: 1.125rem; margin: calc(2 * var(--space)) 0 0.5rem; }
.card { background: var(--raised); border: 1px solid var(--line); border-radius: var(--radius); padding: calc(1.5 * var(--space)); margin-bottom: var(--space); }
a { color: var(--accent); }
form { display: grid; gap: var(--space); margin: 0; }
form.inline { display: inline-flex; gap: 0.5rem; }
label { display: grid; gap: 0.25rem; font-weight: 600; }
label.check { display: flex; gap: 0.5rem; align-items: center; font-weight: 400; }
.hint { color: var(--quiet); font-weight: 400; font-size: 0.875rem; }
input, select { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--quiet); border-radius: var(--radius); padding: 0.5rem 0.75rem; width: 100%; min-height: 2.75rem; }
label.check input { width: 1.25rem; min-height: 1.25rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button, .button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: 0.5rem 1.25rem; border: 1px solid transparent; border-radius: var(--radius); background: var(--accent); color: var(--on-accent); cursor: pointer; text-decoration: none; display: inline-block; }
button.quiet { background: transparent; color: var(--accent); border-color: var(--line); }
button.danger { background: transparent; color: var(--danger); border-color: var(--danger); }
.row { display: flex; flex-wrap: wrap; gap: var(--space); align-items: center; justify-content: space-between; }
.notice { padding: 0.75rem var(--space); border-radius: var(--radius); background: var(--good-ground); margin: 0 0 var(--space); }
.notice.bad { background: var(--danger-ground); color: var(--danger); }
ul.plain { list-style: none; margin: 0; padding: 0; display: grid; gap: var(--space); }
ul.plain > li { border-bottom: 1px solid var(--line); padding-bottom: var(--space); }
ul.plain > li:last-child { border-bottom: 0; padding-bottom: 0; }
code, pre { font: var(--mono); overflow-wrap: anywhere; }
pre { white-space: pre-wrap; background: var(--ground); padding: var(--space); border-radius: var(--radius); margin: 0; }
.quiet-text { color: var(--quiet); }
`;

export const ICON_PATH = "/assets/icon.svg";

/** A door, half open. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#0b57d0" d="M3 1h10v14H3z"/><path fill="#fff" d="M5 3l5 1.5v8L5 14z"/></svg>`;
