/** What the kit needs of a test runner; vitest and node:test both have it. */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  readonly it: Register & { readonly skip: Register };
}
export type Register = (name: string, body: () => void | Promise<void>) => unknown;

/** One demand on a plugin. `id` is stable: reports and the kit's own mutation table name rules by it. */
export interface Rule<S> {
  readonly id: string;
  /** One sentence: what a plugin must do. */
  readonly says: string;
  /** Why the rule does not concern this plugin, judged only by what the plugin itself declares. */
  readonly absent?: (subject: S) => string | undefined;
  readonly check: (subject: S) => void | Promise<void>;
}

/** Registers one test a rule; the test's name starts with the rule's id. */
export const runRules = <S>(runner: Runner, title: string, rules: readonly Rule<S>[], subject: S): void => {
  runner.describe(title, () => {
    for (const rule of rules) {
      const reason = rule.absent?.(subject);
      if (reason === undefined) runner.it(`${rule.id}: ${rule.says}`, () => rule.check(subject));
      else runner.it.skip(`${rule.id}: ${reason}`, () => undefined);
    }
  });
};

export interface Outcome {
  readonly suite: string;
  readonly rule: string;
  readonly is: 'pass' | 'fail' | 'skip';
  /** What the rule says, why it was skipped, or how it failed. */
  readonly text: string;
}
/** A runner that needs no test framework: collects tests, runs them in order, keeps what happened. */
export interface Recorder extends Runner {
  run(): Promise<readonly Outcome[]>;
}
interface Noted {
  readonly suite: string;
  readonly name: string;
  /** Undefined: skipped. */
  readonly body: (() => void | Promise<void>) | undefined;
}

export const recorder = (): Recorder => {
  const noted: Noted[] = [];
  const path: string[] = [];
  const note = (name: string, body: Noted['body']): void => {
    noted.push({ suite: path.join(' '), name, body });
  };
  return {
    describe(name, body) {
      path.push(name);
      body();
      path.pop();
    },
    it: Object.assign((name: string, body: () => void | Promise<void>) => note(name, body), { skip: (name: string) => note(name, undefined) }),
    async run() {
      const outcomes: Outcome[] = [];
      for (const test of noted) outcomes.push(await outcomeOf(test));
      return outcomes;
    },
  };
};

const outcomeOf = async ({ suite, name, body }: Noted): Promise<Outcome> => {
  const colon = name.indexOf(': ');
  const rule = name.slice(0, colon);
  const text = name.slice(colon + 2);
  if (body === undefined) return { suite, rule, is: 'skip', text };
  try {
    await body();
    return { suite, rule, is: 'pass', text };
  } catch (failure) {
    return { suite, rule, is: 'fail', text: failure instanceof Error ? failure.message : String(failure) };
  }
};
