import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { sdkTypes } from './sdk-types.ts';

/**
 * Members of the SDK's types that somebody has looked at. The laws try a new one by themselves; whether it names a model, an object that
 * somebody owns or a price is for people to decide. `SDK_MEMBERS=write` writes the list anew.
 */
const FILE = new URL('./fixtures/sdk-members.txt', import.meta.url);

it('every member of the types is one that was looked at, and every one that was looked at is there', () => {
  const objects = [...sdkTypes.values()].flatMap((type) => [...type.objects.values()]);
  const members = new Set(objects.flatMap(({ name, members: own }) => [...own.keys()].map((member) => `${name}.${member}`)));
  const now = [...members].toSorted();
  if (process.env.SDK_MEMBERS === 'write') writeFileSync(FILE, `${now.join('\n')}\n`);
  const known = new Set(readFileSync(FILE, 'utf8').trimEnd().split('\n'));
  expect({ unknown: now.filter((one) => !known.has(one)), gone: [...known].filter((one) => !members.has(one)) }).toEqual({ unknown: [], gone: [] });
});
