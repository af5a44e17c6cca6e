import { expect, test } from 'vitest';
import { argon, NOBODY } from '../src/issued/argon.ts';

/** A library whose computations end when they are told to. */
const held = () => {
  const computed: string[] = [];
  const ends: (() => void)[] = [];
  const verify = (_phc: string, secret: string): Promise<boolean> => {
    computed.push(secret);
    return new Promise((resolve) => ends.push(() => resolve(secret === 'right')));
  };
  return { computed, end: () => ends.splice(0).map((one) => one()), library: async () => ({ hash: async () => NOBODY, verify }) };
};

test('computes nothing for an asker who may ask no more when the turn comes, and everything for others', async () => {
  const { computed, end, library } = held();
  const { verify } = argon(library);
  let may = true;
  const all = ['a', 'b', 'right'].map((secret) => verify(NOBODY, secret, { name: 'guesser', mayAsk: () => may }));
  const other = verify(NOBODY, 'right', { name: 'somebody else', mayAsk: () => true });
  await expect.poll(() => computed).toEqual(['a', 'b']);
  may = false;
  end();
  await expect.poll(() => computed).toEqual(['a', 'b', 'right']);
  end();
  expect([...(await Promise.all(all)), await other]).toEqual([false, false, false, true]);
});
test('what one asker asks for many times at once is computed once', async () => {
  const { computed, end, library } = held();
  const { verify } = argon(library);
  const asker = { name: 'caller', mayAsk: () => true };
  const all = Array.from({ length: 100 }, () => verify(NOBODY, 'right', asker));
  await expect.poll(() => computed).toEqual(['right']);
  end();
  expect(new Set(await Promise.all(all))).toEqual(new Set([true]));
});
