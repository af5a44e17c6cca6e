import type { Config } from './config.ts';
import { placeOf } from './regions.ts';

export interface Places {
  readonly base: { readonly origin: string; readonly path: string; readonly prefix: string };
  readonly region: string;
  /** Management service, which lists models. */
  readonly control: { readonly origin: string; readonly path: string };
}
/** Hosts of an instance: `https://inference.generativeai.{region}.oci.{domain of the realm}`. */
export const placesOf = ({ baseUrl, compartmentId }: Pick<Config, 'baseUrl' | 'compartmentId'>, nameOrCode: string): Places => {
  const { region, domain } = placeOf(nameOrCode, compartmentId);
  const inference = `https://inference.generativeai.${region}.oci.${domain}`;
  const management = `https://generativeai.${region}.oci.${domain}`;
  if (baseUrl === undefined) return { base: { origin: inference, path: '', prefix: '' }, region, control: { origin: management, path: '' } };
  const { origin, pathname } = new URL(baseUrl);
  const place = { origin, path: pathname.replace(/\/+$/, '') };
  // A stand-in serves everything; a host of the service itself does not list models.
  const standIn = !/(?:^|\.)inference\.generativeai\./.test(new URL(baseUrl).hostname);
  return { base: { ...place, prefix: '' }, region, control: standIn ? place : { origin: management, path: '' } };
};
