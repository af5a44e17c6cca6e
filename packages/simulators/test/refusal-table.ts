import { expect, test } from 'vitest';
import type { RefusalSource } from '../src/index.ts';

/** The last of as many equal questions as it takes, asked one after the other. */
export const lastOf = async <Answer>(count: number, ask: () => Promise<Answer>): Promise<Answer> => {
  for (let asked = 1; asked < count; asked += 1) await ask();
  return ask();
};

/** What is demanded of each table of refusals. */
export const aTableOfRefusals = (rows: readonly { readonly name: string; readonly source: RefusalSource }[]): void =>
  test('the table has at least fifteen rows with a source other than memory, each with exactly one source', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { source } of rows) {
      const sources = [source.recording, source.wire, source.reference, source.sdkType, source.memory];
      expect(sources.filter((one) => one !== undefined)).toHaveLength(1);
      if (source.wire !== undefined || source.reference !== undefined) expect(source.mark).toMatch(/^[VSDI]$/);
    }
    expect(rows.filter(({ source }) => source.memory === undefined).length).toBeGreaterThanOrEqual(15);
  });
