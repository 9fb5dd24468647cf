/** Pages that scroll as a whole. */

import { css } from 'lit';

export const pageStyles = css`
  :host {
    display: block;
    overflow: auto;
    background: var(--bg);
  }
  .inner {
    max-width: 1040px;
    margin: 0 auto;
    padding: var(--s6) var(--s6) var(--s7);
  }
  .inner.slim {
    max-width: 760px;
  }
  .headline {
    display: flex;
    align-items: center;
    gap: var(--s3);
    min-height: 36px;
    margin-bottom: var(--s4);
  }
  @media (max-width: 720px) {
    .inner {
      padding: var(--s4) var(--s4) var(--s6);
    }
  }
`;
