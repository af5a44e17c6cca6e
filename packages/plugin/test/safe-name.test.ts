import { describe, expect, it } from 'vitest';
import { namesBy, safeName } from '../src/index.ts';

const cohere = namesBy('A-Za-z_', 'A-Za-z0-9_');
describe('names that a vendor takes', () => {
  it.each(['get_weather', '_x', 'A1'])('%s stays', (name) => expect(cohere(name)).toBe(name));
  it.each([
    ['get-weather', /^get_weather_[0-9a-f]{6}$/],
    ['2fa', /^_2fa_[0-9a-f]{6}$/],
    ['a'.repeat(65), /^a{57}_[0-9a-f]{6}$/],
    ['ü', /^__[0-9a-f]{6}$/],
  ])('%s is another', (name, made) => expect(cohere(name)).toMatch(made));
  it('stay two where they were two', () => {
    const names = ['get-weather', 'get.weather', 'get_weather', `${'a'.repeat(64)}b`, `${'a'.repeat(64)}c`];
    for (const make of [cohere, safeName]) expect(new Set(names.map(make)).size).toBe(names.length);
  });
});
