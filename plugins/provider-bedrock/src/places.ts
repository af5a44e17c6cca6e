import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';
import { isMantleHost, isRuntimeHost, mantleOrigin, originOf, scopeOf } from './hosts.ts';

export interface Places {
  readonly base: { readonly origin: string; readonly path: string; readonly prefix: string };
  /** Of the host where it says, else the configured one. */
  readonly region: string;
  /** Control plane, which lists models. */
  readonly control: { readonly origin: string; readonly path: string };
  /** True: the APIs of OpenAI and Anthropic alone, under their own paths. */
  readonly mantle: boolean;
}
const split = (url: string): { readonly origin: string; readonly path: string } => {
  const { origin, pathname } = new URL(url);
  return { origin, path: pathname.replace(/\/+$/, '') };
};

/** Hosts of an instance. Throws GatewayError `invalid_request` for settings that contradict each other. */
export const placesOf = ({ region, baseUrl, endpoints }: Config): Places => {
  const { fips, dualStack, vpce, control } = endpoints;
  if (endpoints.mantle && (fips || dualStack))
    throw new GatewayError('invalid_request', 'bedrock-mantle has no hosts for endpoints.fips and endpoints.dualStack');
  if (baseUrl !== undefined && vpce !== undefined) throw new GatewayError('invalid_request', 'baseUrl and endpoints.vpce name two places; write one of them');
  if (control !== undefined && split(control).path !== '') throw new GatewayError('invalid_request', 'endpoints.control is a host without a path');
  const own = baseUrl ?? vpce;
  if (own !== undefined && (fips || dualStack))
    throw new GatewayError('invalid_request', 'endpoints.fips and endpoints.dualStack choose among the hosts of AWS and do not go with a place of your own');
  const choice = { region, fips, dualStack };
  const usual = endpoints.mantle ? mantleOrigin(region) : originOf('bedrock-runtime', choice);
  const place = own === undefined ? { origin: usual, path: '' } : split(own);
  const host = new URL(place.origin).hostname;
  const mantle = endpoints.mantle || isMantleHost(host);
  // A stand-in for Bedrock serves everything; a host of the data plane does not list models.
  const standIn = own !== undefined && !isRuntimeHost(host);
  const plane = control !== undefined ? split(control) : standIn ? place : { origin: originOf('bedrock', choice), path: '' };
  return { base: { ...place, prefix: '' }, region: scopeOf(host, region).region, control: plane, mantle };
};
