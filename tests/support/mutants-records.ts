import type { Edit, Mutant } from './mutants.ts';

const core = (file: string, from: string, to: string): Edit => ({ file: `packages/core/src/${file}`, from, to });
const of =
  (test: string) =>
  (rule: string, named: string, ...edits: readonly Edit[]): Mutant => ({ rule, edits, test, named });
const chain = of('packages/core/test/audit-verify.test.ts');
const writer = of('packages/core/test/audit-writer.test.ts');
const liveness = of('packages/core/test/audit-liveness.test.ts');
const log = of('packages/core/test/observe-log.test.ts');
const remembered = of('packages/core/test/verified-cache.test.ts');
const certificates = of('packages/core/test/server-protocols.test.ts');
const owed = of('plugins/counters-redis/test/replicas.test.ts');
const registry = of('packages/core/test/audit-registry.test.ts');
const served = of('tests/audit.test.ts');
const access = of('tests/audit-access.test.ts');

/** Rules of the audit log and of usage. */
export const records: readonly Mutant[] = [
  writer('a spilled line that was cut', 'what a full disk cut short', core('audit/spill.ts', '`\\n${JSON', '`${JSON')),
  writer('a clock that is set back holds up no checkpoint', 'a clock that is set back', {
    file: 'packages/plugin/src/since.ts',
    from: '(now < at ? Number.POSITIVE_INFINITY : now - at)',
    to: 'now - at',
  }),
  remembered('a clock that is set back prolongs nothing', 'a clock that is set back', core('access/verified-cache.ts', 'now >= found.from && ', '')),
  remembered('a clock that is set back refuses nobody', 'a clock that is set back', core('access/verified-cache.ts', ' && until - now <= DENIED_MS', '')),
  certificates('public authorities vouch for no caller', 'takes nobody from the public ones', core('http/one-port.ts', 'ca: clientCa ?? [],', 'ca: clientCa,')),
  owed('what could not be told is owed', 'is told until the server has taken it', {
    file: 'plugins/counters-redis/src/counters.ts',
    from: 'this.#share.owe(claim, amount);',
    to: ';',
  }),
  chain(
    'a record is bound to those before it',
    'a record of another chain in the place of its own',
    core('audit/chain.ts', "'base64url', previous, behind)", "'base64url', '', behind)"),
  ),
  chain(
    'chains need their key',
    'a chain made with another key',
    core('audit/chain.ts', 'hmac(key, text', 'hmac({ inner: Buffer.alloc(64), outer: Buffer.alloc(64) }, text'),
  ),
  chain('a log that was cut off', 'finds the end cut off', core('audit/verify.ts', "furthest > head.n ? stop('truncated') : ", '')),
  chain(
    'checkpoints hold the heads',
    'finds an end that was cut off with what the row of the writer said',
    core('audit/checkpoint.ts', 'addClaim(claims, String(head));', ';'),
  ),
  chain('a member that stands there twice', 'a member before the true ones', core('audit/verify.ts', '!json.startsWith(stored, end)', 'false')),
  chain('heads that were kept elsewhere', 'finds everything cut back', core('audit/verify.ts', 'for (const head of heads) addClaim(claims, head);', '')),
  chain(
    'checkpoints are a chain',
    'finds checkpoints that were cut off, edited',
    core('audit/checkpoint.ts', 'if (h !== expected || record.c !== chain.count + 1 || json !== JSON.stringify({ ...record, h }))', 'if (false)'),
  ),
  writer(
    'what an open call has used is told with every sign of life',
    'F24 batch: open calls become interrupted once',
    core('audit/writer.ts', 'spent: intents.spent(),', 'spent: {},'),
  ),
  writer(
    'the log keeps the network alone',
    'batch: intent and end',
    core('audit/chain.ts', 'record.address = addressPrefix(record.address)', 'record.address = String(record.address)'),
  ),
  writer(
    'refused credentials are added up',
    'refused credentials are added up',
    core('audit/failures.ts', 'if (same !== undefined) {', 'if (same === null) {'),
  ),
  writer(
    'what callers write is cut and escaped',
    'A111 no text of a caller',
    core('audit/shown.ts', ".slice(0, MOST).toWellFormed().replaceAll('\\0', '\\ufffd')", ''),
  ),
  writer(
    'a full ring takes no more calls',
    'block: calls go on until 10,000',
    core('audit/audit.ts', 'if (!push(record)) throw full();\n      x.intended', 'push(record);\n      x.intended'),
  ),
  writer('nothing is written twice', 'a write that was done although it failed', core('audit/writer.ts', '!(doubtful && (await', '!(false && (await')),
  liveness(
    'the clocks of two machines need not agree',
    'a writer elsewhere dies by 60 s',
    core('audit/liveness.ts', 'if (silent(now, at)) return true;', 'if (Date.now() - row.beat >= SILENT_MS) return true;'),
  ),
  log('lines end in their order', 'nothing overtakes a write', core('observe/log.ts', 'buffered.flush(() => resolve());', 'resolve();')),
  liveness(
    'an id that was given again is another process',
    'is dead at once when its id',
    core('audit/liveness.ts', "now === '' ? undefined : now !== born", 'false'),
  ),
  liveness('whoever is silent is looked at again', 'who is looked at for long enough', core('audit/audit.ts', 'due || watch.due', 'due')),
  liveness(
    'a row that changes is a sign of life',
    'a writer elsewhere dies by 60 s',
    core('audit/liveness.ts', 'before?.version === version ? before.at : now', 'before?.at ?? now'),
  ),
  writer('a writer that lives is left alone', 'a writer that lives', core('audit/recover.ts', 'watch.dead(left)', 'left')),
  writer('usage is counted once', 'is what the calls add up to', core('usage/collector.ts', 'parts = parts.filter(({ upTo }) => upTo.n > counted.n);', '')),
  writer(
    'a total never gets smaller',
    'is what the calls add up to',
    core('usage/totals.ts', 'Number.isFinite(value) && value > 0 ?', 'Number.isFinite(value) ?'),
  ),
  served(
    'intent before the first byte',
    'protocol mode > sync: intent before',
    core('call/call.ts', 'x.intended === undefined ? x.plan.intent(x) : undefined', 'undefined as Promise<void> | undefined'),
  ),
  served('under sync a call waits for its record', 'a full disk > sync, block', core('call/call.ts', 'return durable === undefined ?', 'return true ?')),
  of('packages/core/test/admin.test.ts')(
    'nothing is handed out that the log does not know of',
    'an answer that the audit log did not take',
    core('operation.ts', 'await audit.operation({ ...run, code: undefined });', 'void audit.operation({ ...run, code: undefined }).catch(() => undefined);'),
  ),
  registry(
    'rows of writers need the key',
    'cannot cut the end of a log',
    core('audit/writers.ts', '=> row.mac === macOf(key, writer, row);', "=> row.mac !== '';"),
    core('audit/verify.ts', 'for (const writer of strangers(key, registry, found))', 'for (const writer of [])'),
  ),
  registry(
    'all writers are known',
    'cannot take a writer out that made no checkpoint',
    core('audit/registry.ts', 'found.length === counted.writers && ', 'true || '),
  ),
  registry(
    'the registry needs the key',
    'cannot take a writer out of the store',
    core('audit/registry.ts', "kept?.mac === macOf(key, counted) ? 'whole' : 'forged'", "'whole'"),
  ),
  registry(
    'no row is older than the registry',
    'back to an older copy, with the registry',
    core('audit/registry.ts', 'fits && sum === counted.checkpoints ?', 'fits ?'),
  ),
  registry(
    'no row is later than the registry',
    'an older registry fit other rows',
    core('audit/registry.ts', 'row.seq > counted.writers + counted.checkpoints', 'row.seq < 0'),
  ),
  registry('a log that was emptied', 'cannot empty the log', core('audit/registry.ts', "key.registered ? 'forged' : 'absent'", "'absent'")),
  registry('the registry begins with the key', 'has an empty registry from its first key on', core('audit/key.ts', '...(await emptyRegistry(store, key))', '')),
  registry(
    'what is forged is never signed: a row',
    'does not get from a gateway',
    core('audit/recover.ts', 'const proven = isSigned(key, found) ?', 'const proven = key.inner.length > 0 ?'),
  ),
  registry(
    'what is forged is never signed: the registry',
    'cannot take a writer out of the store',
    core('audit/registry.ts', "if (is !== 'whole' && !begins) return undefined;", ''),
  ),
  of('packages/core/test/observe-log.test.ts')(
    'heads are logged at every level',
    'levels: what is below',
    core('observe/log.ts', '    heads(heads) {\n', "    heads(heads) {\n      if (!logger.isLevelEnabled('info')) return;\n"),
  ),
  access(
    'a login is recorded',
    'logging in, out',
    core('http/sessions.ts', "await record('login', request", "void ((..._: unknown[]) => undefined)('login', request"),
  ),
  access(
    'a login without its record gives no session',
    'a login that the audit log does not take',
    core('http/sessions.ts', 'await sessions.end(issued.record.id);', ''),
  ),
  access(
    'where two credentials came from',
    'two credentials are recorded',
    core('gateway.ts', 'address: addressOf(request), code', "address: request.socket.remoteAddress ?? '', code"),
  ),
  access('the end of a session is recorded', 'logging in, out', core('http/sessions.ts', 'void record(operation, request, who);', ';')),
  access(
    'the replay of a token is recorded',
    'a replaced token that is refreshed, or used later',
    core('sessions/strategy.ts', 'replays.set(refusal, holderIn(record));', ';'),
  ),
  access(
    'refused second factors are recorded one by one',
    'a code that is "wrong"',
    core('audit/failures.ts', 'if (failure.principal !== undefined) {', 'if (failure.principal === null) {'),
  ),
  access(
    'a lock is told from a wrong code',
    'a code that is "locked"',
    core('access/authenticate.ts', "? 'factor_locked' :", "? 'factor_invalid_credentials' :"),
  ),
  access(
    'backup codes that were used are recorded',
    'a backup code is recorded',
    core('access/second-factor.ts', 'by: NOTED.has(answer.by) ? answer.by : undefined', 'by: undefined'),
  ),
  owed('who starts without the server knows what was spent', 'who starts then begins from what was spent', {
    file: 'plugins/counters-redis/src/kept.ts',
    from: 'row.ends === ends ? row.used + row.alone : 0, alone: 0',
    to: '0, alone: 0',
  }),
  owed('who starts without the server knows of the others', 'who starts then begins from what was spent', {
    file: 'plugins/counters-redis/src/counters.ts',
    from: 'Math.max(this.#replicas, heard ?? 0)',
    to: 'Math.max(this.#replicas, 0)',
  }),
  owed('a server that lost its data gets budgets back', 'a server that lost its data goes on', {
    file: 'plugins/counters-redis/src/counters.ts',
    from: 'known !== life)) await this.#restore();',
    to: 'known !== life)) this.#life = life;',
  }),
  owed('what was settled is known, not what was reserved', 'who starts then begins from what was spent', {
    file: 'plugins/counters-redis/src/counters.ts',
    from: 'this.#share.hear(await this.#shared.settle(lease, actual));',
    to: 'await this.#shared.settle(lease, actual);',
  }),
  owed('what one that ended had spent alone is told', 'is told by another, once', {
    file: 'plugins/counters-redis/src/counters.ts',
    from: 'await this.#inTime(this.#leave(), STORE_MS);',
    to: ';',
  }),
  owed('what was spent alone is not taken off a budget twice', 'goes away time and again', {
    file: 'plugins/counters-redis/src/share.ts',
    from: 'limit: before + Math.floor(',
    to: 'limit: Math.floor(',
  }),
];

export const usageRows: readonly Mutant[] = [
  {
    rule: 'no row makes usage smaller',
    edits: [core('usage/rows.ts', 'bucket: { ...row, ...figures }', 'bucket: row')],
    test: 'packages/core/test/usage-rows.test.ts',
    named: 'a row that says less than nothing',
  },
];
