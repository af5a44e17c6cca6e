import type { Edit, Mutant } from './mutants.ts';

/** Rules about what conversations look like to the provider they are translated for, with the tests that must notice. */
const anthropic = (file: string, from: string, to: string): Edit => ({ file: `plugins/dialect-anthropic/src/${file}`, from, to });
const converse = (file: string, from: string, to: string): Edit => ({ file: `plugins/dialect-converse/src/${file}`, from, to });
const gemini = (file: string, from: string, to: string): Edit => ({ file: `plugins/dialect-gemini/src/${file}`, from, to });
const shared = (file: string, from: string, to: string): Edit => ({ file: `packages/plugin/src/${file}`, from, to });
const core = (file: string, from: string, to: string): Edit => ({ file: `packages/core/src/${file}`, from, to });
const at = (test: string) => (rule: string, named: string, edit: Edit) => ({ rule, edits: [edit], test: `tests/${test}.test.ts`, named });
const [talks, ids, texts, fromGemini] = [at('tool-conversations'), at('request-ids'), at('document-texts'), at('known-defects-gemini')];

const [claude, by, invoke] = ['Anthropic', 'Bedrock by Converse', 'Bedrock by InvokeModel'].map((name) => `OpenAI clients to Claude: ${name}`);
const tools: readonly Mutant[] = [
  fromGemini(
    'sound and pictures that Gemini’s clients want are refused by providers of text',
    'Gemini clients to OpenAI > an answer that is more than text is refused',
    gemini('generate/read-request.ts', '.some((one) => MEDIA.has(one))', '.some(() => false)'),
  ),
  at('thinking-unasked')(
    'thoughts that no client asked for and no vendor signed are not written',
    'thoughts without a signature reach clients of gemini',
    shared('unasked.ts', "part.kind === 'thinking' && !part.redacted", 'false'),
  ),
  at('thinking-unasked')(
    'thoughts that were signed and not shown go back with their text',
    'thoughts that are signed > go round through clients of anthropic',
    shared('hidden-text.ts', "text === '' ? origin :", 'true ? origin :'),
  ),
  talks(
    'input that is a choice stands in a member',
    `${claude} > input that is one of several`,
    shared('plain-schema.ts', 'UNIONS.every((key) => whole[key] === undefined)', 'true'),
  ),
  talks(
    'input that Claude gave in a member is what was in it',
    `${claude} > input that is one of several`,
    anthropic('messages/tool-names.ts', 'unwrapInput(json)', 'json'),
  ),
  talks(
    'input that Bedrock gave in a member is what was in it',
    `${by} > input that is one of several`,
    converse('reply/read.ts', 'unwrapInput(part.input.json)', 'part.input.json'),
  ),
  talks(
    'input that Claude streams in a member is what is in it',
    `${invoke} > the same in a stream`,
    anthropic('messages/open-block.ts', "this.#say('input', unwrapInput(whole))", "this.#say('input', whole)"),
  ),
  talks(
    'input that Bedrock streams in a member is what is in it',
    `${by} > the same in a stream`,
    converse('stream/read.ts', 'memo?.wrapped?.has(name) === true ? unwrapInput : undefined', 'undefined'),
  ),
  talks(
    'input of earlier calls goes back to Claude in a member',
    `${claude} > the same in a stream`,
    anthropic('messages/write-blocks.ts', 'wrapped.has(name) ? wrapInput(value) : value', 'value'),
  ),
  talks(
    'input of earlier calls goes back to Bedrock in a member',
    `${by} > the same in a stream`,
    converse('request/foreign-blocks.ts', 'wrapped.has(part.name) ? wrapInput(input) : input', 'input'),
  ),
  talks(
    'a schema that refers to its definition is that one',
    `${claude} > a schema that is one of its definitions`,
    shared('plain-schema.ts', '{ ...beside, ...found }', '{ ...beside }'),
  ),
  talks(
    'sound is not left out',
    `${claude} > sound is refused`,
    anthropic('messages/write-turns.ts', "if (turn.role === 'user') refuseMedia(turn.parts);", ''),
  ),
  talks(
    'a result without its call is refused before Claude',
    `${claude} > a result without its call`,
    anthropic('messages/write-request.ts', '  checkPairs(r.turns);\n', ''),
  ),
  talks(
    'a result without its call is refused before Bedrock',
    `${by} > a result without its call`,
    converse('request/foreign.ts', '  checkPairs(r.turns);\n', ''),
  ),
  talks('a result answers the answer before it', `${by} > a result of another call`, shared('pairs.ts', 'if (orphan !== undefined) throw', 'if (false) throw')),
  talks('a call has its result', `${invoke} > a call without its result`, shared('pairs.ts', 'if (lacking !== undefined) throw', 'if (false) throw')),
  talks(
    'a tool that Claude on Bedrock has not is not left out',
    'unless none may be called: us.anthropic',
    anthropic('messages/profile.ts', "if (!isObject(choice) || choice.type !== 'none')", 'if (false)'),
  ),
  talks(
    'a tool that Converse has not is not left out',
    'unless none may be called: us.amazon',
    converse('request/foreign-tools.ts', 'if (own === undefined) refuseServerTool(tool, r, lost);', ''),
  ),
  talks('a hint on the whole request is not lost', 'a hint on the whole request', anthropic('messages/profile.ts', 'hintAtEnd(named, lost)', 'named')),
  talks(
    'a hint on the whole request is a cache point',
    'a cache point behind its last block',
    anthropic('messages/surface.ts', 'markedAtEnd(request, target, ledger)', 'request'),
  ),
  talks('one hint more than fits is left out', 'a hint on the whole request', anthropic('messages/profile.ts', 'hintsIn(rest) >= MOST_HINTS', 'false')),
  talks(
    'a model that counts no tokens lacks the operation',
    'a model that counts no tokens',
    converse('read-error.ts', "if (NO_COUNT.test(message)) return 'operation_not_supported';", ''),
  ),
];
const named: readonly Mutant[] = [
  ids(
    'the id of a translated answer is where clients look',
    'Bedrock’s Converse > of an answer',
    core('call/upstream-head.ts', 'return [...id, ...translatedLimits', 'return [...translatedLimits'),
  ),
  ids(
    'the id of an answer stands there once',
    'Anthropic itself > reads the provider’s of an answer',
    core('call/upstream-head.ts', 'if (!isNamed) out.push(...id);', 'out.push(...id);'),
  ),
  ids('no header of the provider is written twice', 'an AWS client of Bedrock, read and written', core('call/upstream-head.ts', ' || isWritten(name)', '')),
  ids('the id of an error is where clients look', 'of an error that is our own', core('call/answer.ts', '...namedId(dialect, id), ', '')),
  ids(
    'an error of the provider’s has its id',
    'reads the provider’s of the provider’s errors',
    core('call/answer.ts', "(e.vendor?.dialect === name && e.code !== 'upstream_auth_failed' ? shownUpstreamId(x) : undefined) ?? x.id", 'x.id'),
  ),
  ids('an error says its id', 'of an error that is our own', core('call/answer.ts', 'x.operation, id)', 'x.operation)')),
  ids(
    'a passing stream that breaks says its id',
    'reads ours of a passing stream',
    core('call/pass.ts', '    return this.#tap.fail(e, this.#x.id);', '    return this.#tap.fail(e);'),
  ),
];
const documents: readonly Mutant[] = [
  texts(
    'a document without a word is not sent',
    'without a word beside it is refused here: us.amazon',
    converse('request/foreign.ts', '!blocks.some(({ text }) => text !== undefined))', 'false)'),
  ),
  texts(
    'a document without content is not sent',
    'no text is refused here',
    anthropic('messages/own-media.ts', "if (isEmpty(part)) throw invalid(SOURCE, 'A document needs content.');", ''),
  ),
  texts(
    'a document that another cannot read is not left out',
    'a picture among the texts is refused here',
    anthropic('messages/surface.ts', 'refuseOwnMedia(readRequest(inbound), target)', 'readRequest(inbound)'),
  ),
  texts(
    'texts of a document stay apart',
    'two texts are those of the document for Claude',
    shared('document-texts.ts', '...(texts.length > 1 ? { pieces: texts.map((text) => text.length) } : {}),', ''),
  ),
  texts(
    'what a search found is told as that',
    'what a search found is that for Claude',
    converse('request/foreign-blocks.ts', 'knowsTexts(writing.family) ? writeSearchResult(part, false) : undefined', 'undefined'),
  ),
  texts(
    'what a search found is that at Anthropic',
    'AWS clients to Anthropic > what a search found',
    anthropic('messages/write-blocks.ts', 'part.found === undefined ? undefined : writeFound(part, lost)', 'undefined'),
  ),
  texts(
    'where something was found is told as lost',
    'for others it is a document',
    converse(
      'request/foreign-blocks.ts',
      "if (part.found !== undefined) writing.lost('turns.parts.found', 'the model is not told where a document was found');",
      '',
    ),
  ),
  texts('a document that OpenAI does not fetch is not left out', 'one by its URL is refused', {
    file: 'plugins/dialect-openai/src/chat/write-messages.ts',
    from: '  if (!mine) said.forEach(refuseMedia);\n',
    to: '',
  }),
  texts('betas of a header are told as lost', 'betas of the header', anthropic('messages/surface.ts', 'loseBetas(inbound, target, ledger);', '')),
];
const keeps = at('kept-apart');
const chat = (from: string, to: string): Edit => ({ file: 'plugins/dialect-openai/src/chat/write-messages.ts', from, to });
const kept: readonly Mutant[] = [
  keeps(
    'texts of the system stay apart at Bedrock',
    'what the system says stays in its texts',
    converse('request/foreign.ts', 'return foreignBlocks(texts, false, writing).others;', "return [{ text: texts.map(({ text }) => text).join('') }];"),
  ),
  keeps(
    'texts of a message stay apart at OpenAI',
    'the system and results stay in their texts',
    chat(
      'const content = writeParts(parts, writing);',
      "const content = [{ type: 'text', text: parts.map((one) => ('text' in one ? one.text : '')).join('') }];",
    ),
  ),
  keeps(
    'no message is made of nothing',
    'no message is made of nothing',
    chat('if (first === undefined) return undefined;', 'if (first === undefined) return [];'),
  ),
  {
    rule: 'citations that go back are no loss',
    edits: [converse('blocks/citations.ts', 'look(citation); // what others can show of it stands in the payload', '')],
    test: 'plugins/dialect-converse/test/golden.test.ts',
    named: 'what the vendor signed goes back to it and is no loss',
  },
  keeps(
    'a text that joins its neighbour is told',
    'a text of white space alone',
    anthropic('messages/write-blocks.ts', "if (!whole) lost('turns.parts.text',", "if (false) lost('turns.parts.text',"),
  ),
  keeps('the name of a result is no loss', 'the name of a function', converse('request/foreign.ts', '  loseResultNames(r.turns, lost);\n', '')),
  keeps(
    'an effort that is lost is named as it was written',
    'an effort that is lost',
    anthropic('messages/names.ts', "{ thinking: ['output_config.effort'] }", '{}'),
  ),
  fromGemini(
    'one of several words is asked of Google alone',
    'Gemini clients to OpenAI > an answer in one of several words',
    gemini('generate/read-request.ts', '    refuseWords(config);\n', ''),
  ),
];
export const turns: readonly Mutant[] = [...tools, ...named, ...documents, ...kept];
