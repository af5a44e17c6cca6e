export * from './access.ts';
export { type AnswerRules, answerTap, binaryTap, isWholeObject, objectBehind, objectEnd, usageInBytes, usageText } from './answer-tap.ts';
export { type ApiKey, followApiKey } from './api-key.ts';
export { NO_CHAT } from './capabilities.ts';
export * from './conversation.ts';
export { type CorrectedClock, correctedClock } from './corrected-clock.ts';
export { type CredentialCache, type CredentialCacheOptions, credentialCache, type Expiring } from './credential-cache.ts';
export * from './dialect.ts';
export { textDocument, textsOf } from './document-texts.ts';
export * from './error.ts';
export { collect, eventsOf } from './events.ts';
export { type Fitted, fitSchema } from './fit-schema.ts';
export { type Flights, flights } from './flights.ts';
export { eventStreamMessage, eventStreamReader } from './framing/eventstream.ts';
export { type EventStreamHeaders, type EventStreamValue, textHeader } from './framing/eventstream-headers.ts';
export { jsonArrayReader, ndjsonReader } from './framing/json-array.ts';
export { frameReader } from './framing/reader.ts';
export { type FrameReader, type SseLimits, sseComment, sseEvent, sseReader } from './framing/sse.ts';
export { type WholeEvents, wholeEvents } from './framing/whole.ts';
export { compileGlob, compileGlobs, type Glob } from './glob.ts';
export { revealText } from './hidden-text.ts';
export { type HmacKey, hmac, hmacKey } from './hmac.ts';
export { ANSWER_TOOL, answerSchema, inputSchema } from './input-schema.ts';
export { flagField, invalid, listField, numberField, objectField, textField, unsupported } from './json/checks.ts';
export { asFlag, asList, asNumber, asObject, asText, type Building, defined, type Fields, filled, isObject, some, unknownFields } from './json/members.ts';
export {
  insideString,
  isRawNumber,
  jsonText,
  type ParseLimits,
  parseJson,
  type RawNumber,
  rawNumber,
  sameJson,
  stringifyJson,
  UNESCAPED,
} from './json/parse.ts';
export { pointed } from './json/pointed.ts';
export { rawAt } from './json/raw.ts';
export {
  type Edit,
  type FieldScanner,
  type FoundField,
  type FoundValue,
  fieldScanner,
  patchBody,
  type ScanLimits,
  type ScanResult,
  totalLength,
  type ValueKind,
} from './json/tokenizer.ts';
export { hasRepeatedKeys } from './json/unique-keys.ts';
export { Late } from './late.ts';
export { type Tracked, tracked } from './ledger.ts';
export { readLogprobs } from './logprobs.ts';
export { type Lost, look, loseBeyond, losePart, loseProof, loseResultNames, lostTo } from './lost.ts';
export { mediaTypeOf, typeOfBytes } from './media-type.ts';
export { memoryCounters } from './memory-counters.ts';
export { type CapabilityRow, dayOf, type FactRow, type FactSource, type ModelData, modelCapabilities, modelFacts } from './model-facts.ts';
export { type FamilyData, type FamilyRow, modelFamilies } from './model-families.ts';
export { boundaryOf, type FormField, type FormResult, type FormScanner, multipartScanner } from './multipart.ts';
export { type Native, type NativeEntry, nativeTable, rememberNative } from './native-table.ts';
export { NORMAL_RULES, type NormalRule, normal, normalReply } from './normal.ts';
export { oneText } from './one-text.ts';
export { outputIn } from './output-tokens.ts';
export { checkPairs } from './pairs.ts';
export { type PlainSchema, plainSchema, unwrapInput, wrapInput, wrappedTools } from './plain-schema.ts';
export * from './plugin.ts';
export * from './provider.ts';
export * from './purpose.ts';
export { type Questions, type QuestionsOptions, questions } from './questions.ts';
export { ordered, type Remainder, remainderOf, restore, sameValue } from './remainder.ts';
export { nameMark, namesBy, safeName } from './safe-name.ts';
export * from './schema.ts';
export { ENVELOPE, type Enclosed, openOrigin, sealOrigin } from './sealed-origin.ts';
export { refuseSearch, refuseServerTool } from './server-tools.ts';
export { since } from './since.ts';
export { isSaying, takenStops } from './stops.ts';
export { lacksThinking } from './thinking.ts';
export { emittingOwnNames, type Naming, NO_NAMES, type ToolNames, withOwnNames, withSafeNames } from './tool-names.ts';
export { withoutThoughts, writingNoThoughts } from './unasked.ts';
export { askedWait, retryHeaders, waitOf } from './waits.ts';
export { readSearchTool } from './web-search.ts';
export * from './wire.ts';
