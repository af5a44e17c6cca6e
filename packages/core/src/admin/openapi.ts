import { type AdminOperation, CODES } from '@llm-proxy-auth/plugin';
import { scopesOf } from '@llm-proxy-auth/plugin/issued';

const ERROR = Object.freeze({
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        param: { type: ['string', 'null'], description: 'Field of the input that the error is about.' },
        code: { type: 'string', enum: Object.keys(CODES) },
      },
    },
  },
});
const json = (schema: object) => ({ 'application/json': { schema } });
const answer = (description: string, schema: object) => ({ description, content: json(schema) });
const responses = (schema: object) => ({
  '200': answer('What came of it.', schema),
  default: { $ref: '#/components/responses/error' },
});
const requires = (input: object): boolean => 'required' in input && Array.isArray(input.required) && input.required.length > 0;
const operationOf = ({ name, summary, scope, reads, input, output }: AdminOperation) => ({
  operationId: name,
  summary,
  description: `Needs one of the scopes ${scopesOf({ scope, reads })
    .map((one) => `\`${one}\``)
    .join(', ')}. Every run leaves a record in the audit log.`,
  tags: [name.split('.')[0]],
  requestBody: { required: requires(input), content: json(input) },
  responses: responses(output),
});

/** OpenAPI 3.1 document of operations, from their own schemas. */
export const openApi = (operations: readonly AdminOperation[]): object => ({
  openapi: '3.1.0',
  info: {
    title: 'LLM Proxy Auth: administration',
    version: '1',
    description: 'Served on the admin listener alone, to callers whose credential has the scope of the operation.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  security: [{ credential: [] }],
  paths: {
    '/admin/v1/operations': {
      get: {
        operationId: 'operations',
        summary: 'The operations that the caller may run.',
        responses: responses({ type: 'object', required: ['operations'], properties: { operations: { type: 'array', items: { type: 'object' } } } }),
      },
    },
    '/admin/v1/openapi.json': {
      get: { operationId: 'openapi', summary: 'This document, with the operations that the caller may run.', responses: responses({ type: 'object' }) },
    },
    ...Object.fromEntries(operations.map((operation) => [`/admin/v1/${operation.name}`, { post: operationOf(operation) }])),
  },
  components: {
    securitySchemes: { credential: { type: 'http', scheme: 'bearer', description: 'Any credential that a strategy of the configuration accepts.' } },
    responses: { error: answer('A refusal; `x-lpa-code` is its code.', ERROR) },
  },
});
