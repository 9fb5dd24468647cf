/** The service worker: shows pushes, opens what they are about, and opens the app without a net. */

import { Shell } from './shell.ts';

const worker = self as unknown as ServiceWorkerGlobalScope;

/** What the server encrypts for this browser. */
interface PushPayload {
  readonly title: string;
  readonly body: string;
  readonly link: string;
  /** Pushes of one tag replace each other. */
  readonly tag: string;
  readonly category: string;
  readonly id: string;
}

const NAMELESS: PushPayload = {
  title: 'Orderwire',
  body: '',
  link: '/',
  tag: 'orderwire',
  category: '',
  id: '',
};

worker.addEventListener('install', (event) => {
  void worker.skipWaiting();
  // Without it, pushes work all the same.
  event.waitUntil(shellDuring(event).install().catch(nextTime));
});

worker.addEventListener('fetch', (event) => {
  const answer = shellDuring(event).answer(event.request);
  if (answer) event.respondWith(answer);
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(worker.clients.claim());
});

worker.addEventListener('push', (event) => {
  event.waitUntil(show(payloadOf(event.data)));
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(pathOf(event.notification.data)));
});

function shellDuring(event: ExtendableEvent): Shell {
  return new Shell({
    origin: worker.location.origin,
    caches: worker.caches,
    fetch: (request) => worker.fetch(request),
    lasting: (work) => event.waitUntil(work),
  });
}

function nextTime(): void {}

/** Something is always shown: phones take the permission from whoever pushes in silence. */
function payloadOf(data: PushMessageData | null): PushPayload {
  try {
    return { ...NAMELESS, ...(data?.json() as Partial<PushPayload>) };
  } catch {
    return NAMELESS;
  }
}

function show({ title, body, link, tag }: PushPayload): Promise<void> {
  return worker.registration.showNotification(title, {
    body,
    tag,
    icon: '/icons/icon-192.png',
    badge: '/icons/badge-96.png',
    data: { link },
  });
}

/** Whatever a link says, it opens here: a push cannot send anybody elsewhere. */
function pathOf(data: unknown): string {
  const link = (data as { link?: unknown } | null)?.link;
  if (typeof link !== 'string' || !URL.canParse(link, worker.location.origin)) return '/';
  const { pathname, search } = new URL(link, worker.location.origin);
  return pathname + search;
}

async function open(path: string): Promise<void> {
  const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const shown = windows.find((client) => client.frameType === 'top-level');
  if (!shown) {
    await worker.clients.openWindow(path);
    return;
  }
  await shown.focus();
  shown.postMessage({ type: 'open', path });
}
