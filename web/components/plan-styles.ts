/** The anatomy of a plan. */

import { css } from 'lit';

export const planStyles = css`
  :host {
    display: block;
    padding: var(--s5) var(--edge, 0);
  }
  .inner {
    display: grid;
    gap: var(--s4);
    max-width: 680px;
  }
  li {
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-height: 44px;
    border-bottom: 1px solid var(--line);
  }
  li:first-child {
    border-top: 1px solid var(--line);
  }
  input[type='checkbox'] {
    flex: none;
    width: 18px;
    height: 18px;
    margin: 0 var(--s1);
    accent-color: var(--good);
  }
  .tick {
    flex: none;
    display: grid;
    place-items: center;
    width: 18px;
    height: 18px;
    margin: 0 var(--s1);
    border: 1.5px solid var(--off);
    border-radius: 50%;
  }
  .tick.on {
    border-color: var(--good);
    background: var(--good);
    color: var(--bg);
  }
  .tick .i {
    width: 12px;
    height: 12px;
    stroke-width: 3;
  }
  .text {
    flex: 1;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  li input.text,
  li .date {
    height: 32px;
    padding: 0 var(--s2);
    border: 1px solid transparent;
    border-radius: var(--r1);
    background: none;
    text-overflow: ellipsis;
  }
  li .date {
    color: var(--text-2);
    font: 400 var(--t-small) var(--font);
  }
  li input:hover:not([type='checkbox']),
  li input:focus:not([type='checkbox']) {
    border-color: var(--line);
    background: var(--raised);
  }
  .text.done {
    color: var(--text-3);
    text-decoration: line-through;
  }
  .new {
    display: flex;
    gap: var(--s2);
  }
  .approval {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2);
    min-height: 36px;
  }
  .approval .status {
    font: 400 var(--t-small) var(--font);
  }
  .approval .status.bad {
    color: var(--warn);
  }
  .approval .status.bad::before {
    background: var(--warn);
  }
  .failed:empty {
    display: none;
  }
  @media (pointer: coarse) {
    .text,
    .date {
      font-size: 16px !important;
    }
  }
  @container order (max-width: 560px) {
    .new {
      flex-wrap: wrap;
    }
    .new .text {
      flex-basis: 100%;
      height: 40px;
    }
    .new .date {
      flex: 1;
    }
    li {
      flex-wrap: wrap;
      padding: var(--s1) 0;
    }
    li .text {
      flex-basis: 60%;
    }
    li input.date {
      margin-left: 28px;
    }
    li .icon {
      margin-left: auto;
    }
  }
`;
