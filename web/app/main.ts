/** The app's entry. */

import { connect } from '../client/index.ts';
import './app.ts';
import type { OrderwireApp } from './app.ts';
import { Identity } from './identity.ts';
import { renewalOf } from './renewal.ts';
import { Router } from './router.ts';
import { IndexedDbSessions, type Session } from './sessions.ts';

const identity = new Identity(window, new IndexedDbSessions());
// First of all: the token of a sign-in link is not to stay in the address bar.
const signedIn = identity.find();
const router = new Router();
const app: OrderwireApp = document.createElement('orderwire-app');

function open({ account, token }: Session): void {
  const getToken = renewalOf(account, (fresh) => identity.renewed(fresh));
  app.client = connect({ token, getToken });
}

function followPushes(): void {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.addEventListener('message', ({ data }) => {
    if (data?.type === 'open' && typeof data.path === 'string') router.go(data.path);
  });
  navigator.serviceWorker.register('/sw.js').catch(worksWithout);
}

/** The demo's page, around its frames, takes an app off the net and back. */
function obeyDemo(): void {
  window.addEventListener('message', ({ origin, data }) => {
    if (origin !== location.origin) return;
    if (data === 'orderwire:offline') app.client?.pause();
    if (data === 'orderwire:online') app.client?.resume();
  });
}

/** A sign-in link that is opened where the app is open already changes no more than the hash. */
function signInAgain(): void {
  window.addEventListener('hashchange', async () => {
    if (!location.hash.startsWith('#token=')) return;
    await identity.find();
    location.reload();
  });
}

/** Only pushes need it. */
function worksWithout(): void {}

app.router = router;
app.forget = (account) => identity.leave(account);
router.start();
document.body.append(app);
obeyDemo();
signInAgain();
followPushes();

const session = await signedIn;
if (session) open(session);
else app.nobody = 'nobody';
