/**
 * The design tokens: colors for light and dark, spacing, and type. Every pair of text and background color meets WCAG
 * AA.
 */
export const TOKENS = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1a1d21, #e6e8eb);
  --quiet: light-dark(#5a636e, #9ba5b1);
  --ground: light-dark(#f7f8fa, #101316);
  --raised: light-dark(#ffffff, #171b1f);
  --sunken: light-dark(#eff1f4, #1f242a);
  --field: light-dark(#ffffff, #101316);
  --line: light-dark(#e1e5ea, #2a3037);
  --edge: light-dark(#87919d, #6a7581);
  --accent: light-dark(#1d4ed8, #8ab4ff);
  --on-accent: light-dark(#ffffff, #0b1a33);
  --accent-ground: light-dark(#e8effd, #1a2740);
  --good: light-dark(#16653a, #6fd59a);
  --good-ground: light-dark(#e6f5ec, #12301f);
  --warn: light-dark(#7a4d00, #f2c14e);
  --warn-ground: light-dark(#fdf2d8, #35290d);
  --danger: light-dark(#b3261e, #ff9d96);
  --danger-ground: light-dark(#fdecea, #3c1c1a);
  --series-1: light-dark(#1d4ed8, #8ab4ff);
  --series-2: light-dark(#b3261e, #ff9d96);
  --series-3: light-dark(#16653a, #6fd59a);
  --series-4: light-dark(#7a4d00, #f2c14e);
  --series-5: light-dark(#6b3fa0, #c9a5f7);
  --bar: light-dark(#4f7fe6, #6f9df2);
  --span-good: light-dark(#3f9d69, #4fb37c);
  --span-warn: light-dark(#c98a1b, #d9a53a);
  --span-bad: light-dark(#cf4a41, #e0685f);
  --space: 0.75rem;
  --radius: 0.5rem;
  --text: 0.875rem/1.5 system-ui, sans-serif;
  --mono: 0.8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, monospace;
  --nav-width: 14rem;
}
[data-theme="light"] { color-scheme: light; }
[data-theme="dark"] { color-scheme: dark; }
`;
