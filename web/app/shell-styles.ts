/** The rail: beside the page on a desk, below it on a phone. */

import { css } from 'lit';

export const railStyles = css`
  :host {
    display: grid;
    grid-template-columns: 72px minmax(0, 1fr);
    height: 100%;
    background: var(--bg);
    position: relative;
  }
  nav {
    background: var(--pane);
    border-right: 1px solid var(--line);
    display: flex;
    flex-direction: column;
    align-items: center;
    padding: var(--s4) 0;
    gap: var(--s1);
  }
  .mark {
    width: 32px;
    height: 32px;
    border-radius: var(--r2);
    background: var(--accent);
    color: var(--on-accent);
    display: grid;
    place-items: center;
    margin-bottom: var(--s4);
  }
  nav a:not(.skip) {
    width: 60px;
    padding: var(--s2) 0 6px;
    border-radius: var(--r2);
    color: var(--text-2);
    display: grid;
    justify-items: center;
    gap: 2px;
    font: 500 11px/14px var(--font);
    position: relative;
    transition: background var(--fast);
  }
  nav a:not(.skip):hover {
    background: var(--hover);
  }
  nav a[aria-current] {
    background: var(--accent-soft);
    color: var(--accent);
  }
  nav .count {
    position: absolute;
    top: 2px;
    right: 4px;
  }
  main {
    min-width: 0;
    min-height: 0;
    height: 100%;
    overflow: hidden;
  }
  main:focus {
    outline: 0;
  }
  main > * {
    height: 100%;
  }
  .skip {
    position: absolute;
    z-index: 3;
    top: var(--s2);
    left: var(--s2);
  }
  .skip:not(:focus) {
    width: 1px;
    height: 1px;
    padding: 0;
    border: 0;
    overflow: hidden;
    clip-path: inset(50%);
  }
  @media (max-width: 720px) {
    :host {
      grid-template-columns: minmax(0, 1fr);
      grid-template-rows: minmax(0, 1fr) auto;
    }
    nav {
      order: 1;
      flex-direction: row;
      justify-content: space-around;
      border: 0;
      border-top: 1px solid var(--line);
      padding: var(--s1) var(--s1) calc(var(--s1) + env(safe-area-inset-bottom));
    }
    nav a:not(.skip) {
      flex: 0 1 76px;
    }
    nav .count {
      left: calc(50% + 2px);
      right: auto;
    }
    .mark {
      display: none;
    }
  }
`;
