import {
  asObject,
  type Building,
  type ChatRequest,
  type Fields,
  filled,
  invalid,
  type Json,
  numberField,
  objectField,
  type Sampling,
  textField,
  unknownFields,
} from '@llm-proxy-auth/plugin';

const stopOf = (stop: Json): readonly string[] | undefined => {
  if (stop === undefined || stop === null) return undefined;
  const list = typeof stop === 'string' ? [stop] : stop;
  if (!Array.isArray(list) || !list.every((s): s is string => typeof s === 'string')) throw invalid('stop', "'stop' must be a string or a list of strings.");
  return list;
};
/** `logit_bias`: a number for each token. */
const biasOf = (body: Fields): Readonly<Record<string, number>> | undefined => {
  const bias = objectField(body, 'logit_bias');
  if (bias === undefined) return undefined;
  return Object.fromEntries(Object.keys(bias).map((token) => [token, numberField(bias, token, 'logit_bias') ?? 0]));
};
const samplingOf = (body: Fields): Sampling | undefined =>
  filled({
    temperature: numberField(body, 'temperature'),
    topP: numberField(body, 'top_p'),
    seed: numberField(body, 'seed'),
    frequencyPenalty: numberField(body, 'frequency_penalty'),
    presencePenalty: numberField(body, 'presence_penalty'),
    logitBias: biasOf(body),
  });

/** What chat and text completions spell alike. Throws `invalid_request` for a value of another type. */
export const readParams = (body: Fields): Pick<ChatRequest, 'choices' | 'stop' | 'sampling' | 'user'> => ({
  choices: numberField(body, 'n') ?? 1,
  ...filled({ stop: stopOf(body.stop), sampling: samplingOf(body), user: textField(body, 'user') }),
});
/** The same as members of a body; those that are not asked for are undefined. */
export const writeParams = ({ choices, stop, sampling, user }: ChatRequest): Building => ({
  temperature: sampling?.temperature,
  top_p: sampling?.topP,
  seed: sampling?.seed,
  frequency_penalty: sampling?.frequencyPenalty,
  presence_penalty: sampling?.presencePenalty,
  logit_bias: sampling?.logitBias,
  stop,
  n: choices === 1 ? undefined : choices,
  user,
});
const OWN_OPTIONS: readonly string[] = Object.freeze(['include_usage']);
/** Members of `stream_options` that are the client's affair. */
export const optionsOf = (body: Fields): Fields | undefined => {
  const options = asObject(body.stream_options);
  return options === undefined ? undefined : unknownFields(options, OWN_OPTIONS);
};
/** Usage is always asked for: it is counted whether or not the client wants to see it. */
export const streaming = (options: Fields | undefined): { readonly stream: true; readonly stream_options: Fields } => ({
  stream: true,
  stream_options: { ...options, include_usage: true },
});
