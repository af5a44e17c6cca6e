import type { NativeCall, Refusal } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { ACTIONS, COMPATIBLE, LISTS, nativeTable, STORED } from '../src/native.ts';
import { COMPARTMENT } from './facts.ts';

const ENDPOINT = 'ocid1.generativeaiendpoint.oc1.us-chicago-1.aaaa';
const CONTROL = 'https://generativeai.us-chicago-1.oci.oraclecloud.com';
const table = nativeTable({ compartment: COMPARTMENT, endpointId: undefined, controlOrigin: CONTROL });
const head = (method: string, path: string, query = '', native = table): NativeCall | Refusal =>
  native({ method, path, query, headers: [], bodyModel: undefined });
const isRefused = (answer: NativeCall | Refusal): boolean => 'refuse' in answer;
const PREFIXES = [
  ['/20231130/actions/', ACTIONS],
  ['/20231130/actions/v1/', COMPATIBLE],
  ['/openai/v1/', [...COMPATIBLE, ...STORED]],
  ['/20231130/', LISTS],
] as const;
const rows = PREFIXES.flatMap(([prefix, entries]) =>
  entries.flatMap((entry) => entry.methods.map((method) => [method, `${prefix}${entry.path.replaceAll(/\{[a-z]+\}/g, 'x1')}`, entry] as const)),
);

describe('the table of native paths', () => {
  it.each(rows)('%s %s is one of its operations', (method, path, entry) => {
    const answer = head(method, path);
    expect(answer).toMatchObject({ reach: { class: entry.reach.class }, framing: entry.framing ?? 'json' });
  });
  it.each(rows)('%s %s pins the compartment', (method, path) => {
    expect(head(method, path, 'compartmentId=ocid1.compartment.oc1..other')).toMatchObject({ refuse: 'operation_not_allowed', param: 'compartmentId' });
    expect(head(method, path, `a=b&compartmentId=${COMPARTMENT}&compartmentId=ocid1.compartment.oc1..other`)).toMatchObject({
      refuse: 'operation_not_allowed',
    });
    expect(head(method, path, 'compartment%49d=ocid1.compartment.oc1..other')).toMatchObject({ refuse: 'operation_not_allowed' });
    expect(isRefused(head(method, path, `compartmentId=${encodeURIComponent(COMPARTMENT)}`))).toBe(false);
    const answer = head(method, path) as NativeCall;
    if (method === 'POST' && answer.dialect === 'oci') expect(answer.pinned).toEqual({ '/compartmentId': COMPARTMENT });
  });
  it('pins the endpoint of an instance that has one', () => {
    const native = nativeTable({ compartment: COMPARTMENT, endpointId: ENDPOINT, controlOrigin: undefined });
    expect(head('POST', '/20231130/actions/chat', '', native)).toMatchObject({
      pinned: { '/compartmentId': COMPARTMENT, '/servingMode/endpointId': ENDPOINT },
    });
  });
  it('sends what the management service has there, and nothing else', () => {
    const origins = rows.map(([method, path]) => [path, (head(method, path) as NativeCall).origin] as const);
    for (const [path, origin] of origins) expect(origin, path).toBe(/^\/20231130\/(models|endpoints|dedicatedAiClusters)/.test(path) ? CONTROL : undefined);
  });
  it.each([
    ['POST', '/20231130/endpoints'],
    ['DELETE', '/20231130/endpoints/x'],
    ['PUT', '/20231130/models/x'],
    ['POST', '/20231130/generativeAiApiKeys'],
    ['GET', '/20231130/actions/chat'],
    ['POST', '/20231130/actions/chat/'],
    ['POST', '/20231130/actions/v1/embeddings'],
    ['POST', '/openai/v1/vector_stores'],
    ['POST', '/openai/v1/containers'],
    ['POST', '/20160918/actions/chat'],
    ['POST', '/v1/x509'],
  ])('%s %s is refused', (method, path) => expect(head(method, path)).toMatchObject({ refuse: 'operation_not_allowed' }));
  it('names the ids of what is stored', () => {
    for (const [method, path, entry] of rows)
      if (entry.reach.class === 'stateful') expect([method, path, entry.reach.ids ?? entry.ids]).not.toContain(undefined);
  });
});
