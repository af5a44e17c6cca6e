import { afterEach, beforeEach, expect, test } from 'vitest';
import { GOOD, makeWorld, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.dispose());

test('a small configuration becomes a graph with every default filled in', async () => {
  const graph = await world.load(GOOD);
  expect(graph.settings.server).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    bodyLimit: 33_554_432,
    timeouts: { head: 15_000, body: 300_000, minRate: 1_024 },
    drain: { delay: 5_000, deadline: 300_000 },
  });
});
