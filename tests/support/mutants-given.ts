import type { Edit, Mutant } from './mutants.ts';

const rule = (named: string, what: string, ...edits: readonly (readonly [file: string, from: string, to: string])[]): Mutant => ({
  rule: what,
  edits: edits.map(([file, from, to]): Edit => ({ file, from, to })),
  test: 'tests/access-given.test.ts',
  named,
});
const of = (file: string, named: string, what: string, ...edits: readonly (readonly [file: string, from: string, to: string])[]): Mutant => ({
  ...rule(named, what, ...edits),
  test: `tests/${file}.test.ts`,
});
const LISTENERS = 'packages/core/src/listeners.ts';
const OUTLIVED = 'packages/core/src/access/outlived.ts';
const BOUNDS = 'packages/plugin/src/issued/bounds.ts';
const PAIRS = 'packages/plugin/src/issued/pairs/operations.ts';
const KEYS = 'plugins/auth-api-key/src/admin';
const USERS = 'plugins/auth-basic/src/admin';
const POLICY = 'packages/core/src/access/policy.ts';
const MAKES = 'under a policy that allows more nobody is made';
const CHANGES = 'what somebody else made, under the same policy alone';
const SHOWS = 'shows what may be changed';

/** What is given out, and what becomes of it. */
export const givenMutants: readonly Mutant[] = [
  rule(`keys.create: ${MAKES}`, 'policies bound what is given', [
    BOUNDS,
    '      if (!isAdmin) assertEnds(caller, to);\n      assertCovered(to);\n',
    '      if (!isAdmin) assertEnds(caller, to);\n',
  ]),
  rule(`keys.create: ${MAKES}`, 'policies bound new keys', [`${KEYS}/create.ts`, '  bounds.give(holderOf(rights));\n', '']),
  rule(`users.add: ${MAKES}`, 'policies bound new users', [`${USERS}/add.ts`, '  bounds.give(principalOf(rights));\n', '']),
  rule(`signing-keys.create: ${MAKES}`, 'policies bound new pairs', [PAIRS, '      bounds.give(principalOf(rights, kind));\n', '']),
  rule(`keys.rotate: ${CHANGES}`, 'policies bound whose key is rotated', [`${KEYS}/rotate.ts`, '    bounds.give(holderOf(record));\n', '']),
  rule(
    `users.password: ${CHANGES}`,
    'policies bound whose password is changed',
    [`${USERS}/password.ts`, '  bounds.give(principalOf((await readActive(host.store, asked.name)).record));\n', ''],
    [`${USERS}/password.ts`, '    bounds.give(principalOf(record));\n', ''],
  ),
  rule(`keys.revoke: ${CHANGES}`, 'policies bound whose credentials are ended', [BOUNDS, 'if (maker !== caller.id) assertCovered(of);', '']),
  rule(`signing-keys.revoke: ${CHANGES}`, 'policies bound whose pairs are ended', [
    PAIRS,
    '        for (const { record } of meant) bounds.touch(principalOf(record, kind), record.createdBy);\n',
    '',
  ]),
  rule(`keys.list: ${SHOWS}`, 'keys of others are not listed', [`${KEYS}/list.ts`, '.filter((record) => bounds.sees(holderOf(record), record.createdBy))', '']),
  rule(`users.list: ${SHOWS}`, 'users of others are not listed', [
    `${USERS}/list.ts`,
    '.filter((record) => bounds.sees(principalOf(record), record.createdBy))',
    '',
  ]),
  rule(`public-keys.list: ${SHOWS}`, 'pairs of others are not listed', [
    PAIRS,
    '.filter((record) => bounds.sees(principalOf(record, kind), record.createdBy))',
    '',
  ]),
  rule('keys.show: as little', 'keys of others are not shown', [
    `${KEYS}/list.ts`,
    '    for (const { record } of rows) bounds.see(holderOf(record), record.createdBy);\n',
    '',
  ]),
  rule('a policy that looks at addresses is never the same one', 'addresses are not the same policy', [
    POLICY,
    '(!policy.byAddress && policy === first(caller))',
    'policy === first(caller)',
  ]),
  rule('whoever needs one makes no administrator without one', 'a second factor binds what is given', [
    BOUNDS,
    "if (caller.factor !== 'none' && to.factor === 'none' && isPowerful(to)",
    'if (false',
  ]),
  rule('a session of a key without one', 'a session without a second factor claims none', [
    'packages/core/src/sessions/strategy.ts',
    "  if (factor !== 'done') return principal;\n",
    '',
  ]),
  rule('a strict key makes no administrator', 'strict keys make strict keys', [`${KEYS}/create.ts`, '  assertAsStrict(ring, caller, rights);\n', '']),
  rule('compromised: the stream of the key', 'calls of a compromised key end', [
    'packages/core/src/call/exchange.ts',
    "    this.pending?.interrupt('revoked');\n",
    '',
  ]),
  rule('compromised: the stream of the key', 'the stream of a compromised key says why', [
    'packages/core/src/call/reply/outcome.ts',
    "    : why === 'revoked'\n      ? revoked()\n",
    '',
  ]),
  rule('compromised: the stream of the key', 'calls of others go on', [
    'packages/core/src/plan.ts',
    'if (x.principal?.credential === credential && x.principal.strategy === kind) x.revoke();',
    'x.revoke();',
  ]),
  rule('a request whose body is still on its way', 'a request of a compromised key is told why', [
    'packages/core/src/call/receive.ts',
    "why === 'revoked' ? revoked() : draining()",
    'draining()',
  ]),
  rule('for any other reason', 'calls of a key that is revoked otherwise go on', [
    'packages/plugin/src/issued/compromised.ts',
    ' && record.revokedReason === COMPROMISED',
    '',
  ]),
  of('access-viewer', 'may run what reads', 'the scope viewer is enough for what reads alone', [
    'packages/plugin/src/issued/grant.ts',
    'reads === true ? [scope',
    'reads !== undefined ? [scope',
  ]),
  of('access-viewer', 'is looked at by the operations themselves', 'operations on credentials ask for their scope themselves', [
    'packages/plugin/src/issued/operation.ts',
    '!scopesOf({ scope, reads }).some((one) => caller.scopes.includes(one))',
    'false',
  ]),
  of('access-viewer', 'restricted to instances', 'a viewer sees no further than its restrictions', [
    BOUNDS,
    '(of: Principal): void => assertRestricted(caller, of)',
    '(): void => undefined',
  ]),
  of('access-viewer', 'the scope keys sees its own bounds', 'names of written keys are for administrators and viewers', [
    `${KEYS}/list.ts`,
    "['admin', 'viewer'].some((scope) => caller.scopes.includes(scope))",
    'true',
  ]),
  of('access-viewer', 'who ends keys', 'no key lives longer than who made it', [BOUNDS, '      if (!isAdmin) assertEnds(caller, to);\n', '']),
  of('access-outlived', 'ends with an error when the key is revoked', 'calls end with their credential', [OUTLIVED, 'for (const x of calls) x.revoke();', '']),
  {
    ...of('', 'a token ends its calls when it expires', 'calls end when their credential expires', [
      OUTLIVED,
      'if (principal.expires !== undefined && now >= principal.expires) return false;',
      '',
    ]),
    test: 'packages/core/test/outlived.test.ts',
  },
  of('access-outlived', 'another password', 'calls of a replaced password end', [
    'plugins/auth-basic/src/strategy.ts',
    'if (entry === undefined || credentialOf(entry.record) !== credential) return undefined;',
    'if (entry === undefined) return undefined;',
  ]),
  of('access-outlived', 'taken out of the configuration', 'calls that began before a reload are held against what serves now', [
    'packages/core/src/gateway.ts',
    'endWithCredentials(() => plan, plans)',
    'endWithCredentials(() => plan, () => [plan])',
  ]),
  of('access-outlived', 'may finish by default', 'calls may outlive their credential by default', [OUTLIVED, 'settings.stream.outliveCredential || ', '']),
  of('access-certificates', 'a certificate on the list', 'revoked certificates let nobody in', [
    'packages/core/src/http/one-port.ts',
    '{ crl: clientCrl }',
    '{}',
  ]),
  of('access-certificates', 'also for connections that are open', 'a new list counts for connections that are open', [
    'packages/core/src/http/server.ts',
    '`${clientCa}\\n${clientCrl}`',
    'clientCa',
  ]),
  of('access-surroundings', 'exact origins only', 'pages of allowed origins log in', ['packages/core/src/runtime.ts', '        letPagesRead(x);\n', '']),
  of('access-certificates', 'together or not at all', 'certificates of all listeners are checked before any is changed', [
    LISTENERS,
    '    checkAuthorities(tls);\n    listener.checkSecureContext(tls);\n',
    '    checkAuthorities(tls);\n',
  ]),
  of('access-certificates', 'that cannot be read change nothing', 'authorities that cannot be read are none', [
    LISTENERS,
    '    checkAuthorities(tls);\n    listener',
    '    listener',
  ]),
  of('access-certificates', 'told to wait for the next start', 'authorities that come into force with the next start are told of', [
    LISTENERS,
    "  'admin.tls.clientCa': admin?.tls?.clientCa !== undefined,\n",
    '',
  ]),
  of('second-factor', 'while its second factor is asked for makes no call', 'whoever is let in while the key is compromised', [
    'packages/core/src/gateway.ts',
    '    if (x.plan.isCompromised(identified.principal)) throw revoked();\n',
    '',
  ]),
  of('access-policies', 'refused before its credential is looked at', 'where nobody may call from no credential is looked at', [
    'packages/core/src/access/authenticate.ts',
    '    if (!peer.served) checkPlace(r);\n',
    '',
  ]),
  of('access-policies', 'what is no call is not asked where it comes from', 'places are asked of calls alone', [
    'packages/core/src/gateway.ts',
    '!isCall || x.plan.servesAt',
    'x.plan.servesAt',
  ]),
  of('access-certificates', 'are served without a restart', 'certificates are renewed when their files change', [
    'packages/core/src/runtime.ts',
    '  follow(graph);\n',
    '',
  ]),
];
