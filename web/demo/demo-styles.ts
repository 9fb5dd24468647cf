/** The demo's page: two apps side by side, below them what left the house. */

import { css } from 'lit';

export const demoStyles = css`
  :host {
    display: block;
    min-height: 100%;
    background: var(--pane);
  }
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s3);
    padding: var(--s3) var(--s5);
  }
  .mark {
    width: 32px;
    height: 32px;
    border-radius: var(--r2);
    background: var(--accent);
    color: var(--on-accent);
    display: grid;
    place-items: center;
  }
  .said {
    /* A line and what is below it, so that nothing moves when there is something to say. */
    min-height: calc(20px + var(--s2));
    padding: 0 var(--s5) var(--s2);
  }
  .said.bad {
    color: var(--bad);
  }
  .apps {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    gap: var(--s4);
    padding: 0 var(--s5);
  }
  .app {
    display: flex;
    flex-direction: column;
    min-width: 0;
    height: max(480px, min(64vh, 760px));
    border: 1px solid var(--line);
    border-radius: var(--r2);
    background: var(--bg);
    overflow: hidden;
  }
  .bar {
    display: flex;
    align-items: center;
    gap: var(--s2);
    padding: var(--s2) var(--s2) var(--s2) var(--s3);
    border-bottom: 1px solid var(--line);
    background: var(--raised);
  }
  .bar b {
    font-weight: 600;
  }
  .bar.away {
    background: var(--warn-soft);
  }
  iframe {
    flex: 1;
    width: 100%;
    border: 0;
  }
  .outbox {
    padding: var(--s5);
  }
  .sent {
    display: grid;
    margin-top: var(--s3);
    border: 1px solid var(--line);
    border-radius: var(--r2);
    background: var(--bg);
    overflow: hidden;
  }
  .sent li {
    display: grid;
    grid-template-columns: 36px minmax(0, 1.4fr) minmax(0, 1fr) auto;
    gap: var(--s3);
    align-items: center;
    padding: var(--s3) var(--s4);
  }
  .sent li + li {
    border-top: 1px solid var(--line);
  }
  .kind {
    width: 36px;
    height: 36px;
    border-radius: var(--r1);
    background: var(--accent-soft);
    color: var(--accent);
    display: grid;
    place-items: center;
  }
  .name {
    font-weight: 500;
  }
  .sent li.fresh {
    animation: arrive 180ms ease-out;
  }
  @keyframes arrive {
    from {
      opacity: 0;
      translate: 0 -4px;
    }
  }
  @media (max-width: 720px) {
    header,
    .apps,
    .outbox {
      padding-inline: var(--s3);
    }
    .apps {
      grid-template-columns: minmax(0, 1fr);
    }
    .sent li {
      grid-template-columns: 36px minmax(0, 1fr) auto;
    }
    .why {
      grid-column: 2 / -1;
    }
  }
`;
