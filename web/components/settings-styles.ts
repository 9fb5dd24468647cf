/** How settings stand on a page: words to the left, what one moves to the right. */

import { css } from 'lit';

export const settingStyles = css`
  .setting {
    display: flex;
    align-items: center;
    justify-content: space-between;
    flex-wrap: wrap;
    gap: var(--s2) var(--s5);
    min-height: 44px;
  }
  .setting > :first-child {
    flex: 1 1 240px;
  }
  .failed {
    color: var(--bad);
    font: 400 var(--t-small) var(--font);
    min-height: 20px;
  }
`;
