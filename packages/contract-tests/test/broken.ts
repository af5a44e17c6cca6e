import { describe, expect, it } from 'vitest';
import { type Rule, recorder, runRules } from '../src/index.ts';

/** Ids of the rules a subject breaks, found as a test runner would find them. */
export const brokenRules = async <S>(rules: readonly Rule<S>[], subject: S): Promise<readonly string[]> => {
  const runner = recorder();
  runRules(runner, 'subject', rules, subject);
  return (await runner.run()).filter((outcome) => outcome.is === 'fail').map((outcome) => outcome.rule);
};

/** The good subject breaks nothing and skips nothing; for each rule there is one that breaks it and no other. */
export const provesRules = <S>(name: string, rules: readonly Rule<S>[], good: S, broken: Readonly<Record<string, S>>): void => {
  describe(name, () => {
    it('a good subject keeps every rule and none is skipped', async () => {
      const runner = recorder();
      runRules(runner, name, rules, good);
      expect((await runner.run()).filter((outcome) => outcome.is !== 'pass')).toEqual([]);
    });
    it('every rule has a subject that breaks it', () => {
      expect(Object.keys(broken).sort()).toEqual(rules.map((rule) => rule.id).sort());
    });
    for (const [id, subject] of Object.entries(broken)) {
      it(`${id} is the one rule that its broken subject breaks`, async () => {
        expect(await brokenRules(rules, subject)).toEqual([id]);
      });
    }
  });
};
