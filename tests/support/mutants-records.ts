import type { Edit, Mutant } from './mutants.ts';

const core = (file: string, from: string, to: string): Edit => ({ file: `packages/core/src/${file}`, from, to });
const of =
  (test: string) =>
  (rule: string, named: string, ...edits: readonly Edit[]): Mutant => ({ rule, edits, test, named });
const chain = of('packages/core/test/audit-verify.test.ts');
const writer = of('packages/core/test/audit-writer.test.ts');
const served = of('tests/audit.test.ts');

/** Rules of the audit log and of usage. */
export const records: readonly Mutant[] = [
  chain(
    'a record is bound to those before it',
    'a record of another chain in the place of its own',
    core('audit/chain.ts', '.update(previous).update(text)', '.update(text)'),
  ),
  chain('chains need their key', 'a chain made with another key', core('audit/chain.ts', "createHmac('sha256', key)", "createHmac('sha256', 'key')")),
  chain('a log that was cut off', 'finds the end cut off', core('audit/verify.ts', "furthest > head.n ? stop('truncated') : ", '')),
  chain(
    'checkpoints hold the heads',
    'finds an end that was cut off with what the row of the writer said',
    core('audit/checkpoint.ts', 'addClaim(claims, String(head));', ';'),
  ),
  chain('heads that were kept elsewhere', 'finds everything cut back', core('audit/verify.ts', 'for (const head of heads) addClaim(claims, head);', '')),
  chain(
    'checkpoints are a chain',
    'finds checkpoints that were cut off, edited',
    core('audit/checkpoint.ts', 'if (h !== expected || record.c !== chain.count + 1)', 'if (false)'),
  ),
  writer(
    'the log keeps the network alone',
    'batch: intent and end',
    core('audit/chain.ts', 'record.address = addressPrefix(record.address)', 'record.address = String(record.address)'),
  ),
  writer(
    'refused credentials are added up',
    'refused credentials are added up',
    core('audit/failures.ts', 'if (known !== undefined) {', 'if (known === null) {'),
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
  writer('a writer that lives is left alone', 'a writer that lives', core('audit/recover.ts', 'isAlive(found, host.now())', 'false')),
  writer('usage is counted once', 'is what the calls add up to', core('usage/collector.ts', 'parts = parts.filter(({ upTo }) => upTo.n > counted.n);', '')),
  writer(
    'a total never gets smaller',
    'is what the calls add up to',
    core('usage/totals.ts', 'Number.isFinite(value) && value > 0 ?', 'Number.isFinite(value) ?'),
  ),
  served(
    'intent before the first byte',
    'protocol mode > sync: intent before',
    core('call/call.ts', 'const durable = x.plan.intent(x);', 'const durable = undefined;'),
  ),
  served('under sync a call waits for its record', 'a full disk > sync, block', core('call/call.ts', 'if (durable !== undefined) await durable;', '')),
  of('packages/core/test/admin.test.ts')(
    'nothing is handed out that the log does not know of',
    'an answer that the audit log did not take',
    core('operation.ts', 'await audit.operation({ ...run, code: undefined });', 'void audit.operation({ ...run, code: undefined }).catch(() => undefined);'),
  ),
];
