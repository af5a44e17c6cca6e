import { checkMembers, type Fields, listOf, string, textOf, typeName } from './check.ts';
import type { Context } from './context.ts';
import { refuse } from './refusal.ts';

const categories = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/intent',
  'self-harm/instructions',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
];

const inputsOf = (input: unknown): string[] => {
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input)) throw refuse.type('input', 'one of a string, array of strings, or array of objects', typeName(input));
  if (input.every((one) => typeof one === 'string')) return input;
  // Parts of one multimodal input have one result.
  return [
    listOf(input)
      .map((part) => textOf(part.text))
      .join('\n'),
  ];
};

const result = (text: string): Fields => {
  const violent = /\b(kill|violence|violent)\b/i.test(text);
  const each = <T>(value: (violence: boolean) => T) => Object.fromEntries(categories.map((name) => [name, value(violent && name === 'violence')]));
  return {
    flagged: violent,
    categories: each((hit) => hit),
    category_scores: each((hit) => (hit ? 0.98 : 0.00001)),
    category_applied_input_types: each(() => ['text']),
  };
};

/** POST /moderations: flags what speaks of killing or violence. */
export const moderations = (call: Context, body: Fields): Fields => {
  if (body.input === undefined || body.input === null) throw refuse.missing('input');
  checkMembers(body, { input: () => undefined, model: string });
  const model = call.models.require(textOf(body.model) || 'omni-moderation-latest', 'moderation');
  return { id: call.id('modr-'), model: model.id, results: inputsOf(body.input).map(result) };
};
