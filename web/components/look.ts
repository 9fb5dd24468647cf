/** The look that all elements share: small parts, made of the values. */

import { css } from 'lit';
import { values } from './look-values.ts';

export const parts = css`
  * {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  a {
    color: var(--accent);
    text-decoration: none;
  }
  button,
  input,
  textarea,
  select {
    font: inherit;
    color: inherit;
  }
  svg {
    flex: none;
  }
  [hidden] {
    display: none !important;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .i {
    width: 18px;
    height: 18px;
    stroke: currentColor;
    fill: none;
    stroke-width: 1.75;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .meta {
    font: 400 var(--t-meta) var(--font);
    color: var(--text-3);
  }
  .small {
    font: 400 var(--t-small) var(--font);
    color: var(--text-2);
  }
  .head {
    font: 600 var(--t-head) var(--font);
  }
  .title {
    font: 600 var(--t-title) var(--font);
    letter-spacing: -0.01em;
  }
  .label {
    font: 600 var(--t-meta) var(--font);
    color: var(--text-3);
    letter-spacing: 0.02em;
  }
  .row {
    display: flex;
    align-items: center;
    gap: var(--s2);
  }
  .grow {
    flex: 1;
    min-width: 0;
  }
  .clip {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .count {
    flex: none;
    min-width: 18px;
    height: 18px;
    padding: 0 5px;
    border-radius: 9px;
    background: var(--accent);
    color: var(--on-accent);
    font: 600 11px/18px var(--font);
    text-align: center;
  }
  .status {
    display: flex;
    align-items: center;
    gap: 6px;
    min-width: 0;
    font: 400 var(--t-meta) var(--font);
    color: var(--text-2);
  }
  .status::before {
    content: '';
    flex: none;
    width: 7px;
    height: 7px;
    border-radius: 50%;
    background: var(--accent);
  }
  .status.warn {
    color: var(--warn);
  }
  .status.warn::before {
    background: var(--warn);
  }
  .status.bad {
    color: var(--bad);
  }
  .status.bad::before {
    background: var(--bad);
  }
  .status.good::before {
    background: var(--good);
  }
  .status.idle::before {
    background: var(--text-3);
  }
  .icon {
    width: 32px;
    height: 32px;
    border: 0;
    border-radius: var(--r1);
    background: none;
    color: var(--text-2);
    display: grid;
    place-items: center;
    cursor: pointer;
    transition: background var(--fast);
  }
  .icon:hover {
    background: var(--hover);
  }
  .btn {
    height: 36px;
    padding: 0 14px;
    border-radius: var(--r2);
    border: 1px solid var(--line);
    background: var(--raised);
    font: 500 var(--t-text) var(--font);
    display: inline-flex;
    align-items: center;
    gap: var(--s2);
    cursor: pointer;
    color: var(--text);
    white-space: nowrap;
    transition: background var(--fast);
  }
  .btn:hover {
    background: var(--hover);
  }
  .btn:disabled {
    opacity: 0.5;
    cursor: default;
  }
  .btn.primary {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--on-accent);
  }
  .btn.primary:hover:not(:disabled) {
    background: var(--accent-strong);
  }
  .btn.danger {
    color: var(--bad);
  }
  .btn[aria-pressed='true'] {
    border-color: var(--warn);
    background: var(--warn-soft);
  }
  .btn.quiet {
    border-color: transparent;
    background: none;
    color: var(--accent);
    padding: 0 8px;
  }
  .btn.s {
    height: 32px;
    padding: 0 12px;
    font-size: 13px;
  }
  .field {
    height: 32px;
    padding: 0 10px;
    border: 1px solid var(--line);
    border-radius: var(--r2);
    background: var(--raised);
    font: 400 var(--t-small) var(--font);
    color: var(--text);
  }
  textarea.field {
    display: block;
    width: 100%;
    height: auto;
    min-height: 80px;
    padding: 6px 10px;
    resize: vertical;
  }
  .field:focus-visible {
    outline-offset: -1px;
  }
  .field[aria-invalid='true'] {
    border-color: var(--bad);
  }
  .failed {
    color: var(--bad);
  }
  .prose {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .switch {
    appearance: none;
    flex: none;
    position: relative;
    width: 36px;
    height: 20px;
    margin: 0;
    border-radius: 10px;
    background: var(--off);
    cursor: pointer;
    transition: background var(--fast);
  }
  .switch::after {
    content: '';
    position: absolute;
    top: 2px;
    left: 2px;
    width: 16px;
    height: 16px;
    border-radius: 50%;
    background: #fff;
    transition: transform var(--fast);
  }
  .switch:checked {
    background: var(--accent);
  }
  .switch:checked::after {
    background: var(--on-accent);
    transform: translateX(16px);
  }
  .switch:disabled {
    opacity: 0.5;
    cursor: default;
  }
  .chips {
    display: flex;
    overflow-x: auto;
    scrollbar-width: none;
  }
  .chips button {
    flex: none;
    padding: 4px 9px;
    border: 0;
    border-radius: 999px;
    background: none;
    color: var(--text-2);
    font: 500 var(--t-small) var(--font);
    cursor: pointer;
    transition: background var(--fast);
  }
  .chips button:focus-visible {
    outline-offset: -2px;
  }
  .chips button:hover,
  .chips button[aria-pressed='true'] {
    background: var(--hover);
  }
  .chips button[aria-pressed='true'] {
    color: var(--text);
  }
  .tabs {
    display: flex;
    gap: var(--s5);
    border-bottom: 1px solid var(--line);
  }
  .tabs button {
    padding: var(--s3) 0;
    border: 0;
    border-bottom: 2px solid transparent;
    margin-bottom: -1px;
    background: none;
    color: var(--text-2);
    font: 500 var(--t-text) var(--font);
    white-space: nowrap;
    cursor: pointer;
  }
  .tabs button:focus-visible {
    outline-offset: -2px;
  }
  .tabs button:hover {
    color: var(--text);
  }
  .tabs button[aria-selected='true'] {
    color: var(--text);
    border-color: var(--accent);
  }
  dl.facts {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 6px var(--s4);
  }
  dl.facts dt {
    color: var(--text-2);
  }
  dl.facts dd {
    text-align: right;
  }
  .blank {
    display: grid;
    place-content: center;
    justify-items: center;
    gap: var(--s2);
    padding: var(--s6) var(--s5);
    text-align: center;
    color: var(--text-2);
  }
  .blank .i {
    width: 28px;
    height: 28px;
    color: var(--text-3);
    stroke-width: 1.5;
  }
  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    ::before,
    ::after {
      transition: none !important;
      animation: none !important;
    }
  }
`;

export const look = [values, parts];
