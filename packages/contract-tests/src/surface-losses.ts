import assert from 'node:assert/strict';
import type { AnySurface } from '@llm-proxy-auth/plugin';
import { APART, canonicalOf, chatReplies, fieldVariants, partVariants, pathsIn, plainEmbedding } from './canonical.ts';
import { type CarryResult, carry } from './carry.ts';
import { clientHalf, needs, type SurfaceSubject } from './dialect-subject.ts';
import { kindNamed } from './notes.ts';
import type { Rule } from './runner.ts';

/** A loss is told when it is refused by name, or when the ledger speaks of it or is another than that of the request without it. */
const told = (surface: AnySurface, path: string, plain: CarryResult, result: CarryResult): boolean => {
  if (result.is === 'refused') return true;
  if (result.notes.some(({ param }) => param === path || path.startsWith(`${param}.`) || (param !== '' && clientHalf(surface)?.names?.[path] === param)))
    return true;
  if (plain.is === 'refused') return false;
  const lines = ({ notes }: typeof plain): string => [...new Set(notes.map((note) => JSON.stringify(note)))].sort().join('\n');
  return lines(result) !== lines(plain);
};
const written = (plain: CarryResult, result: CarryResult): boolean => result.is === 'written' && plain.is === 'written' && result.body !== plain.body;
const holds = (result: CarryResult, mark: string): boolean =>
  result.is === 'written' && (result.body.includes(mark) || result.body.includes(JSON.stringify(mark).slice(1, -1)));
const noParts = ({ surface: { operation } }: SurfaceSubject): string | undefined =>
  canonicalOf(operation).parts.length === 0 ? `a ${operation} request has no parts` : undefined;
const noRequest = ({ surface }: SurfaceSubject): string | undefined =>
  canonicalOf(surface.operation).plain === undefined ? `a ${surface.operation} request has no fields` : undefined;

const KEPT: ReadonlySet<string> = new Set(['origin', 'cache', 'citations', 'logprobs']);
/** What parts, turns and tools may have, also inside results, members that the conversation does not know, and parts by their kind. */
const isBelow = (known: ReadonlySet<string>, of: string): boolean => {
  const path = of.replace('parts.parts.', 'parts.');
  const rest = path.indexOf('.rest');
  if (rest > 0) return known.has(path.slice(0, rest));
  const at = path.lastIndexOf('.');
  const last = path.slice(at + 1);
  return known.has(path) || (known.has(path.slice(0, at)) && (KEPT.has(last) || kindNamed(last) !== undefined));
};

export const lossRules: readonly Rule<SurfaceSubject>[] = [
  {
    id: 'surface.every-part-kind',
    says: 'every kind of part is written, or refused by name, or noted in the ledger',
    absent: (subject) => needs.provider(subject) ?? noParts(subject),
    check({ surface }) {
      const { plain, parts } = canonicalOf(surface.operation);
      const bare = carry(surface, plain);
      for (const { path, mark, value } of parts) {
        const result = carry(surface, value);
        assert.ok(
          holds(result, mark ?? '') || told(surface, path, bare, result),
          `${path}: ${mark ?? ''} is neither written nor noted: ${result.is === 'written' ? result.body : ''}`,
        );
      }
    },
  },
  {
    id: 'surface.texts-apart',
    says: 'texts that stand apart do not run together, and where they are one text it is noted',
    absent: (subject) => needs.provider(subject) ?? noParts(subject),
    check({ surface }) {
      for (const { path, value } of canonicalOf(surface.operation).parts.filter(({ mark }) => mark === 'mark-apart')) {
        const result = carry(surface, value);
        if (result.is === 'refused' || result.body === '') continue;
        assert.ok(!result.body.includes(APART.join('')), `${path}: run together in ${result.body}`);
        const whole = APART.every((text) => result.body.includes(JSON.stringify(text)));
        assert.ok(whole || result.notes.some(({ param }) => param.startsWith('turns')), `${path}: one text, and nothing noted: ${result.body}`);
      }
    },
  },
  {
    id: 'surface.ledger-complete',
    says: 'every field changes what is written, or is refused by name, or noted in the ledger',
    absent: (subject) => needs.provider(subject) ?? noRequest(subject),
    check({ surface }) {
      const { plain, fields } = canonicalOf(surface.operation);
      for (const variant of fields) {
        const bare = carry(surface, variant.base ?? plain);
        const result = carry(surface, variant.value);
        assert.ok(written(bare, result) || told(surface, variant.path, bare, result), `${variant.path} disappears without a word`);
      }
    },
  },
  {
    id: 'surface.refusal-names-field',
    says: 'what a surface refuses it names',
    absent: (subject) => needs.provider(subject) ?? noRequest(subject),
    check({ surface }) {
      const { fields, parts } = canonicalOf(surface.operation);
      for (const { path, value } of [...fields, ...parts]) {
        const result = carry(surface, value);
        if (result.is !== 'refused') continue;
        assert.equal(result.code, 'unsupported_parameter', `${path}: code`);
        assert.notEqual(result.param ?? '', '', `${path}: param`);
      }
    },
  },
  {
    id: 'surface.names-known',
    says: 'the names for the ledger belong to canonical fields that exist, and are not empty',
    absent: (subject) => needs.client(subject) ?? (clientHalf(subject.surface)?.names === undefined ? 'the client half has no names' : undefined),
    check({ surface }) {
      const known = new Set([...fieldVariants, ...partVariants, ...chatReplies].flatMap(({ value }) => pathsIn(value)));
      for (const operation of ['embeddings', 'rerank'] as const)
        for (const { value } of canonicalOf(operation).fields) for (const path of pathsIn(value)) known.add(path);
      for (const path of [...pathsIn(plainEmbedding), 'inputs.parts', 'choices.stopSequence']) known.add(path);
      for (const [path, name] of Object.entries(clientHalf(surface)?.names ?? {})) {
        assert.ok(known.has(path) || isBelow(known, path), `${path} is no canonical field`);
        assert.notEqual(name, '', `${path} has an empty name`);
      }
    },
  },
];
