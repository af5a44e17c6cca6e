import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Exchange } from './exchange.ts';

/** Nothing may be lost: the request says so, or else the configuration. */
export const isStrict = (x: Exchange): boolean => (x.head?.ours.get('fidelity') ?? x.plan.graph.settings.fidelity) === 'reject';
/** What is wrong with a call that would lose `param`, where nothing may be lost. */
export const lossError = (x: Exchange, param: string): GatewayError =>
  new GatewayError('unsupported_parameter', `\`${param}\` cannot be carried over to ${x.instance?.name ?? 'this provider'}, and nothing may be lost.`, {
    param,
  });
