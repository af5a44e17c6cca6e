import { type Fields, fieldsOf, isFields, textOf } from '../../openai/check.ts';
import { ranked } from '../../openai/rerank.ts';
import { invalid } from './context.ts';
import { rankers } from './models.ts';
import { camelised, onlyMembers } from './request.ts';

const MOST = 200;
const RECORD: ReadonlySet<string> = new Set(['id', 'title', 'content', 'score']);
const recordsOf = (value: unknown): readonly Fields[] => {
  if (!Array.isArray(value) || value.length === 0) throw invalid('The records field is required.');
  if (value.length > MOST) throw invalid(`At most ${MOST} records can be ranked.`);
  return value.map((one, i) => {
    if (!isFields(one)) throw invalid(`Invalid value at 'records[${i}]'.`);
    onlyMembers(one, RECORD, `records[${i}]`);
    if (textOf(one.title) === '' && textOf(one.content) === '') throw invalid('A record needs a title or content.');
    return one;
  });
};

/** `rankingConfigs/default_ranking_config:rank` of Discovery Engine: the best first; its rankers know no other model. */
export const rank = (given: Fields): Fields => {
  const body = fieldsOf(camelised(given));
  onlyMembers(body, new Set(['model', 'topN', 'query', 'records', 'ignoreRecordDetailsInResponse', 'userLabels']), '');
  const records = recordsOf(body.records);
  const { model = 'semantic-ranker-512@latest', topN = 0, query } = body;
  if (typeof model !== 'string' || !rankers.has(model)) throw invalid(`The model ${String(model)} is not supported.`);
  if (typeof query !== 'string' || query === '') throw invalid('The query field is required.');
  if (typeof topN !== 'number' || !Number.isInteger(topN)) throw invalid("Invalid value at 'top_n' (TYPE_INT32).");
  const texts = records.map(({ title, content }) => `${textOf(title)} ${textOf(content)}`);
  return {
    records: ranked(query, texts, topN > 0 ? topN : texts.length).map(({ index, relevance_score: score }) => {
      const { id, title, content } = records[index] ?? {};
      return body.ignoreRecordDetailsInResponse === true ? { id, score } : { id, title, content, score };
    }),
  };
};
