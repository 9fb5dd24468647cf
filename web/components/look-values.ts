/**
 * Colours, type and space, in one place. A page themes them by setting `--orderwire-*` on any
 * ancestor.
 */

import { css } from 'lit';

export const values = css`
  :host {
    --font: var(
      --orderwire-font,
      system-ui,
      -apple-system,
      'Segoe UI',
      Roboto,
      'Helvetica Neue',
      'Noto Sans',
      sans-serif
    );
    --t-meta: 12px/16px;
    --t-small: 13px/20px;
    --t-text: 14px/20px;
    --t-head: 16px/24px;
    --t-title: 20px/28px;
    --t-figure: 28px/32px;
    --s1: 4px;
    --s2: 8px;
    --s3: 12px;
    --s4: 16px;
    --s5: 24px;
    --s6: 32px;
    --s7: 48px;
    --r1: 6px;
    --r2: 10px;
    --r3: 16px;
    --fast: 120ms cubic-bezier(0.2, 0, 0, 1);
    --bg: var(--orderwire-bg, light-dark(#fff, #16181c));
    --pane: var(--orderwire-pane, light-dark(#f6f7f9, #1b1e23));
    --raised: var(--orderwire-raised, light-dark(#fff, #22262c));
    --hover: var(--orderwire-hover, light-dark(#eef0f3, #272b32));
    --line: var(--orderwire-line, light-dark(#e3e6ea, #2d323a));
    --text: var(--orderwire-text, light-dark(#16191d, #eceef1));
    --text-2: var(--orderwire-text-2, light-dark(#545b66, #a9b0bb));
    --text-3: var(--orderwire-text-3, light-dark(#6a727e, #8d95a1));
    --accent: var(--orderwire-accent, light-dark(#2c5cc5, #8db2ff));
    --accent-strong: var(--orderwire-accent-strong, light-dark(#2450b0, #a9c5ff));
    --on-accent: var(--orderwire-on-accent, light-dark(#fff, #10213f));
    --accent-soft: var(--orderwire-accent-soft, light-dark(#e8effd, #22304d));
    --accent-line: var(--orderwire-accent-line, light-dark(#c9d8f8, #33476f));
    --good: var(--orderwire-good, light-dark(#1d7a46, #6fcf97));
    --warn: var(--orderwire-warn, light-dark(#9a5b00, #f0b45a));
    --bad: var(--orderwire-bad, light-dark(#b42318, #ff8f85));
    --warn-soft: var(--orderwire-warn-soft, light-dark(#fdf1dd, #382b16));
    /* 3 : 1 beside the page, so that an open switch can be seen (WCAG 1.4.11). */
    --off: light-dark(#8a919c, #5d6571);
    --shadow:
      0 1px 2px light-dark(rgb(16 24 40 / 0.06), rgb(0 0 0 / 0.4)),
      0 8px 24px light-dark(rgb(16 24 40 / 0.08), rgb(0 0 0 / 0.4));
    font: 400 var(--t-text) var(--font);
    font-variant-numeric: tabular-nums;
    color: var(--text);
  }
`;
