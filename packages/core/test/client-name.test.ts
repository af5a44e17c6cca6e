import { expect, it } from 'vitest';
import { clientName } from '../src/call/client-name.ts';

const names = { turns: 'messages', 'turns.parts.rest': 'messages[].content[]', 'sampling.topP': 'top_p', choices: 'n' };

it.each([
  ['sampling.topP', 'top_p'],
  ['turns.parts.rest.foo', 'messages[].content[].foo'],
  ['turns.parts.rest.a.b', 'messages[].content[].a.b'],
  ['turns.role', 'messages.role'],
  ['turnsome', 'turnsome'],
  ['rest.fields.metadata', 'metadata'],
  ['rest.fields.turns', 'turns'],
  ['rest.fields.text.verbosity', 'text.verbosity'],
  ['max_tokens', 'max_tokens'],
  ['constructor', 'constructor'],
])('%s is %s to the client', (path, name) => expect(clientName(path, names)).toBe(name));
