import { type Fields, fieldsOf, isFields, listOf, textOf } from '../../openai/check.ts';
import { invalid, unknownName } from './context.ts';
import type { Gemini } from './models.ts';
import { onlyMembers } from './request.ts';
import { fitsCall, fitsText, isDummy } from './signature.ts';

const PART = new Set([
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
  'thought',
  'thoughtSignature',
  'videoMetadata',
  'mediaResolution',
]);
const DATA = ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse', 'executableCode', 'codeExecutionResult', 'toolCall', 'toolResponse'];
const CALL = new Set(['id', 'name', 'args', 'willContinue', 'partialArgs']);
const RESPONSE = new Set(['id', 'name', 'response', 'parts', 'scheduling', 'willContinue']);
const MEDIA = /^(?:image\/(?:png|jpeg|webp|heic|heif)|application\/(?:pdf|json)|text\/.+|audio\/.+|video\/.+)$/;

export const partsOf = (content: Fields | undefined): readonly Fields[] => listOf(content?.parts);
const callsIn = (content: Fields | undefined): readonly Fields[] =>
  partsOf(content).flatMap(({ functionCall }) => (isFields(functionCall) ? [functionCall] : []));
const responsesIn = (content: Fields | undefined): readonly Fields[] =>
  partsOf(content).flatMap(({ functionResponse }) => (isFields(functionResponse) ? [functionResponse] : []));

const checkMedia = (part: Fields, at: string): void => {
  const inline = fieldsOf(part.inlineData);
  const file = fieldsOf(part.fileData);
  const mime = part.inlineData === undefined ? file.mimeType : inline.mimeType;
  if (part.inlineData === undefined && part.fileData === undefined) return;
  if (typeof mime !== 'string' || mime === '')
    throw invalid(
      `Unable to submit request because it has an empty mimeType parameter. Add a mimeType parameter and try again. Learn more: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/gemini`,
    );
  if (!MEDIA.test(mime))
    throw invalid(
      `Unable to submit request because it has a mimeType parameter with value ${mime}, which is not supported. Update the mimeType and try again. Learn more: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/gemini`,
    );
  if (part.inlineData !== undefined && !/^[A-Za-z0-9+/_=-]+$/.test(textOf(inline.data)))
    throw invalid(`Invalid value at '${at}.inline_data.data' (TYPE_BYTES), Base64 decoding failed`);
};
const checkIds = (value: Fields, at: string, model: Gemini): void => {
  // Older models neither give nor take ids.
  if (value.id !== undefined && model.major < 3) throw unknownName('id', at);
};
const checkPart = (part: Fields, at: string, model: Gemini): void => {
  onlyMembers(part, PART, at);
  const kinds = DATA.filter((name) => part[name] !== undefined);
  if (kinds.length > 1) throw invalid(`Invalid value at '${at}' (oneof), oneof field 'data' is already set. Cannot set '${kinds[1]}'`);
  if (kinds.length === 0) throw invalid(`Unable to submit request because \`${at}\` must have one initialized field.`);
  if (part.text !== undefined && typeof part.text !== 'string') throw invalid(`Invalid value at '${at}.text' (TYPE_STRING), ${JSON.stringify(part.text)}`);
  checkMedia(part, at);
  if (isFields(part.functionCall)) {
    onlyMembers(part.functionCall, CALL, `${at}.function_call`);
    checkIds(part.functionCall, `${at}.function_call`, model);
  }
  if (!isFields(part.functionResponse)) return;
  const { response } = part.functionResponse;
  onlyMembers(part.functionResponse, RESPONSE, `${at}.function_response`);
  checkIds(part.functionResponse, `${at}.function_response`, model);
  if (response !== undefined && !isFields(response))
    throw invalid(`Invalid value at '${at}.function_response.response' (type.googleapis.com/google.protobuf.Struct), ${JSON.stringify(response)}`);
  if (textOf(part.functionResponse.name) === '') throw invalid('Unable to submit request because function_response.name: Name cannot be empty.');
};

