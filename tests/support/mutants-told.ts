import type { Edit, Mutant } from './mutants.ts';

/** Rules about what a client is told of losses, with the tests that must notice. */
const core = (file: string, from: string, to: string): Edit => ({ file: `packages/core/src/${file}`, from, to });
const of = (rule: string, named: string, edit: Edit): Mutant => ({ rule, edits: [edit], test: 'tests/losses-told.test.ts', named });

export const told: readonly Mutant[] = [
  of(
    'losses of an abandoned target are not told',
    'nothing is told of what the abandoned target would have lost',
    core('call/operate.ts', '  x.forgetNotes();\n  const endpoint', '  const endpoint'),
  ),
  of(
    'parameters in headers are told as lost',
    'both are told of main',
    core('call/upstream-head.ts', 'Object.hasOwn(params, name) && ', 'Object.hasOwn({}, name) && '),
  ),
  of(
    'parameters in headers are not lost where nothing may be',
    'none is lost at claude',
    core('call/upstream-head.ts', 'if (isStrict(x)) throw', 'if (false) throw'),
  ),
];
