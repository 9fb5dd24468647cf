/** Line icons on a grid of 24, in the colour of the text. */

import { html, type TemplateResult } from 'lit';

const PATHS = {
  inbox: 'M4 13l2.5-7.5h11L20 13v6H4zM4 13h4.5l1.5 2.5h4L15.5 13H20',
  order: 'M6 3.5h12v17l-3-2-3 2-3-2-3 2zM9 8.5h6M9 12.5h6',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 4.5v5M8 14.5v5',
  mark: 'M4 7h7a5 5 0 0 1 5 5v0a5 5 0 0 0 5 5M4 7a1.5 1.5 0 1 0 .01 0M4 17h6',
  back: 'M15 5l-7 7 7 7',
  down: 'M12 5v13M6 12.5l6 6 6-6',
  send: 'M4 12l16-8-5 16-3.5-6.5z',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  tick: 'M4 12.5l5 5L20 6.5',
  ticks: 'M2.5 12.5l4.5 4.5L16 7.5M11 15.5l1.5 1.5L21.5 7.5',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.5l3 2',
  alert: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.5M12 15.8v.2',
  list: 'M5 4h14v16H5zM8.5 9h7M8.5 13h7M8.5 17h4',
  box: 'M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8',
  bell: 'M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.5h4',
  mail: 'M4 6h16v12H4zM4 7l8 6 8-6',
  star: 'M12 4l2.4 5.1 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.8l5.6-.7z',
  archive: 'M4 5h16v4H4zM5.5 9v10h13V9M10 13h4',
  mute: 'M6 16V11a6 6 0 0 1 9.5-4.9M18 11v5l1.5 2H8M10 20.5h4M4 4l16 16',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  cross: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  plan: 'M9.5 6.5H20M9.5 12H20M9.5 17.5H20M4 6.5l1 1 2-2M4 12l1 1 2-2M4 17.5l1 1 2-2',
  reply: 'M9.5 7L4.5 12l5 5M4.5 12H14a5.5 5.5 0 0 1 5.5 5.5V18',
  bolt: 'M13 3L5 14h6l-1 7 8-11h-6z',
  block: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM6.5 6.5l11 11',
  flag: 'M6 21V4h12l-2.5 4.5L18 13H6',
  unread: 'M4 6h10M4 6v12h16v-8M4 7l8 6 3-2.3M19 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  plus: 'M12 5v14M5 12h14',
  edit: 'M4.5 19.5l.8-4L16 4.8l3.2 3.2L8.5 18.7zM14 6.8l3.2 3.2',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7',
  copy: 'M9 9h10.5v10.5H9zM6 15H4.5V4.5H15V6',
  search: 'M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15 15l5 5',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.5-3.5 3-5.5 6.5-5.5s6 2 6.5 5.5M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.8c2 .7 3.2 2.5 3.5 5.2',
  person:
    'M12 11.5a3.75 3.75 0 1 0 0-7.5 3.75 3.75 0 0 0 0 7.5zM4.5 20c.6-3.7 3.4-5.5 7.5-5.5s6.9 1.8 7.5 5.5',
} as const;

export type Icon = keyof typeof PATHS;

export function icon(name: Icon): TemplateResult {
  return html`<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]}></path></svg>`;
}
