/** The anatomy of a conversation. */

import { css } from 'lit';

export const threadStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
    background: var(--bg);
    container: thread / inline-size;
  }
  .bar {
    display: flex;
    align-items: center;
    gap: var(--s3);
    padding: var(--s3) var(--s5);
    border-bottom: 1px solid var(--line);
    min-height: 65px;
  }
  .back {
    display: none;
    margin-left: calc(-1 * var(--s2));
  }
  .blank {
    flex: 1;
  }
  :host([embedded]) {
    --edge: 0;
  }
  @container thread (max-width: 560px) {
    .bar {
      padding: var(--s3) var(--s4);
    }
  }
  @media (max-width: 720px) {
    .back {
      display: grid;
    }
  }
`;
