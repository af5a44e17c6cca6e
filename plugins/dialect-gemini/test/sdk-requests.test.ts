import { valuesOf } from '@llm-proxy-auth/contract-tests/vendor-types';
import fc from 'fast-check';
import { holds, sdkType } from './sdk-types.ts';
import { type Fields, through } from './support.ts';

const CLASS = 'a class, whose members are tried by themselves';
const part = (one: Fields): unknown => {
  const { contents } = through({ contents: [{ parts: [one] }] }) as { readonly contents: readonly { readonly parts: readonly unknown[] }[] };
  return contents[0]?.parts[0];
};

holds({ type: 'Result', carried: (value) => (part({ functionResponse: value }) as Fields).functionResponse, decisions: {} });
holds({ type: 'ServerResult', carried: (value) => (part({ toolResponse: value }) as Fields).toolResponse, decisions: {} });
holds({
  type: 'Request',
  carried: through,
  decisions: {
    exclude: {
      'Content.role': { why: 'other roles are refused', as: fc.constantFrom('user', 'model') },
      'Part.functionResponse': { why: CLASS, as: valuesOf(sdkType('Result'), {}) },
      'Part.toolResponse': { why: CLASS, as: valuesOf(sdkType('ServerResult'), {}) },
      'GenerationConfig.responseFormat[]': { why: CLASS, as: valuesOf(sdkType('Format'), {}) },
    },
    fit: {
      Request: {
        why: 'a request without contents is refused',
        fit: (body) => ({ ...body, contents: (body.contents as readonly unknown[]).length > 0 ? body.contents : [{ parts: [] }] }),
      },
      FunctionDeclaration: { why: 'a function has a name', fit: (one) => ({ name: 'f', ...one }) },
      GenerationConfig: {
        why: 'there is at least one candidate, and schemas go with JSON',
        fit: (config) => ({
          ...config,
          ...(config.candidateCount === undefined ? {} : { candidateCount: 1 + Math.abs(Math.trunc(Number(config.candidateCount))) }),
        }),
      },
    },
  },
});
