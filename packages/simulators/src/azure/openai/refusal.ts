import type { HeaderPairs } from '../../http/captured.ts';

/** Thrown wherever Azure itself refuses; what the models behind it refuse has OpenAI's envelope. */
export class AzureRefusal extends Error {
  readonly status: number;
  readonly body: object;
  readonly headers: HeaderPairs;

  constructor(status: number, body: object, headers: HeaderPairs = []) {
    super(JSON.stringify(body));
    this.name = 'AzureRefusal';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}
const error = (status: number, code: string, message: string): AzureRefusal => new AzureRefusal(status, { error: { code, message } });
const operations: Readonly<Record<string, string>> = {
  chat: 'chatCompletion',
  completions: 'completion',
  embeddings: 'embeddings',
  image: 'imageGeneration',
  speech: 'speech',
  transcription: 'transcription',
};

/** The sentences of the service. Where each comes from stands in fixtures/azure-refusals.json. */
export const refuse = {
  notFound: () => error(404, '404', 'Resource not found'),
  key: () =>
    error(
      401,
      '401',
      'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.',
    ),
  token: () =>
    new AzureRefusal(401, {
      statusCode: 401,
      message: 'Unauthorized. Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com), or have expired.',
    }),
  role: (principal: string) =>
    error(
      401,
      'PermissionDenied',
      `The principal \`${principal}\` lacks the required data action \`Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action\` to perform \`POST /openai/deployments/{deployment-id}/chat/completions\` operation.`,
    ),
  keysOff: () => error(403, 'AuthenticationTypeDisabled', 'Key based authentication is disabled for this resource.'),
  network: () => error(403, '403', 'Access denied due to Virtual Network/Firewall rules.'),
  deployment: () =>
    error(
      404,
      'DeploymentNotFound',
      'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.',
    ),
  operation: (kind: string, model: string) =>
    error(
      400,
      'OperationNotSupported',
      `The ${operations[kind] ?? kind} operation does not work with the specified model, ${model}. Please choose different model and try again. You can learn more about which models can be used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993.`,
    ),
  version: () => error(400, 'BadRequest', 'API version not supported'),
  argument: (name: string) =>
    new AzureRefusal(400, {
      error: { message: `Unrecognized request argument supplied: ${name}`, type: 'invalid_request_error', param: null, code: null },
    }),
  developer: (at: number) =>
    new AzureRefusal(400, {
      error: {
        message: `'developer' is not one of ['system', 'assistant', 'user', 'function'] - 'messages.${at}.role'`,
        type: 'invalid_request_error',
        param: null,
        code: null,
      },
    }),
  prompt: (results: object) =>
    new AzureRefusal(400, {
      error: {
        message:
          "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
        type: null,
        param: 'prompt',
        code: 'content_filter',
        status: 400,
        innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: results },
      },
    }),
} as const;

const faults: Readonly<Record<number, AzureRefusal>> = {
  401: refuse.key(),
  403: refuse.network(),
  404: refuse.deployment(),
  429: error(
    429,
    '429',
    'Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded token rate limit of your current AIServices S0 pricing tier. Please retry after 6 seconds. Please contact Azure support service if you would like to further increase the default rate limit.',
  ),
  503: error(503, 'ServiceUnavailable', 'The service is temporarily unable to process your request. Please try again later.'),
};
/** The envelope with a status, for scripts that name only the status. */
export const errorBody = (status: number): object =>
  faults[status]?.body ??
  (status >= 500
    ? { error: { code: 'InternalServerError', message: 'Backend returned unexpected response. Please contact Microsoft for help.' } }
    : { error: { code: String(status), message: 'The request was refused.' } });
