import { parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { countTokens as countTokensSurface } from '../src/count-tokens/surface.ts';
import { holds } from './sdk-types.ts';
import { callOf, type Fields, inboundOf, ledger, seal, through } from './support.ts';

const SIGNED = { why: 'unsigned thinking is shown by us and goes to nobody', as: fc.constantFrom('EqMBCk', 'a', 'Zm9v "quoted"') };
const CITED = { why: 'an empty index marks a citation of another vendor, which goes to nobody', as: fc.constantFrom('Eo8B', 'x') };
/** Parameters that the SDK's own code moves out of the body. */
const inHeaders = (objects: readonly string[], members: readonly string[] = ['user_profile_id', 'workspace_id']) => {
  const decision = { why: 'the SDK sends it as a header: tests/losses-told.test.ts' };
  return Object.fromEntries(objects.flatMap((name) => members.map((member) => [`${name}.${member}`, decision])));
};
const CREATED = ['MessageCreateParamsNonStreaming', 'MessageCreateParamsStreaming'];
const COUNTED = ['MessageCountTokensParams'];
const BETA = ['user_profile_id', 'workspace_id', 'betas'];
const ASKED = {
  why: 'a request without messages is refused',
  fit: (body: Fields): Fields => ({ ...body, messages: (body.messages as readonly unknown[]).length > 0 ? body.messages : [{ role: 'user', content: 'x' }] }),
};
/** Whether it streams is the core's to say: where it does not, the body says nothing. */
const governed = ({ stream, ...body }: Fields): Fields => (stream === true ? { ...body, stream } : body);

holds({
  type: 'MessageCreateParams',
  carried: (body) => through(body),
  expected: governed,
  decisions: {
    exclude: { ...inHeaders(CREATED), 'ThinkingBlockParam.signature': SIGNED, 'CitationWebSearchResultLocationParam.encrypted_index': CITED },
    fit: { MessageCreateParamsNonStreaming: ASKED, MessageCreateParamsStreaming: ASKED },
  },
});
holds({
  type: 'BetaMessageCreateParams',
  carried: (body) => through(body),
  expected: governed,
  decisions: {
    exclude: { ...inHeaders(CREATED, BETA), 'BetaThinkingBlockParam.signature': SIGNED, 'BetaCitationWebSearchResultLocationParam.encrypted_index': CITED },
    fit: { MessageCreateParamsNonStreaming: ASKED, MessageCreateParamsStreaming: ASKED },
  },
});

/** Client half, then provider half, on the way to a provider of the same surface. */
const counted = (body: Fields): unknown => {
  const { client, provider } = countTokensSurface(seal);
  const call = callOf(body, { model: String(body.model) });
  const request = client?.read(inboundOf(body), ledger());
  return request === undefined ? undefined : parseJson(stringifyJson(provider?.write(request, call).body));
};
holds({
  type: 'MessageCountTokensParams',
  carried: counted,
  decisions: {
    exclude: { ...inHeaders(COUNTED), 'ThinkingBlockParam.signature': SIGNED, 'CitationWebSearchResultLocationParam.encrypted_index': CITED },
    fit: { MessageCountTokensParams: ASKED },
  },
});
holds({
  type: 'BetaMessageCountTokensParams',
  carried: counted,
  decisions: {
    exclude: { ...inHeaders(COUNTED, BETA), 'BetaThinkingBlockParam.signature': SIGNED, 'BetaCitationWebSearchResultLocationParam.encrypted_index': CITED },
    fit: { MessageCountTokensParams: ASKED },
  },
});
