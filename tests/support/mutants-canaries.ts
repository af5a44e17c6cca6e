import type { Edit, Mutant } from './mutants.ts';

const core = (file: string, from: string, to: string): Edit => ({ file: `packages/core/src/${file}`, from, to });
const swept = (rule: string, ...edits: readonly Edit[]): Mutant => ({ rule, edits, test: 'tests/canaries.test.ts', named: 'leave no trace' });
const REFUSED = 'refused({ request: r.peer.request, address: r.peer.address, code: error.code, ...why });';

/** Places where a secret would lie that no assertion of a suite looks at: the sweep at its end does. */
export const canaryMutants: readonly Mutant[] = [
  swept('a session is stored as its digest', core('sessions/record.ts', "hash('sha256', token, 'base64url')", 'token')),
  swept(
    'no credential in a record of the audit log',
    core('access/authenticate.ts', REFUSED, REFUSED.replace('...why', '...why, reason: r.head.credential?.value')),
  ),
  swept('no credential in an error', core('access/authenticate.ts', REFUSED, `${REFUSED} error.message += r.head.credential?.value;`)),
  swept('no one-time code in the log', core('access/authenticate.ts', REFUSED, REFUSED.replace('...why', '...why, reason: r.head.factor ?? why.reason'))),
  swept('no one-time code for a provider', core('http/credential-slots.ts', "'x-totp-code': 'factor',", '')),
];
