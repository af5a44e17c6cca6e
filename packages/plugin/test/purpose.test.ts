import { expect, test } from 'vitest';
import { purposeOf } from '../src/index.ts';

test.each([
  ['query', 'query'],
  ['search_query', 'query'],
  ['RETRIEVAL_QUERY', 'query'],
  ['passage', 'document'],
  ['SEARCH_DOCUMENT', 'document'],
  ['Semantic Similarity', 'clustering'],
  ['classification', 'classification'],
  ['constructor', undefined],
  ['something else', undefined],
  [undefined, undefined],
])('%s is %s', (word, wanted) => expect(purposeOf(word)).toBe(wanted));
