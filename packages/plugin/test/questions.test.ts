import { expect, test } from 'vitest';
import { questions } from '../src/index.ts';

type Answer = { readonly is: 'good' } | { readonly is: 'refused' };
const NETWORK = '192.0.2.1';

/** Questions that wait until they are answered, by their keys. */
const open = () => {
  let now = 0;
  const asked = new Map<string, PromiseWithResolvers<Answer>>();
  const all = questions<Answer>({ now: () => now, refusal: 'refused' });
  const ask = (key: string, address = NETWORK): Promise<Answer> | undefined =>
    all.ask(key, address, () => {
      const question = Promise.withResolvers<Answer>();
      asked.set(key, question);
      return question.promise;
    });
  /** How many of so many questions at once are asked. */
  const taken = (many: number, address: string): number => {
    const before = asked.size;
    for (let i = 0; i < many; i++) ask(`${address} ${now} ${i}`, address);
    return asked.size - before;
  };
  const answer = async (is: Answer['is'], which: (key: string) => boolean = () => true): Promise<void> => {
    const some = [...asked].filter(([key]) => which(key));
    for (const [key, { resolve }] of some) {
      asked.delete(key);
      resolve({ is });
    }
    await Promise.all(some.map(([, { promise }]) => promise));
    await Promise.resolve();
  };
  /** So many questions of an address are refused. */
  const refuse = async (many: number, address = NETWORK): Promise<void> => {
    for (let i = 0; i < many; i++) {
      ask(`refused ${i}`, address);
      await answer('refused', (key) => key === `refused ${i}`);
    }
  };
  return {
    ask,
    asked,
    taken,
    answer,
    refuse,
    pass: (ms: number): void => {
      now += ms;
    },
  };
};

test('a question is shared while it runs, wherever its callers are, and asked anew afterwards', async () => {
  const { ask, asked, answer } = open();
  const first = ask('a');
  expect(ask('a', '198.51.100.1')).toBe(first);
  expect(asked.size).toBe(1);
  await answer('good');
  expect(await first).toEqual({ is: 'good' });
  expect(ask('a')).not.toBe(first);
});
test('one network takes a part of the places, all that nothing is held against take so many, and what is answered frees its place', async () => {
  const { taken, answer } = open();
  expect(taken(100, '192.0.2.1')).toBe(32);
  expect(taken(100, '2001:db8::1')).toBe(32);
  // The same network.
  expect(taken(100, '2001:db8::2')).toBe(0);
  expect(taken(100, '192.0.2.3')).toBe(32);
  expect(taken(100, '192.0.2.4')).toBe(0);
  await answer('good', (key) => key.startsWith('192.0.2.3'));
  expect(taken(100, '192.0.2.4')).toBe(32);
});
test('ten refusals leave a network few places for a while, and take none from others', async () => {
  const { taken, refuse, answer, pass } = open();
  await refuse(9);
  expect(taken(100, NETWORK)).toBe(32);
  await answer('good');
  await refuse(1);
  pass(29_999);
  expect(taken(100, NETWORK)).toBe(4);
  for (const address of ['192.0.2.2', '192.0.2.3', '192.0.2.4']) expect(taken(100, address)).toBe(32);
  await answer('good');
  pass(1);
  expect(taken(100, NETWORK)).toBe(32);
});
test('a network that few are left takes none of another that few are left', async () => {
  const { taken, refuse } = open();
  const networks = Array.from({ length: 9 }, (_, i) => `198.51.100.${i}`);
  for (const network of networks) await refuse(10, network);
  expect(networks.map((network) => taken(100, network))).toEqual([...Array<number>(8).fill(4), 0]);
});
test('a question that fails frees its place and is held against nobody', async () => {
  const { ask, asked, taken } = open();
  for (let i = 0; i < 20; i++) {
    const question = ask('a');
    asked.get('a')?.reject(new Error('away'));
    await expect(question).rejects.toThrow('away');
  }
  asked.clear();
  expect(taken(100, NETWORK)).toBe(32);
});
