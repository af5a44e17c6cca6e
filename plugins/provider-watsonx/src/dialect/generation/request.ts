import { type Building, type Call, type ChatRequest, type Fields, type Lost, losePart, lostTo, oneText, unsupported } from '@llm-proxy-auth/plugin';
import { DEPLOYMENT } from '../chat/request.ts';
import { addedMembers } from '../rest.ts';

/** Parameters of a generation that only watsonx.ai has. */
const OWN: readonly string[] = Object.freeze([
  'decoding_method',
  'min_new_tokens',
  'time_limit',
  'repetition_penalty',
  'truncate_input_tokens',
  'typical_p',
  'length_penalty',
]);

/** A prompt is one text: who said what and everything but text goes to the ledger. */
const noteTurns = (r: ChatRequest, lost: Lost): void => {
  if (r.turns.length !== 1 || r.turns[0]?.role !== 'user') lost('turns', 'a prompt is one text', 'emulated');
  for (const part of r.turns.flatMap((turn) => turn.parts))
    if (part.kind !== 'text' && part.kind !== 'refusal') losePart(part, `turns.parts.${part.kind}`, 'a prompt is text', lost);
};
/** Temperature and the like mean nothing to the method that takes the likeliest token. */
const methodOf = (r: ChatRequest): string | undefined => {
  const { temperature, topP, topK } = r.sampling ?? {};
  const sampled = [temperature, topP, topK].some((value) => value !== undefined);
  return !sampled ? undefined : temperature === 0 ? 'greedy' : 'sample';
};
/** Seeds are whole numbers from 1 here. */
const seedOf = ({ sampling }: ChatRequest, lost: Lost): number | undefined => {
  const seed = sampling?.seed;
  if (seed === undefined || seed >= 1) return seed;
  lost('sampling.seed', 'a seed is 1 or more here');
  return undefined;
};
const LEAST_TEMPERATURE = 0.05;
/** Without any, the method is another. */
const temperatureOf = ({ sampling }: ChatRequest, lost: Lost): number | undefined => {
  const temperature = sampling?.temperature;
  if (temperature === undefined || temperature === 0) return undefined;
  if (temperature >= LEAST_TEMPERATURE) return temperature;
  lost('sampling.temperature', `the least temperature here is ${LEAST_TEMPERATURE}`, 'clamped');
  return LEAST_TEMPERATURE;
};
const parametersOf = (r: ChatRequest, lost: Lost): Fields => {
  const method = methodOf(r);
  const parameters: Building = {
    decoding_method: method,
    max_new_tokens: r.maxTokens,
    temperature: temperatureOf(r, lost),
    top_p: r.sampling?.topP,
    top_k: r.sampling?.topK,
    random_seed: seedOf(r, lost),
    stop_sequences: r.stop,
    // The text would end with the sequence that stopped it, which other vendors leave out.
    include_stop_sequence: r.stop === undefined ? undefined : false,
  };
  for (const key in parameters) if (parameters[key] === undefined) delete parameters[key];
  return { ...parameters, ...addedMembers(r.rest, OWN) };
};
/** The body of `text/generation` and `text/generation_stream`: the turns' text, apart by an empty line. Throws GatewayError `unsupported_parameter`. */
export const write = (r: ChatRequest, call: Call): { readonly body: Fields } => {
  if (r.choices > 1) throw unsupported('choices', 'A generation gives one answer.');
  if (r.logprobs !== undefined) throw unsupported('logprobs', 'A generation is read without the probabilities of its tokens.');
  const lost = lostTo(call.ledger);
  noteTurns(r, lost);
  const named = call.endpoint.profile === DEPLOYMENT ? {} : { model_id: call.model };
  const body = { ...named, input: r.turns.map((t) => oneText(t.parts, lost)).join('\n\n'), parameters: parametersOf(r, lost) };
  return { body: { ...body, ...addedMembers(r.rest, ['moderations']) } };
};
