import { configurationReference, schemaPaths } from '@llm-proxy-auth/core';
import { afterAll, describe, expect, test } from 'vitest';
import { calls, foundations, models, plugins, policies } from './support/effects/calls.ts';
import { type Effects, openStage, removeHouse } from './support/effects/effect.ts';
import { instances, openai } from './support/effects/instances.ts';
import { listeners } from './support/effects/listeners.ts';
import { money, overload } from './support/effects/money.ts';
import { records } from './support/effects/records.ts';

const core: Effects = { ...foundations, ...listeners, ...instances, ...models, ...policies, ...money, ...overload, ...calls, ...records };
const ofPlugins: Effects = { ...openai, ...plugins };
afterAll(removeHouse);

test('every key of the core has a test of its effect, and every test a key', () => {
  expect(Object.keys(core).sort()).toEqual([...schemaPaths()].sort());
});
test('every key of the plugins has a test of its effect, and every test a key', async () => {
  const { stage, close } = openStage();
  const bench = await stage.open();
  const paths = configurationReference(bench.gateway.graph.plugins).filter((o) => o.plugin !== undefined);
  await close();
  expect(Object.keys(ofPlugins).sort()).toEqual([...new Set(paths.map((o) => o.path))].sort());
});
test('a key that nobody knows stops the start, at every level', async () => {
  const { stage, close } = openStage();
  const unknown = { typo: 1 };
  const places = [
    { sections: unknown },
    { sections: { server: { port: 0, ...unknown } } },
    { main: unknown },
    { sections: { policies: [{ allow: unknown }] } },
  ];
  for (const wanted of places) expect(await stage.refused(wanted)).toEqual(['unknown_key']);
  await close();
});

describe.concurrent('set to something else than its default', () => {
  for (const [path, effect] of Object.entries({ ...core, ...ofPlugins }))
    test(path, async () => {
      const { stage, close } = openStage();
      try {
        await effect(stage);
      } finally {
        await close();
      }
    });
});
