import { describe, expect, it } from 'vitest';
import { Preferences } from '../client/preferences.ts';
import { CATEGORIES, type PreferenceValues } from '../client/types.ts';
import { FakeApi } from './support/api.ts';

const both = { push: true, email: true };
const ALL_ON: PreferenceValues = {
  locale: 'en',
  timezone: 'UTC',
  quiet_hours: null,
  categories: Object.fromEntries(
    CATEGORIES.map((category) => [category, both]),
  ) as unknown as PreferenceValues['categories'],
  email_after_minutes: 10,
};

function without(...off: (keyof PreferenceValues['categories'])[]): PreferenceValues {
  const categories = { ...ALL_ON.categories };
  for (const category of off) categories[category] = { push: false, email: true };
  return { ...ALL_ON, categories };
}

async function loaded() {
  const api = new FakeApi();
  const preferences = new Preferences(api);
  void preferences.load();
  await api.asked('/v1/me/preferences').answer(ALL_ON);
  return { api, preferences };
}

describe('a switch', () => {
  it('moves at once, and says no more than what it changes', async () => {
    const { api, preferences } = await loaded();
    void preferences.switch('reminder', 'push', false);
    expect(preferences.state.value).toEqual(without('reminder'));
    expect(api.asked('/v1/me/preferences')).toMatchObject({
      method: 'PATCH',
      body: { categories: { reminder: { push: false } } },
    });
  });

  it('does not jump back while a second one is on its way', async () => {
    const { api, preferences } = await loaded();
    void preferences.switch('reminder', 'push', false);
    void preferences.switch('service', 'push', false);
    await api.asked('/v1/me/preferences').answer(without('reminder'));
    expect(preferences.state.value).toEqual(without('reminder', 'service'));
    const server = { ...without('reminder', 'service'), timezone: 'Europe/Berlin' };
    await api.asked('/v1/me/preferences').answer(server);
    expect(preferences.state.value).toEqual(server);
  });

  it('goes back to what the server has when it is refused', async () => {
    const { api, preferences } = await loaded();
    const switching = preferences.switch('reminder', 'push', false);
    await api.asked('/v1/me/preferences').fail(new Error('no'));
    await api.asked('/v1/me/preferences').answer(ALL_ON);
    await expect(switching).rejects.toThrow('no');
    expect(preferences.state.value).toEqual(ALL_ON);
  });

  it('goes back to what was known when the server cannot be asked', async () => {
    const { api, preferences } = await loaded();
    const setting = preferences.set({ locale: 'de' });
    expect(preferences.state.value?.locale).toBe('de');
    await api.asked('/v1/me/preferences').fail(new TypeError('network'));
    await api.asked('/v1/me/preferences').fail(new TypeError('network'));
    await expect(setting).rejects.toThrow('network');
    expect(preferences.state.value).toEqual(ALL_ON);
  });
});
