import { valuesOf } from '@llm-proxy-auth/contract-tests/vendor-types';
import { holds, sdkType } from './sdk-types.ts';
import { answered, read } from './support.ts';

const CLASS = 'a class, whose members are tried with those of requests';
holds({
  type: 'Answer',
  carried: (body) => answered(read(body)),
  decisions: {
    exclude: {
      'Part.functionResponse': { why: CLASS, as: valuesOf(sdkType('Result'), {}) },
      'Part.toolResponse': { why: CLASS, as: valuesOf(sdkType('ServerResult'), {}) },
    },
    fit: {
      Answer: {
        why: 'an answer without candidates is none',
        fit: (body) => ({ ...body, candidates: (body.candidates as readonly unknown[]).length > 0 ? body.candidates : [{}] }),
      },
    },
  },
});
