import { expect, test } from 'vitest';
import type { Stop, Visited } from '../src/demo/tour.ts';
import { type Seen, summary, visit } from '../src/demo/visit.ts';

const NOWHERE = {} as Visited;
const stop = (provider: string, what: string, see: Stop['see']): Stop => ({ provider, what, see });

test('a stop that fails is told and the tour goes on', async () => {
  const told: Seen[] = [];
  const stops = [
    stop('acme', 'answer', () => Promise.reject(new Error('nobody there'))),
    stop('acme', 'stream', () => Promise.resolve('"Hello"')),
    stop('gateway', 'revoked key', () => Promise.reject(new Error('It was let in.'))),
  ];
  const all = await visit(stops, NOWHERE, (one) => told.push(one));
  expect(told).toEqual(all);
  expect(all).toMatchObject([
    { ok: false, seen: 'nobody there' },
    { ok: true, seen: '"Hello"' },
    { ok: false, seen: 'It was let in.' },
  ]);
  expect(summary(all).split('\n')).toEqual(['provider  answer  stream  tools', 'acme      FAILED  ok      ', '', 'revoked key  FAILED', '']);
});
