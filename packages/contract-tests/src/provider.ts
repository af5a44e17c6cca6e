import { endpointRules } from './provider-endpoint.ts';
import { nativeRules } from './provider-native.ts';
import { signRules } from './provider-sign.ts';
import type { ProviderSubject } from './provider-subject.ts';
import { type Rule, type Runner, runRules } from './runner.ts';

export const providerRules: readonly Rule<ProviderSubject>[] = [...endpointRules, ...nativeRules, ...signRules];

/** Rules of a provider plugin. */
export const providerSuite = (runner: Runner, subject: ProviderSubject): void => runRules(runner, `provider ${subject.kind}`, providerRules, subject);
