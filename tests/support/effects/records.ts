import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { auditRecords, failAppends } from '../records.ts';
import { chat, type Effects } from './effect.ts';

const DAY = 24 * 3_600_000;

export const records: Effects = {
  async 'audit.mode'({ open }) {
    const bench = await open({ sections: { audit: { mode: 'sync' } } });
    await chat(bench);
    expect((await auditRecords(bench)).map((r) => r.kind)).toEqual(['intent', 'settle']);
  },
  async 'audit.onFull'({ open }) {
    const bench = await open({ sections: { audit: { mode: 'sync', onFull: 'drop' } } });
    failAppends(bench);
    expect((await chat(bench)).status).toBe(200);
  },
  async 'audit.checkpoint'({ open }) {
    const bench = await open({ sections: { audit: { checkpoint: '1s' } } });
    await chat(bench);
    const line = await bench.line((each) => each.msg === 'audit checkpoint');
    expect(line.heads).toHaveLength(1);
  },
  async 'audit.spill'({ open, after }) {
    const bench = await open();
    await bench.close();
    const spill = join(bench.folder, 'elsewhere');
    const spilling = await open({ sections: { audit: { mode: 'sync', onFull: 'spill', spill } } });
    after(failAppends(spilling));
    expect([(await chat(spilling)).status, existsSync(spill)]).toEqual([200, true]);
  },
  async 'usage.retention'({ open }) {
    const keep = async (retention: string): Promise<boolean> => {
      const bench = await open({ sections: { usage: { retention } } });
      const { store } = bench.gateway.graph;
      const key = `${new Date(Date.now() - 3 * DAY).toISOString().slice(0, 13)}||||w`;
      await store.commit([{ space: 'usage', key, expect: 0, value: { json: '{}' } }]);
      await bench.gateway.audit.keep();
      return (await store.get('usage', key)) !== undefined;
    };
    expect([await keep('2d'), await keep('4d')]).toEqual([false, true]);
  },
};
