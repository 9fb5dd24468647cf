/** Text with its addresses as links. It stays text: nothing in it is markup. */

import { html, type TemplateResult } from 'lit';

/** Ends before what closes the sentence that an address stands in. */
const ADDRESS = /https?:\/\/[^\s<>"]*[^\s<>"'.,;:!?)\]}]/gi;

export function linked(text: string): readonly (string | TemplateResult)[] {
  const parts: (string | TemplateResult)[] = [];
  let from = 0;
  for (const { 0: address, index } of text.matchAll(ADDRESS)) {
    if (!URL.canParse(address)) continue;
    if (index > from) parts.push(text.slice(from, index));
    parts.push(link(address));
    from = index + address.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

function link(address: string): TemplateResult {
  return html`<a href=${address} target="_blank" rel="noopener noreferrer nofollow">${address}</a>`;
}
