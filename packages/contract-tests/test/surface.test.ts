import { dialectRules, streamRules, surfaceRules, tapRules } from '../src/index.ts';
import { provesRules } from './broken.ts';
import { acme, samples, surfaceSubject } from './good/dialect.ts';

provesRules('dialect rules', dialectRules, { dialect: acme, samples: { talk: samples } }, {});
provesRules('surface rules', surfaceRules, surfaceSubject, {});
provesRules('stream rules', streamRules, surfaceSubject, {});
provesRules('tap rules', tapRules, surfaceSubject, {});