/** Where the current turn begins: behind the last content of the user that is not made of results. */
const turnStart = (contents: readonly Fields[]): number =>
  contents.findLastIndex((content) => content.role !== 'model' && responsesIn(content).length === 0) + 1;
/** Every step of the current turn that calls must be signed at its first call; what is signed must be what was signed. */
const checkSignatures = (contents: readonly Fields[], model: Gemini): void => {
  const from = turnStart(contents);
  let before = '';
  for (const [index, content] of contents.entries()) {
    if (content.role !== 'model') continue;
    for (const part of partsOf(content)) {
      const signature = textOf(part.thoughtSignature);
      const call = isFields(part.functionCall) ? part.functionCall : undefined;
      const text = textOf(part.text);
      if (signature !== '' && !isDummy(signature)) {
        const good = call === undefined ? fitsText(signature, text, before) : fitsCall(signature, textOf(call.name), call.args ?? {});
        if (!good) throw invalid('Corrupted thought signature.');
      }
      if (part.thought !== true) before += text;
    }
    before = '';
    const [first] = partsOf(content).filter(({ functionCall }) => functionCall !== undefined);
    if (model.major < 3 || index < from || first === undefined || textOf(first.thoughtSignature) !== '') continue;
    const name = textOf(fieldsOf(first.functionCall).name);
    throw invalid(
      `Unable to submit request because function call \`default_api:${name}\` in the ${index + 1}. content block is missing a \`thought_signature\`. Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${name}\`, position ${index + 1}. Learn more: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures`,
    );
  }
};
const checkTurns = (contents: readonly Fields[]): void => {
  for (const [index, content] of contents.entries()) {
    const calls = callsIn(content);
    const given = responsesIn(contents[index + 1]);
    if (calls.length > 0 && calls.length !== given.length)
      throw invalid('Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.');
    if (responsesIn(content).length > 0 && callsIn(contents[index - 1]).length === 0)
      throw invalid('Please ensure that function response turn comes immediately after a function call turn.');
  }
};
/** True when a model that gives ids gets a result without: it answers nothing, and no error. */
export const lacksIds = (contents: readonly Fields[], model: Gemini): boolean =>
  model.major >= 3 &&
  contents.some((content, index) => callsIn(content).some(({ id }) => id !== undefined) && responsesIn(contents[index + 1]).some(({ id }) => id === undefined));

/** Contents of the model that follow one another, as one: chats of the vendor's SDK keep the pieces of a stream each. */
const joined = (contents: readonly Fields[]): readonly Fields[] => {
  const out: Fields[] = [];
  for (const content of contents) {
    const last = out.at(-1);
    if (content.role !== 'model' || last?.role !== 'model') out.push(content);
    else out[out.length - 1] = { ...last, parts: [...partsOf(last), ...partsOf(content)] };
  }
  return out;
};

/** Throws the service's refusal of `contents`. */
export const checkContents = (given: unknown, model: Gemini): readonly Fields[] => {
  const contents = listOf(given);
  if (contents.length === 0)
    throw invalid(
      'Unable to submit request because at least one contents field is required. Learn more: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/gemini',
    );
  for (const [index, content] of contents.entries()) {
    onlyMembers(content, new Set(['role', 'parts']), `contents[${index}]`);
    const { role } = content;
    // Results may stand under the older role of their own.
    if (role !== undefined && role !== 'user' && role !== 'model' && role !== 'function') throw invalid('Please use a valid role: user, model.');
    if (role === undefined && contents.length > 1) throw invalid('Please use a valid role: user, model.');
    const parts = partsOf(content);
    if (parts.length === 0)
      throw invalid(
        `Unable to submit request because it must include at least one parts field, which describes the prompt input. Learn more: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/gemini`,
      );
    for (const [place, part] of parts.entries()) checkPart(part, `contents[${index}].parts[${place}]`, model);
    if (model.major >= 3 && responsesIn(content).length > 0 && responsesIn(content).length < parts.length)
      throw invalid('Unable to submit request because function response parts cannot be mixed with other parts in one content.');
  }
  const turns = joined(contents);
  checkTurns(turns);
  checkSignatures(turns, model);
  return turns;
};
