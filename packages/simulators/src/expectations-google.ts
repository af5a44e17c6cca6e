import type { Found } from './expectations.ts';

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Some recorders wrote the members of typed objects in the spelling of their language. */
const member = (value: Fields, name: string): unknown => value[name] ?? value[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
const partsOf = (body: Fields): readonly Fields[] => list(fields(list(body.candidates)[0]?.content).parts);
/** Usage is what the last event that has any says, count by count. */
const usageIn = (bodies: readonly Fields[]): Fields | undefined => {
  const found = bodies.map((body) => member(body, 'usageMetadata')).filter(isFields);
  return found.length === 0 ? undefined : Object.assign({}, ...found);
};
/** What one answer says, or all events of a stream: text without thoughts, calls, what vouches for thoughts, the last reason of the end. */
export const geminiAnswer = (bodies: readonly Fields[]): Found => {
  const parts = bodies.flatMap(partsOf);
  const spoken = parts.filter((part) => part.thought !== true).map((part) => text(part.text));
  const calls = parts.flatMap((part) => {
    const call = member(part, 'functionCall');
    return isFields(call) && text(call.name) !== '' ? [{ name: text(call.name), arguments: JSON.stringify(call.args ?? {}) }] : [];
  });
  const finishes = bodies.flatMap((body) => {
    const reason = text(member(fields(list(body.candidates)[0]), 'finishReason'));
    return reason === '' ? [] : [reason];
  });
  const blocked = bodies.map((body) => text(member(fields(member(body, 'promptFeedback')), 'blockReason'))).find((reason) => reason !== '');
  return {
    texts: [spoken.join('')],
    toolCalls: calls,
    signatures: parts.map((part) => text(member(part, 'thoughtSignature'))).filter((signature) => signature !== ''),
    finish: finishes.at(-1) ?? blocked,
    usage: usageIn(bodies),
  };
};
/** Lengths of vectors, or the number of tokens. */
export const googleItems = (body: Fields): Found => {
  if (body.totalTokens !== undefined) return { items: [Number(body.totalTokens)] };
  const vectors = [
    ...list(body.predictions).map((one) => fields(one.embeddings).values),
    ...list(body.embeddings).map((one) => one.values),
    ...(isFields(body.embedding) ? [body.embedding.values] : []),
  ];
  const models = [...list(body.models), ...list(body.publisherModels)].map((one) => text(one.name));
  return { items: [...vectors.map((vector) => (Array.isArray(vector) ? vector.length : 0)), ...models] };
};
