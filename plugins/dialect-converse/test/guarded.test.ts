import type { GatewayError, Json } from '@llm-proxy-auth/plugin';
import { expect, it } from 'vitest';
import { callOf, client, inboundOf, ledger, NOVA, provider } from './support.ts';

const config = { guardrailIdentifier: 'gr-1', guardrailVersion: '1' };
const made = (body: Json, bound = true): { readonly body: Json; readonly notes: readonly unknown[] } => {
  const notes = ledger();
  const endpoint = { ...callOf().endpoint, ...(bound ? { members: { guardrailConfig: config } } : {}) };
  return { body: provider.write(client.read(inboundOf(body), ledger()), callOf({ model: NOVA, ledger: notes, endpoint })).body, notes: notes.notes };
};
const image = { format: 'png', source: { bytes: 'AAAA' } };
const asked = {
  messages: [{ role: 'user', content: [{ text: 'x' }, { guardContent: { text: { text: 'y', qualifiers: ['query'] } } }, { guardContent: { image } }] }],
  guardrailConfig: { ...config, streamProcessingMode: 'async' },
};

it('with a guardrail of the instance nothing is marked as what alone it sees, and its configuration is the instance’s', () => {
  expect(made(asked)).toEqual({
    body: { messages: [{ role: 'user', content: [{ text: 'x' }, { text: 'y' }, { image }] }] },
    notes: [
      { kind: 'ignored', param: 'turns.parts.rest.guardContent' },
      { kind: 'ignored', param: 'turns.parts.rest.guardContent' },
      { kind: 'ignored', param: 'rest.fields.guardrailConfig' },
    ],
  });
});
it('naming that very guardrail loses nothing', () => {
  expect(made({ messages: [{ role: 'user', content: [{ text: 'x' }] }], guardrailConfig: config }).notes).toEqual([]);
});
it('a block that cannot be unmarked is refused', () => {
  const odd = { messages: [{ role: 'user', content: [{ guardContent: { hologram: {} } }] }] };
  expect(() => made(odd)).toThrow(expect.objectContaining({ code: 'unsupported_parameter' }) as GatewayError);
});
it('without one the client’s own goes as it is', () => expect(made(asked, false)).toEqual({ body: asked, notes: [] }));
