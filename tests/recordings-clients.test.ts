import { expectations, recordings } from '@llm-proxy-auth/simulators';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bench } from './support/gateway.ts';
import { openRecorded } from './support/recorded/bench.ts';
import { CLIENTS } from './support/recorded/clients.ts';
import { NEITHER } from './support/recorded/neither.ts';
import { OTHERWISE } from './support/recorded/otherwise.ts';
import { errorOf, isStream } from './support/recorded/outcome.ts';
import { recordedSaid, saidBy, translationOf } from './support/recorded/translated.ts';

const chats = recordings().flatMap((one) => {
  const way = NEITHER[one.file]?.translated === undefined ? translationOf(one) : undefined;
  return way?.asker.endsWith(' chat') === true ? [{ one, way }] : [];
});
const NOTHING = [0, 0, 0];
const dialects = Object.keys(CLIENTS) as (keyof typeof CLIENTS)[];

describe.each([...new Set(chats.map(({ way }) => way.vendor))])('conversations that the simulator of %s plays', (vendor) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openRecorded(vendor);
  });
  afterAll(() => bench.close());

  test.each(chats.filter(({ way }) => way.vendor === vendor).flatMap(({ one, way }) => dialects.map((dialect) => [one.file, dialect, one, way] as const)))(
    '%s is read by a client of %s',
    async (file, dialect, one, { instance, model, upstream }) => {
      const otherwise = OTHERWISE[file]?.clients.includes(dialect) === true ? OTHERWISE[file] : undefined;
      bench.simulator.clear();
      bench.simulator.replay(one, { path: upstream });
      const heard = await CLIENTS[dialect]({
        url: bench.url,
        key: bench.key,
        instance,
        model,
        stream: isStream(one),
        asksThoughts: otherwise?.asksThoughts ?? true,
      });
      expect(heard.errorStatus).toBe(errorOf(one));
      if (heard.errorStatus !== undefined) return;
      const { tokens, ...said } = saidBy(heard);
      const { tokens: counted, ...expected } = recordedSaid(one);
      expect({ ...said, thoughts: heard.thoughts }).toEqual({
        ...expected,
        thoughts: otherwise?.thoughts ?? expectations(one).thoughts,
        // What a filter says of itself may stand in place of what it took away.
        ...(expected.finish === 'filter' && expected.text === '' ? { text: expect.any(String) } : {}),
      });
      // Where the service counted nothing, formats that must say a number say none.
      expect(tokens ?? NOTHING).toEqual(counted ?? NOTHING);
    },
  );
});

test('every recording that clients read otherwise is a conversation', () => {
  const files = chats.map(({ one }) => one.file);
  expect(Object.keys(OTHERWISE).filter((file) => !files.includes(file))).toEqual([]);
});
