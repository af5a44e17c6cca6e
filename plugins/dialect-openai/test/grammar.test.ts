import { describe, expect, it } from 'vitest';
import { client as responsesClient, provider as responsesProvider } from './responses-support.ts';
import { callOf, chatClient, chatProvider, inboundOf, ledger } from './support.ts';

const GRAMMAR = { syntax: 'lark', definition: 'start: "a"' };
const nested = { type: 'custom', custom: { name: 'sql', format: { type: 'grammar', grammar: GRAMMAR } } };
const flat = { type: 'custom', name: 'sql', format: { type: 'grammar', ...GRAMMAR } };
const asChat = { model: 'm', messages: [{ role: 'user', content: 'x' }], tools: [nested] };
const asResponses = { model: 'm', input: 'x', tools: [flat] };

describe('the grammar of a custom tool', () => {
  it('is one level deeper in chat than in responses, whichever way it goes', () => {
    const fromResponses = responsesClient.read(inboundOf(asResponses), ledger());
    const fromChat = chatClient.read(inboundOf(asChat), ledger());
    expect(chatProvider.write(fromResponses, callOf()).body).toMatchObject({ tools: [nested] });
    expect(responsesProvider.write(fromChat, callOf()).body).toMatchObject({ tools: [flat] });
    expect(chatProvider.write(fromChat, callOf()).body).toMatchObject({ tools: [nested] });
    expect(responsesProvider.write(fromResponses, callOf()).body).toMatchObject({ tools: [flat] });
  });
  it('is none when the format is text', () => {
    const text = { ...asChat, tools: [{ type: 'custom', custom: { name: 'sql', format: { type: 'text' } } }] };
    const read = chatClient.read(inboundOf(text), ledger());
    expect(responsesProvider.write(read, callOf()).body).toMatchObject({ tools: [{ type: 'custom', name: 'sql' }] });
    expect(JSON.stringify(responsesProvider.write(read, callOf()).body)).not.toContain('format');
    expect(chatProvider.write(read, callOf()).body).toMatchObject({ tools: text.tools });
  });
});
