import { describe, expect, it } from 'vitest';
import { linked } from '../components/linked.ts';

/** The parts of a text: addresses in brackets. */
function parts(text: string): string {
  return linked(text)
    .map((part) => (typeof part === 'string' ? part : `[${part.values[0]}]`))
    .join('');
}

describe('a text', () => {
  it.each([
    ['no address', 'no address'],
    ['', ''],
    ['https://example.com', '[https://example.com]'],
    ['see https://example.com/a?b=c#d.', 'see [https://example.com/a?b=c#d].'],
    ['(http://example.com/x), and', '([http://example.com/x]), and'],
    ['HTTPS://EXAMPLE.COM\nnext', '[HTTPS://EXAMPLE.COM]\nnext'],
    ['javascript:alert(1)', 'javascript:alert(1)'],
    ['data:text/html,x https://', 'data:text/html,x https://'],
    ['<a href="https://e.com">x</a>', '<a href="[https://e.com]">x</a>'],
    ['https://a.com https://b.com', '[https://a.com] [https://b.com]'],
  ])('%j has its addresses as links, and nothing else', (text, shown) => {
    expect(parts(text)).toBe(shown);
  });
});
