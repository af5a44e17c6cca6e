import { describe, expect, it } from 'vitest';
import { COUNTING, REACH } from '../src/named-ids.ts';
import { sdkType } from './sdk-types.ts';

/** Members of requests that are called like ids, and why they are nobody's. */
const APART: Readonly<Record<string, string>> = {
  id: 'of a call, made by the model and answered by the client; that of a container is looked at by the name of its object',
  tool_use_id: 'of a call, made by the model and answered by the client',
  tool_id: 'of a call, made by the model and answered by the client',
  user_id: 'the client’s own name for its user',
  user_profile_id: 'a header, which is not let through; the service knows no such member',
  workspace_id: 'a header, which is not let through; the service knows no such member',
  tab_id: 'of a browser that the client runs',
  download_id: 'of a browser that the client runs',
};
const inside = new Set(REACH.ids?.inside?.members);

describe('ids in the SDK’s requests', () => {
  const names = new Set(
    ['MessageCreateParams', 'BetaMessageCreateParams'].flatMap((type) =>
      [...sdkType(type).objects.values()].flatMap(({ members }) => [...members.keys()].filter((name) => /(?:^|_)ids?$/.test(name))),
    ),
  );
  it('must be the caller’s, or are nobody’s for a reason', () => {
    expect([...names].filter((name) => !inside.has(name) && APART[name] === undefined)).toEqual([]);
  });
  it('have no reason that is out of date', () => {
    expect(Object.keys(APART).filter((name) => !names.has(name))).toEqual([]);
    expect(Object.keys(APART).filter((name) => inside.has(name))).toEqual([]);
  });
  it('of containers are looked at in both forms', () => {
    expect(inside).toContain('container');
    expect(REACH.ids?.inside?.objects).toEqual(['container']);
    const containers = [...sdkType('BetaMessageCreateParams').objects.values()]
      .filter(({ name, members }) => members.has('id') && /Container/.test(name))
      .map(({ name }) => name);
    expect(containers).toEqual(['BetaContainerParams']);
  });
  it('are the same for counts, which make nothing', () => {
    expect(COUNTING.ids?.inside).toEqual(REACH.ids?.inside);
    expect(COUNTING.ids?.reply).toEqual([]);
  });
});
