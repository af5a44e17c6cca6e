import type { Edit, Mutant } from './mutants.ts';

/** Rules about what a client is told of losses, with the tests that must notice. */
const core = (file: string, from: string, to: string): Edit => ({ file: `packages/core/src/${file}`, from, to });
const anthropic = (file: string, from: string, to: string): Edit => ({ file: `plugins/dialect-anthropic/src/${file}`, from, to });
const openai = (file: string, from: string, to: string): Edit => ({ file: `plugins/dialect-openai/src/${file}`, from, to });
const plugin = (file: string, from: string, to: string): Edit => ({ file: `packages/plugin/src/${file}`, from, to });
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
  of(
    'names of tools fit OpenAI',
    'names of tools that OpenAI does not take are shorter',
    plugin('tool-names.ts', 'if (names.size === 0) return', 'if (names.size >= 0) return'),
  ),
  of('shortened names come back in streams', 'in a stream they come back too', plugin('tool-names.ts', 'names.size === 0 ? emit', 'names.size >= 0 ? emit')),
  of(
    'members round an answer are told',
    'to clients of converse',
    anthropic('messages/beyond.ts', 'if (foreign === true) loseBeyond', 'if (false) loseBeyond'),
  ),
  of(
    'what was counted beside tokens is told',
    'to clients of gemini',
    anthropic('messages/beyond.ts', 'if (counts(usage[name])) note(name)', 'if (false) note(name)'),
  ),
  of(
    'a page is no answer that passes',
    'a page in place of an answer',
    core('call/answered.ts', "(surface.operation === 'opaque' ? undefined : 'json')", 'undefined'),
  ),
  of('members of hints are told as lost', 'members of cache hints', anthropic('messages/cache-hints.ts', 'if (found) ledger.note', 'if (false) ledger.note')),
  of(
    'a call that is translated names a model',
    '/openai/claude/v1/chat/completions that names no model',
    core('call/operate.ts', "candidate.model === '' && ", 'false && '),
  ),
  {
    rule: 'usage that nobody counted is not made up',
    edits: [openai('lost.ts', 'usage.input + usage.output === 0', 'usage.input + usage.output < 0')],
    test: 'tests/known-defects-oci.test.ts',
    named: 'usage that OCI does not count is not made up',
  },
  {
    rule: 'names of tools fit OCI',
    edits: [
      {
        file: 'plugins/provider-oci/src/dialect/generic/write.ts',
        from: 'withSafeNames(asked, lost, genericNames(call.model))',
        to: '{ request: asked, names: new Map() }',
      },
    ],
    test: 'tests/known-defects-oci.test.ts',
    named: 'gets another for read.file',
  },
  of(
    'what a system turn says beside its text is told as lost',
    'an effort of a later system turn stays',
    anthropic('messages/mid-system.ts', 'if (setsOutput(message)) lost', 'if (false) lost'),
  ),
  {
    rule: 'limits of a provider of another dialect are told',
    edits: [core('call/upstream-head.ts', 'limits === undefined ? [] : dialect.rateHeaders(limits)', '[]')],
    test: 'tests/openai-to-anthropic.test.ts',
    named: 'what Anthropic says of its limits',
  },
];
