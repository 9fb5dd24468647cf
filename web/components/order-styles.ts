/** The anatomy of an order's page. */

import { css } from 'lit';

export const orderStyles = css`
  :host {
    display: block;
    min-height: 0;
    background: var(--bg);
    container: order / inline-size;
  }
  .blank {
    height: 100%;
  }
  .layout {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 320px;
    height: 100%;
    min-height: 0;
  }
  .main {
    --edge: var(--s5);
    display: flex;
    flex-direction: column;
    min-height: 0;
    width: 100%;
    max-width: 1040px;
    margin: 0 auto;
    padding: var(--s6) var(--s6) 0;
  }
  .side {
    border-left: 1px solid var(--line);
  }
  .headline {
    display: flex;
    align-items: flex-start;
    gap: var(--s5);
  }
  h1 {
    margin: var(--s1) 0 var(--s2);
    overflow-wrap: anywhere;
  }
  .due {
    flex: none;
    text-align: right;
    min-height: 72px;
  }
  .due b {
    display: block;
    font: 600 var(--t-figure) var(--font);
    letter-spacing: -0.02em;
    color: var(--text);
  }
  .due .late {
    color: var(--bad);
  }
  .who .status {
    flex: none;
  }
  .steps {
    margin: var(--s5) 0 0;
  }
  orderwire-order-actions {
    margin: var(--s5) 0 0;
  }
  .tabs {
    flex: none;
    margin-top: var(--s3);
    overflow-x: auto;
    overflow-y: hidden;
    scrollbar-width: none;
  }
  .main orderwire-welcome {
    display: none;
  }
  .panel {
    flex: 1;
    min-height: 0;
    display: flex;
    flex-direction: column;
    overflow: auto;
    /* The thread's own edge stands over the page's. */
    margin: 0 calc(-1 * var(--edge));
  }
  .panel > .history,
  .panel > .side {
    padding: var(--s5) var(--edge);
    border: 0;
    overflow: visible;
  }
  orderwire-thread {
    flex: 1;
  }
  .back,
  #tab-details {
    display: none;
  }
  @container order (max-width: 960px) {
    .layout {
      grid-template-columns: minmax(0, 1fr);
    }
    .layout > .side {
      display: none;
    }
    #tab-details {
      display: block;
    }
    .main orderwire-welcome {
      display: block;
    }
  }
  @container order (max-width: 560px) {
    .main {
      --edge: var(--s4);
      padding: var(--s3) var(--s4) 0;
    }
    .headline {
      flex-direction: column;
      gap: var(--s2);
    }
    .headline > * {
      width: 100%;
    }
    h1 {
      margin: 0 0 var(--s1);
    }
    .due {
      display: flex;
      flex-wrap: wrap;
      align-items: baseline;
      gap: 0 var(--s2);
      text-align: start;
      min-height: 20px;
    }
    .due b {
      font: inherit;
      font-weight: 600;
      letter-spacing: 0;
    }
    .steps,
    orderwire-order-actions {
      margin: var(--s3) 0 0;
    }
    .tabs {
      gap: var(--s4);
      margin: 0;
    }
    .tab-count {
      display: none;
    }
    .steps li {
      padding: 0;
    }
    .steps li > * {
      display: none;
    }
    .back {
      display: inline-grid;
      margin: -6px 0 -6px calc(-1 * var(--s2));
    }
  }
`;
