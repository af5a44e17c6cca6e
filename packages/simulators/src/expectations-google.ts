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
/** Some clients ask for numbers in place of words. */
const FINISHES = ['', 'STOP', 'MAX_TOKENS', 'SAFETY', 'RECITATION', 'OTHER'];
type Slot = Record<string, unknown> | unknown[];
/** `$.a.b[0].c` */
const stepsIn = (path: string): (string | number)[] => [...path.matchAll(/\.([^.[\]]+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
/** Puts a piece of an argument where it belongs; pieces of a text follow each other. */
const put = (root: Record<string, unknown>, { jsonPath, stringValue, numberValue, boolValue }: Fields): void => {
  const steps = stepsIn(text(jsonPath));
  let at: Slot = root;
  for (const [i, step] of steps.entries()) {
    const slot = at as Record<string | number, unknown>;
    if (i === steps.length - 1) {
      const value = stringValue ?? numberValue ?? boolValue ?? null;
      slot[step] = typeof value === 'string' ? text(slot[step]) + value : value;
      return;
    }
    slot[step] ??= typeof steps[i + 1] === 'number' ? [] : {};
    at = slot[step] as Slot;
  }
};
/** Calls in order; one that comes in pieces goes on until a piece no longer says so. */
const callsIn = (parts: readonly Fields[]): { name: string; arguments: string }[] => {
  const calls: { name: string; args: Record<string, unknown> }[] = [];
  for (const call of parts.map((part) => member(part, 'functionCall')).filter(isFields)) {
    if (text(call.name) !== '') calls.push({ name: text(call.name), args: { ...fields(call.args) } });
    for (const piece of list(call.partialArgs)) put(calls.at(-1)?.args ?? {}, piece);
  }
  return calls.map(({ name, args }) => ({ name, arguments: JSON.stringify(args) }));
};
/** What one answer says, or all events of a stream: text without thoughts, calls, what vouches for thoughts, the last reason of the end. */
export const geminiAnswer = (bodies: readonly Fields[]): Found => {
  const parts = bodies.flatMap(partsOf);
  const spoken = parts.filter((part) => part.thought !== true).map((part) => text(part.text));
  const finishes = bodies.flatMap((body) => {
    const given = member(fields(list(body.candidates)[0]), 'finishReason');
    const reason = typeof given === 'number' ? (FINISHES[given] ?? 'OTHER') : text(given);
    return reason === '' ? [] : [reason];
  });
  const blocked = bodies.map((body) => text(member(fields(member(body, 'promptFeedback')), 'blockReason'))).find((reason) => reason !== '');
  return {
    texts: [spoken.join('')],
    toolCalls: callsIn(parts),
    thoughts: parts
      .filter((part) => part.thought === true)
      .map((part) => text(part.text))
      .join(''),
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
