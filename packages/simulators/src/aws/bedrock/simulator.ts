import type { Answer } from '../../http/answer.ts';
import type { CapturedRequest, HeaderPairs } from '../../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../../http/peer.ts';
import type { Recording } from '../../recordings.ts';
import { type ReplayOptions, replayAnswer, replays } from '../../replay.ts';
import { authenticate, SignatureRefused } from '../authenticate.ts';
import { type AwsCredential, type AwsCredentials, account, awsCredentials } from '../credentials.ts';
import { type Context, context } from './context.ts';
import { models } from './models.ts';
import { operate } from './operations.ts';
import { BedrockRefusal, errorType, faultOf, refuse } from './refusal.ts';

export type BedrockSimulatorOptions = PeerOptions & {
  /** The credentials it accepts; one long-term key `AKIDEXAMPLE` / `wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY` if absent. */
  readonly credentials?: AwsCredentials;
  /** Bedrock API keys (`Authorization: Bearer`) and when each ends in Unix milliseconds; Infinity for one that does not. None if absent. */
  readonly apiKeys?: Readonly<Record<string, number>>;
  /** The region that a signature must be scoped to; `us-east-1` if absent. */
  readonly region?: string;
  /** The service that a signature must be scoped to; `bedrock` if absent, `bedrock-mantle` with `mantle`. */
  readonly service?: string;
  /** Stands for `bedrock-mantle`: the APIs of OpenAI and Anthropic under their own paths, and nothing else. */
  readonly mantle?: boolean;
  /** Application inference profiles: the last part of the ARN, and the model's id. */
  readonly applicationProfiles?: Readonly<Record<string, string>>;
  /** Ids of models that the account has no access to. */
  readonly denied?: readonly string[];
  /** Most input tokens, as this package counts them; without it nothing is too long. */
  readonly contextTokens?: number;
};

export type BedrockSimulator = Peer & {
  /** Endpoint for an SDK. */
  readonly url: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
  /** ARN of an application inference profile named in the options. */
  profileArn(id: string): string;
  /** Answers the recording's method and path with what was recorded; the newest replay wins. The signature is checked first. */
  replay(recording: Recording, options?: ReplayOptions): () => void;
};

/** The key pair that the simulator knows when no credentials are given; the one of AWS's own examples. Not frozen: AWS's clients write into what they get. */
export const exampleCredential: AwsCredential = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  arn: `arn:aws:iam::${account}:user/example`,
};

const signatureErrors = {
  incomplete: [403, 'IncompleteSignatureException'],
  invalid: [403, 'InvalidSignatureException'],
  unknown: [403, 'UnrecognizedClientException'],
  expired: [403, 'ExpiredTokenException'],
} as const;

type Access = { readonly credentials: AwsCredentials; readonly apiKeys: Readonly<Record<string, number>>; readonly region: string; readonly service: string };

const checkAccess = (request: CapturedRequest, { credentials, apiKeys, region, service }: Access): void => {
  const bearer = /^Bearer\s+(.*)$/i.exec(request.header('authorization') ?? '')?.[1];
  if (bearer !== undefined) {
    const end = Object.hasOwn(apiKeys, bearer) ? apiKeys[bearer] : undefined;
    if (end === undefined) throw refuse.front('Authentication failed: Please make sure your API Key is valid.');
    if (end <= credentials.now()) throw refuse.front('Bearer Token has expired');
    return;
  }
  try {
    authenticate(request, { credentials, region, service });
  } catch (cause) {
    if (!(cause instanceof SignatureRefused)) throw cause;
    if (cause.fault === 'missing') throw refuse.front('Authorization header is missing');
    const [status, type] = signatureErrors[cause.fault];
    throw refuse.coral(status, type, cause.message);
  }
};

/** The id of the request, where a recording has none, and the time: clients learn from it how wrong their clock is. */
const withId = (call: Context, headers: HeaderPairs): HeaderPairs => {
  const known = headers.some(([name]) => name.toLowerCase() === 'x-amzn-requestid');
  return [['Date', new Date(call.now()).toUTCString()], ...(known ? [] : [['x-amzn-RequestId', call.requestId()] as const]), ...headers];
};

const answering = (call: Context, access: Access, played: ReturnType<typeof replays>, mantle: boolean) => {
  const perform = (request: CapturedRequest): Answer => {
    const recording = played.take(request);
    checkAccess(request, access);
    return recording === undefined ? operate(call, request, mantle) : replayAnswer(recording, request);
  };
  return (request: CapturedRequest): Answer => {
    try {
      const { status, headers, body } = perform(request);
      return { status, headers: withId(call, headers), body };
    } catch (cause) {
      if (!(cause instanceof BedrockRefusal)) throw cause;
      const { status, headers, body } = cause;
      return { status, headers: withId(call, [['content-type', 'application/json'], ...headers]), body: Buffer.from(JSON.stringify(body)) };
    }
  };
};

/** Starts the Bedrock stand-in: runtime and control plane on one port, HTTP/1.1 and HTTP/2. It ends with `close()`. */
export const bedrockSimulator = async (options: BedrockSimulatorOptions = {}): Promise<BedrockSimulator> => {
  const { credentials = awsCredentials({ known: [exampleCredential] }), region = 'us-east-1', mantle = false, apiKeys = {} } = options;
  const { service = mantle ? 'bedrock-mantle' : 'bedrock' } = options;
  const { applicationProfiles = {}, denied = [] } = options;
  const call = context(models({ region, applicationProfiles, denied }), region, credentials.now, options.contextTokens, mantle);
  const played = replays();
  const server = await peer(
    {
      http2: true,
      answer: answering(call, { credentials, apiKeys, region, service }, played, mantle),
      errorBody: (status) => ({ message: faultOf(status)[1] }),
      errorHeaders: (status) => ({ 'x-amzn-ErrorType': errorType(faultOf(status)[0]) }),
    },
    options,
  );
  return {
    ...server,
    url: server.origin,
    region,
    credentials,
    profileArn: (id) => `arn:aws:bedrock:${region}:${account}:application-inference-profile/${id}`,
    replay: played.add,
    clear: () => {
      server.clear();
      played.clear();
    },
  };
};
