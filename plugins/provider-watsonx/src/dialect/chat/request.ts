import {
  asList,
  type Building,
  type Call,
  type ChatRequest,
  defined,
  type Fields,
  type Lost,
  loseResultNames,
  lostTo,
  refuseSearch,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { addedMembers } from '../rest.ts';
import { contextOf, writeTurn } from './messages.ts';
import { writeReasoning } from './reasoning.ts';
import { writeTools } from './tools.ts';

/** Profile of an endpoint that is a deployment: its path names the model, its template has the system message. */
export const DEPLOYMENT = 'deployment';
/** Parameters that only watsonx.ai has; callers add them to the body of their own dialect. */
const OWN: readonly string[] = Object.freeze([
  'time_limit',
  'repetition_penalty',
  'length_penalty',
  'include_reasoning',
  'guided_choice',
  'guided_regex',
  'guided_grammar',
  'guided_json',
  'chat_template_kwargs',
]);

const writeOutput = (output: ChatRequest['output']): Fields | undefined => {
  if (output === undefined) return undefined;
  if (output === 'json') return { type: 'json_object' };
  const { name, description, schema, strict } = output;
  return { type: 'json_schema', json_schema: { name, ...(description === undefined ? {} : { description }), schema, ...(strict ? { strict } : {}) } };
};
/** Without a limit watsonx.ai cuts answers at 1024 tokens; 0 is the most that the model can. */
const MODEL_MAXIMUM = 0;
const writeParams = (r: ChatRequest): Building => ({
  max_completion_tokens: r.maxTokens ?? MODEL_MAXIMUM,
  temperature: r.sampling?.temperature,
  top_p: r.sampling?.topP,
  seed: r.sampling?.seed,
  frequency_penalty: r.sampling?.frequencyPenalty,
  presence_penalty: r.sampling?.presencePenalty,
  logit_bias: r.sampling?.logitBias,
  stop: r.stop,
  n: r.choices === 1 ? undefined : r.choices,
  logprobs: r.logprobs === undefined ? undefined : true,
  top_logprobs: r.logprobs === undefined || r.logprobs === 0 ? undefined : r.logprobs,
  response_format: writeOutput(r.output),
});

/** A deployment takes no message of role system, but a `context` that its template puts in. */
const deployed = (r: ChatRequest, lost: Lost): Fields => {
  const system = r.turns.filter(({ role }) => role === 'system');
  const context = contextOf(system, lost);
  if (system.length > 0) lost('turns.role', 'a deployment has its own system message; this one goes along as its context', 'emulated');
  const others = r.turns.filter(({ role }) => role !== 'system');
  if (others.length === 0) throw unsupported('turns', 'A deployment answers what a user says; there is nothing but a system message.');
  return { messages: others.flatMap((turn) => writeTurn(turn, lost)), ...(context === '' ? {} : { context }) };
};
const crypto = (r: ChatRequest, call: Call): Fields => (call.stream ? {} : addedMembers(r.rest, ['crypto']));

/** The body of `text/chat` and `text/chat_stream`; which of them is asked decides whether it streams. */
export const write = (r: ChatRequest, call: Call): { readonly body: Fields } => {
  const lost = lostTo(call.ledger);
  loseResultNames(r.turns, lost);
  refuseSearch(r, lost);
  const asked = call.endpoint.profile === DEPLOYMENT ? deployed(r, lost) : { model_id: call.model, messages: r.turns.flatMap((turn) => writeTurn(turn, lost)) };
  if (r.turns.length > 0 && asList(asked.messages).length === 0)
    throw unsupported('turns', 'Nothing of this conversation can be said to the provider of this call.');
  const own = defined({ ...writeParams(r), ...writeTools(r, lost), ...writeReasoning(r.reasoning, lost) });
  return { body: { ...asked, ...own, ...addedMembers(r.rest, OWN), ...crypto(r, call) } };
};
