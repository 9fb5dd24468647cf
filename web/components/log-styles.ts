/** The anatomy of a thread's rows. */

import { css } from 'lit';

export const bubbleStyles = css`
  .log {
    position: relative;
    flex: 1;
    overflow: auto;
    /* Kept in place by hand: the browser does not at the very top. */
    overflow-anchor: none;
    padding: 0 var(--s5) var(--s4);
    display: flex;
    flex-direction: column;
  }
  .log:focus-visible {
    outline-offset: -2px;
  }
  .older {
    margin: auto 0 0;
    flex: none;
    height: var(--s5);
    text-align: center;
    line-height: var(--s5);
  }
  .day {
    display: flex;
    flex: none;
    align-items: center;
    gap: var(--s3);
    margin: var(--s4) 0 var(--s3);
    color: var(--text-3);
    font: 500 var(--t-meta) var(--font);
  }
  .day::before,
  .day::after {
    content: '';
    flex: 1;
    height: 1px;
    background: var(--line);
  }
  .day.new {
    color: var(--accent);
  }
  .day.new::before,
  .day.new::after {
    background: var(--accent-line);
  }
  .event {
    align-self: center;
    flex: none;
    max-width: 100%;
    color: var(--text-2);
    font: 400 var(--t-small) var(--font);
    margin: var(--s2) 0;
    text-align: center;
    text-wrap: balance;
    overflow-wrap: anywhere;
  }
  .event time {
    margin-left: var(--s1);
    white-space: nowrap;
  }
  .event a {
    margin-left: var(--s1);
    text-decoration: underline;
    text-underline-offset: 2px;
  }
  .event .i {
    width: 15px;
    height: 15px;
    margin-right: 6px;
    vertical-align: -3px;
    color: var(--text-3);
  }
  .said {
    width: fit-content;
    max-width: min(560px, 100%);
    margin: var(--s2) auto;
    padding: var(--s2) var(--s4);
    border: 1px solid var(--line);
    border-radius: var(--r2);
    color: var(--text);
    font: 400 var(--t-text) var(--font);
    text-align: start;
    text-wrap: wrap;
    white-space: pre-wrap;
  }
  .group {
    display: grid;
    flex: none;
    grid-template-columns: 28px minmax(0, 1fr);
    column-gap: var(--s3);
    margin-top: var(--s3);
  }
  .group.mine {
    grid-template-columns: minmax(0, 1fr);
  }
  .group orderwire-avatar {
    align-self: end;
  }
  .stack {
    display: flex;
    flex-direction: column;
    align-items: flex-start;
    gap: 3px;
  }
  .mine .stack {
    align-items: flex-end;
  }
  .who {
    font: 400 var(--t-meta) var(--font);
    color: var(--text-3);
    margin-bottom: 2px;
  }
  .line {
    position: relative;
    width: fit-content;
    max-width: min(560px, 84%);
  }
  .bubble {
    padding: 8px 12px;
    border: 1px solid light-dark(transparent, var(--line));
    border-radius: var(--r3);
    background: var(--pane);
    overflow-wrap: anywhere;
    white-space: pre-wrap;
    text-align: start;
  }
  .mine .bubble {
    background: var(--accent-soft);
    border-color: transparent;
  }
  .bubble .meta {
    color: var(--text-2);
  }
  .bubble a {
    text-decoration: underline;
    text-underline-offset: 2px;
  }
  .line:not(:last-of-type) .bubble {
    border-bottom-left-radius: var(--r1);
  }
  .line + .line .bubble {
    border-top-left-radius: var(--r1);
  }
  .mine .line .bubble {
    border-radius: var(--r3);
  }
  .mine .line:not(:last-of-type) .bubble {
    border-bottom-right-radius: var(--r1);
  }
  .mine .line + .line .bubble {
    border-top-right-radius: var(--r1);
  }
  .bubble.deleted {
    background: none;
    border-color: var(--line);
    color: var(--text-3);
  }
  .quote {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
    width: 100%;
    margin: 0 0 4px;
    padding: 0 0 0 var(--s2);
    border: 0;
    border-left: 2px solid var(--accent);
    background: none;
    color: var(--text-2);
    font: 400 var(--t-small) var(--font);
    text-align: start;
    white-space: normal;
    cursor: pointer;
  }
  .quote b {
    font-weight: 600;
  }
  .tools {
    position: absolute;
    top: 50%;
    left: calc(100% + 2px);
    translate: 0 -50%;
    opacity: 0;
  }
  .tools.icon {
    width: 30px;
    height: 30px;
  }
  .mine .tools {
    left: auto;
    right: calc(100% + 2px);
  }
  .line:hover .tools,
  .line.tapped .tools,
  .tools:focus,
  .tools:focus-within {
    z-index: 1;
    opacity: 1;
  }
  .line.shown .bubble {
    animation: shown 1.5s;
  }
  @keyframes shown {
    0%,
    60% {
      box-shadow: 0 0 0 3px var(--accent-line);
    }
  }
  .receipt {
    font: 400 var(--t-meta) var(--font);
    color: var(--text-3);
    display: inline-flex;
    align-items: center;
    gap: 4px;
    min-height: 16px;
    margin-top: 2px;
  }
  .receipt .i {
    width: 14px;
    height: 14px;
  }
  .receipt.failed {
    color: var(--bad);
  }
  .receipt button {
    border: 0;
    padding: 0 2px;
    margin-left: 4px;
    background: none;
    color: var(--accent);
    font: 500 var(--t-meta) var(--font);
    cursor: pointer;
  }
  .dots {
    display: inline-flex;
    gap: 4px;
    padding: 12px;
  }
  .dots i {
    width: 6px;
    height: 6px;
    border-radius: 50%;
    background: var(--text-3);
    animation: breathe 1.2s infinite;
  }
  .dots i:nth-of-type(2) {
    animation-delay: 0.15s;
  }
  .dots i:nth-of-type(3) {
    animation-delay: 0.3s;
  }
  @keyframes breathe {
    0%,
    60%,
    100% {
      opacity: 0.35;
    }
    30% {
      opacity: 1;
    }
  }
  .latest {
    position: absolute;
    right: var(--s5);
    bottom: var(--s3);
    border-radius: 999px;
    box-shadow: var(--shadow);
  }
  @container thread (max-width: 560px) {
    .log {
      padding: 0 var(--s4) var(--s4);
    }
    .line {
      max-width: 88%;
    }
  }
`;
