// Adds one to the row `counter/n` as often as asked, each time by an optimistic commit.
import { openStore } from '../../src/store.ts';

const [path = '', times = '0'] = process.argv.slice(2);
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const store = await openStore({ path, log, now: Date.now });
for (let done = 0; done < Number(times); ) {
  const row = await store.get('counter', 'n');
  const json = String(Number(row?.value.json ?? '0') + 1);
  if (await store.commit([{ space: 'counter', key: 'n', expect: row?.version ?? 0, value: { json } }])) done++;
}
await store.close?.();
