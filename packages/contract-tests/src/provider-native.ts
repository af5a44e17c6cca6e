import assert from 'node:assert/strict';
import { CODES } from '@llm-proxy-auth/plugin';
import { headOf, isRefusal, makeProvider, type NativeSample, type ProviderSubject } from './provider-subject.ts';
import { deepFreeze } from './purity.ts';
import type { Rule } from './runner.ts';

const framings = ['json', 'sse', 'sse-lines', 'aws-eventstream', 'json-array', 'ndjson', 'binary'];
const classes = ['inference', 'models', 'control', 'stateful'];
const replaceLast = (path: string, by: string): string => `${path.slice(0, path.lastIndexOf('/'))}${by}`;

/** Paths that no closed table holds, made from one it does hold. */
const outside = (sample: NativeSample, prefix: string): readonly string[] => [
  '',
  '/',
  `${prefix}/no/such/operation`,
  `/elsewhere${sample.path}`,
  `${sample.path}/../admin`,
  `${sample.path}/%2e%2e/admin`,
  `${sample.path}/.%2E/admin`,
  `${sample.path}/%252e%252e/admin`,
  replaceLast(sample.path, '/..'),
  replaceLast(sample.path, '/%2e%2e'),
  replaceLast(sample.path, '/.'),
  replaceLast(sample.path, `%2f${sample.path.slice(sample.path.lastIndexOf('/') + 1)}`),
  replaceLast(sample.path, `\\${sample.path.slice(sample.path.lastIndexOf('/') + 1)}`),
  `/${sample.path}`,
  replaceLast(sample.path, `/${sample.path.slice(sample.path.lastIndexOf('/'))}`),
  `${sample.path}%00`,
  `https://evil.example${sample.path}`,
  `@evil.example${sample.path}`,
];
/** Vendors administer accounts under these names; nothing there may count as an ordinary call. */
const administrative = [
  '/organization/users',
  '/organization/admin_api_keys',
  '/organizations/api_keys',
  '/projects/p/api_keys',
  '/admin/keys',
  '/iam/policies',
];

export const nativeRules: readonly Rule<ProviderSubject>[] = [
  {
    id: 'provider.native-samples',
    says: 'the calls the subject lists are let through, with class, model and framing',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      assert.notEqual(subject.native.length, 0, 'the subject lists no native call');
      for (const sample of subject.native) {
        const answer = provider.native(headOf(sample));
        const at = `${sample.method} ${sample.path}`;
        assert.ok(!isRefusal(answer), `${at} is refused`);
        assert.equal(answer.reach.class, sample.class, `${at}: class`);
        assert.ok(classes.includes(answer.reach.class), `${at}: class is one of ${classes.join(', ')}`);
        assert.ok(framings.includes(answer.framing), `${at}: framing`);
        if (sample.model !== undefined) assert.equal(answer.model, sample.model, `${at}: model of the path`);
        if (answer.modelIn === 'body') assert.equal(answer.model, sample.bodyModel, `${at}: model of the body`);
      }
    },
  },
  {
    id: 'provider.native-closed-table',
    says: 'everything else is refused: unknown paths, dot segments, encoded slashes, other hosts',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      for (const sample of subject.native) {
        for (const path of outside(sample, provider.base.prefix)) {
          assert.ok(isRefusal(provider.native(headOf({ ...sample, path }))), `${sample.method} ${path} is let through`);
        }
      }
    },
  },
  {
    id: 'provider.native-methods',
    says: 'a method outside the table is refused on a path inside it',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      for (const sample of subject.native) {
        for (const method of ['TRACE', 'PROPFIND', 'CONNECT', sample.method.toLowerCase()]) {
          assert.ok(isRefusal(provider.native(headOf({ ...sample, method }))), `${method} ${sample.path} is let through`);
        }
      }
    },
  },
  {
    id: 'provider.native-control-class',
    says: 'administrative paths are refused or of class control',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      for (const path of administrative) {
        for (const method of ['GET', 'POST', 'DELETE']) {
          const answer = provider.native(headOf({ method, path: `${provider.base.prefix}${path}` }));
          assert.ok(isRefusal(answer) || answer.reach.class === 'control', `${method} ${path} counts as ${isRefusal(answer) ? '' : answer.reach.class}`);
        }
      }
    },
  },
  {
    id: 'provider.native-refusal-is-coded',
    says: 'a refusal carries a code of the table and a sentence',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      const answer = provider.native(headOf({ method: 'POST', path: `${provider.base.prefix}/no/such/operation` }));
      if (!isRefusal(answer)) return;
      assert.ok(answer.refuse in CODES, `${answer.refuse} is no code`);
      assert.notEqual(answer.message.trim(), '', 'the message is empty');
    },
  },
  {
    id: 'provider.native-stateful-owned',
    says: 'a call of class stateful names the ids it needs or creates, and gives the path parameters they stand in',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      for (const sample of subject.native) {
        const answer = provider.native(headOf(sample));
        if (isRefusal(answer) || answer.reach.class !== 'stateful') continue;
        const at = `${sample.method} ${sample.path}`;
        if (answer.ids !== undefined) {
          assert.ok(answer.reach.ids === undefined && answer.dialect !== undefined, `${at}: ids of the dialect need its name and stand alone`);
          continue;
        }
        assert.ok(answer.reach.ids !== undefined, `${at}: reach.ids is absent`);
        for (const name of answer.reach.ids.request.filter((text) => !text.startsWith('/'))) {
          const parameter = name.replace(/^\{(.*)\}$/, '$1');
          assert.notEqual(answer.params?.[parameter] ?? '', '', `${at}: params.${parameter} is absent`);
        }
      }
    },
  },
  {
    id: 'provider.native-is-pure',
    says: 'the same head gives the same answer and is left as it was',
    async check(subject) {
      const { provider } = await makeProvider(subject);
      const heads = deepFreeze(subject.native.map(headOf));
      const first = heads.map((head) => provider.native(head));
      assert.deepEqual(
        heads
          .toReversed()
          .map((head) => provider.native(head))
          .toReversed(),
        first,
      );
    },
  },
];
