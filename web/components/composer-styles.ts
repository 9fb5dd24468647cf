/** The anatomy of the place where one writes. */

import { css } from 'lit';

export const composerStyles = css`
  :host {
    display: block;
    padding: 0 var(--s5) var(--s5);
  }
  .box {
    border: 1px solid var(--line);
    border-radius: var(--r3);
    background: var(--raised);
    padding: var(--s2) var(--s2) var(--s2) var(--s4);
    box-shadow: 0 1px 2px rgb(16 24 40 / 0.04);
    transition:
      border-color var(--fast),
      box-shadow var(--fast);
  }
  .box:focus-within {
    border-color: var(--accent);
    box-shadow: 0 0 0 3px var(--accent-soft);
  }
  textarea {
    display: block;
    width: 100%;
    height: 32px;
    max-height: 200px;
    padding: 6px 0;
    border: 0;
    background: none;
    resize: none;
    overflow-y: auto;
  }
  /* The box around it shows the focus. */
  textarea:focus-visible {
    outline: 0;
  }
  textarea::placeholder {
    color: var(--text-3);
    opacity: 1;
  }
  .tools {
    display: flex;
    align-items: center;
    justify-content: flex-end;
    gap: var(--s3);
  }
  .tools .grow {
    display: flex;
    margin-left: -8px;
  }
  .over {
    color: var(--bad);
  }
  .warning {
    padding: 2px 0 4px;
    overflow-wrap: anywhere;
  }
  .context {
    display: flex;
    align-items: center;
    gap: var(--s2);
    padding: 2px 0 4px;
    color: var(--text-2);
    font: 400 var(--t-small) var(--font);
  }
  .context .i {
    width: 15px;
    height: 15px;
    color: var(--text-3);
  }
  .context .clip {
    flex: 1;
    min-width: 0;
  }
  .context b {
    font-weight: 600;
  }
  .context .icon {
    width: 28px;
    height: 28px;
  }
  .locked {
    display: flex;
    gap: var(--s3);
    align-items: center;
    padding: var(--s4);
    border: 1px solid var(--line);
    border-radius: var(--r3);
    background: var(--pane);
    color: var(--text-2);
  }
  .locked b {
    color: var(--text);
    font-weight: 600;
  }
  @media (pointer: coarse) {
    /* Below this size phones zoom in on whoever starts to write. */
    textarea {
      font-size: 16px;
    }
  }
  @container thread (max-width: 560px) {
    :host {
      padding: 0 var(--s3) var(--s3);
    }
    .box {
      display: flex;
      align-items: flex-end;
      padding: 4px 4px 4px var(--s4);
    }
    .hint {
      display: none;
    }
    .context {
      padding: 6px var(--s1) 0 0;
    }
    .box.about {
      display: grid;
      grid-template-columns: minmax(0, 1fr) auto;
    }
    .context,
    .warning {
      grid-column: 1 / -1;
    }
    .tools {
      gap: 0;
    }
    .tools .grow {
      margin: 0;
    }
    .tools .icon {
      height: 36px;
    }
    .box .btn {
      width: 36px;
      height: 36px;
      padding: 0;
      justify-content: center;
      border-radius: 50%;
    }
    textarea {
      height: 36px;
      padding: 8px 0;
    }
  }
`;
